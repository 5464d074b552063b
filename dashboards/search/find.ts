/**
 * What is found, list by list, in ClickHouse's SQL: by words (BM25, Robertson & Zaragoza 2009, k1 1.2, b 0.75), by nearness
 * of meaning, and the newest about entities. All three scan: a million documents take some tenths of a second on two cores
 * (docs/search.md), and a scan never misses what an approximate index leaves out. A document that was labelled twice may
 * stand twice in the table; it is found once.
 */
import { hashTerm } from '../../core/search/terms.ts';
import type { Vector } from '../../core/search/vector.ts';
import type { Store } from '../../core/store/store.ts';
import { opinionConditions, within, type OpinionFilter } from '../conditions.ts';
import type { ExactSpan } from '../span.ts';
import type { Ranked } from './fusion.ts';

const K1 = 1.2;
const B = 0.75;
/** Of the weight of all words asked for, the part that a document must have: one common word of five is no hit. */
const LEAST_PART = 0.55;
const MOST_TERMS = 32;
/** Documents of a list; fusion looks no further. */
const DEPTH = 200;

export interface Selection extends Omit<OpinionFilter, 'q'> {
  readonly span: ExactSpan;
}

export interface Near extends Ranked {
  /** Cosine, in [-1, 1]. */
  readonly likeness: number;
}

export interface Find {
  byWords(terms: readonly string[], selection: Selection): Promise<Ranked[]>;
  /** Those at least as like as `least`, nearest first; only what a model of the same `space` embedded. */
  byMeaning(vector: Vector, space: string, least: number, selection: Selection): Promise<Near[]>;
  newestAbout(entities: readonly string[], selection: Selection): Promise<Ranked[]>;
  /** Those that have an opinion to show: retention takes it from the one table hours before or after the other. */
  withOpinion<Found extends Ranked>(found: readonly Found[]): Promise<Found[]>;
  /** The stored embedding of a document and its space; null where there is none. */
  vectorOf(documentId: string): Promise<{ vector: Vector; space: string } | null>;
}

export function createFind(store: Store): Find {
  return {
    async byWords(terms, selection) {
      const hashes = [...new Set(terms.map(hashTerm))].slice(0, MOST_TERMS);
      if (hashes.length === 0) return [];
      const { sql, params } = conditions(selection);
      const named = Object.fromEntries(hashes.map((hash, index) => [`t${index}`, hash]));
      const has = hashes.map((_, index) => `countEqual(terms, {t${index}:UInt32})`);
      const [counts] = await store.query<Record<string, number>>(
        `SELECT count() AS documents, avg(length(terms)) AS length,
           ${has.map((count, index) => `countIf(${count} > 0) AS d${index}`).join(', ')}
         FROM search WHERE ${sql} SETTINGS final = 0`,
        { ...params, ...named },
      );
      const documents = counts?.['documents'] ?? 0;
      if (documents === 0) return [];
      const weights = hashes.map((_, index) => inverseFrequency(counts?.[`d${index}`] ?? 0, documents));
      const found = weights.map((weight, index) => ({
        weight,
        count: has[index] ?? '0',
        holds: counts?.[`d${index}`] ?? 0,
      }));
      const held = found.filter(({ holds }) => holds > 0);
      if (held.length === 0) return [];
      const norm = `${K1} * (${1 - B} + ${B} * length(terms) / ${Math.max(1, counts?.['length'] ?? 1)})`;
      const score = held.map(({ weight, count }) => `${weight} * ${count} * ${K1 + 1} / (${count} + norm)`).join(' + ');
      const part = held.map(({ weight, count }) => `${weight} * (${count} > 0)`).join(' + ');
      const least = LEAST_PART * weights.reduce((sum, weight) => sum + weight, 0);
      return store.query<Ranked>(
        `SELECT document_id, published_at, story, ${norm} AS norm, ${score} AS score
         FROM search WHERE ${sql} AND hasAny(terms, {all:Array(UInt32)}) AND ${part} >= ${least}
         ORDER BY score DESC, published_at DESC LIMIT 1 BY document_id LIMIT ${DEPTH} SETTINGS final = 0`,
        { ...params, ...named, all: hashes },
      );
    },

    async byMeaning(vector, space, least, selection) {
      const { sql, params } = conditions(selection);
      return store.query<Near>(
        `SELECT document_id, published_at, story,
           1 - cosineDistance(vector, {vector:Array(BFloat16)}) AS likeness
         FROM search WHERE ${sql} AND space = {space:String} AND length(vector) = {width:UInt32}
           AND likeness >= {least:Float64}
         ORDER BY likeness DESC, published_at DESC LIMIT 1 BY document_id LIMIT ${DEPTH} SETTINGS final = 0`,
        { ...params, vector: [...vector], space, width: vector.length, least },
      );
    },

    async newestAbout(entities, selection) {
      if (entities.length === 0) return [];
      const { sql, params } = opinionConditions(selection);
      return store.query<Ranked>(
        `SELECT document_id, published_at, story FROM opinions
         WHERE ${within('from')}${sql} AND hasAll(entities, {about:Array(String)})
         ORDER BY published_at DESC LIMIT 1 BY document_id LIMIT ${DEPTH} SETTINGS final = 0`,
        { ...params, from: selection.span.from, to: selection.span.to, about: entities },
      );
    },

    async withOpinion(found) {
      if (found.length === 0) return [];
      const times = found.map(({ published_at }) => published_at).toSorted();
      const rows = await store.query<{ document_id: string }>(
        `SELECT DISTINCT document_id FROM opinions
         WHERE published_at >= {oldest:DateTime64(3)} AND published_at <= {newest:DateTime64(3)}
           AND document_id IN {ids:Array(String)} SETTINGS final = 0`,
        { oldest: times[0], newest: times.at(-1), ids: found.map(({ document_id }) => document_id) },
      );
      const there = new Set(rows.map(({ document_id }) => document_id));
      return found.filter(({ document_id }) => there.has(document_id));
    },

    async vectorOf(documentId) {
      const [row] = await store.query<{ vector: number[]; space: string }>(
        `SELECT arrayMap(part -> toInt8(part), vector) AS vector, space FROM search
         WHERE document_id = {id:String} AND space != '' ORDER BY labelled_at DESC LIMIT 1 SETTINGS final = 0`,
        { id: documentId },
      );
      return row === undefined ? null : { vector: Int8Array.from(row.vector), space: row.space };
    },
  };
}

/** Of the span, and of what the opinions say where anything of theirs is asked for. */
function conditions({ span, ...filter }: Selection): { sql: string; params: Record<string, unknown> } {
  const { language, ...others } = filter;
  const { sql, params } = opinionConditions(others);
  const times = { from: span.from, to: span.to };
  const spoken = language === undefined ? '' : ' AND language = {language:String}';
  const labelled =
    sql === '' ? '' : ` AND document_id IN (SELECT document_id FROM opinions WHERE ${within('from')}${sql})`;
  return {
    sql: `${within('from')}${spoken}${labelled}`,
    params: { ...params, ...times, ...(language !== undefined && { language }) },
  };
}

/** Robertson's, kept above 0: a word in more than half of all documents says nothing, but takes nothing either. */
export function inverseFrequency(holding: number, all: number): number {
  return Math.log(1 + (all - holding + 0.5) / (holding + 0.5));
}
