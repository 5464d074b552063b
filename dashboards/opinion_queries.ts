/**
 * The opinions themselves: a page of them, and those labelled lately. A page is found by its keys first and the wide
 * columns of those few rows are fetched after, because a merge on read over the texts of a month costs seconds where
 * the keys cost milliseconds. A document that two models labelled is shown once, with its newest label.
 */
import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/store/store.ts';
import { moment, opinionConditions, within, type OpinionFilter } from './conditions.ts';
import type { DocumentAnswer, Names, OpinionRow, OpinionsAnswer } from './contract.ts';
import { feedbackOf, type Standing } from './feedback_queries.ts';
import { writeCursor } from './questions.ts';
import { spanAnswer, type ExactSpan } from './span.ts';

/** Where an opinion stands in the lists, which are newest first. */
export interface Place {
  readonly published_at: string;
  readonly document_id: string;
}

const SHOWN_TEXT = 600;
/** The part of a span that is looked at first: so many of them make the whole. */
const LATELY_PARTS = 56;
const WHOLE_TEXT = 20_000;
const STORY_DOCUMENTS = 200;
const columns = (length: number): string => `document_id, source, source_class, author, url, title,
  substringUTF8(text, 1, ${length}) AS text, language, published_at, labelled_at, entities, topic, sentiment, negative, neutral, positive, confidence, model, story, novelty`;

type StoredOpinion = Omit<OpinionRow, 'entities' | 'probabilities' | 'author' | 'url' | 'title' | 'feedback'> &
  OpinionRow['probabilities'] & {
    /** '' where there is none, as for url and title. */
    readonly author: string;
    readonly url: string;
    readonly title: string;
    readonly entities: readonly string[];
  };

export interface OpinionQueries {
  /** The newest event time that has come, epoch milliseconds; null without opinions. */
  newest(): Promise<number | null>;
  /** The newest labelling time, epoch milliseconds; null without opinions. */
  lastLabelled(): Promise<number | null>;
  /** A page of opinions, newest first, that starts behind `after`. */
  opinions(span: ExactSpan, filter: OpinionFilter, after: Place | null, limit: number): Promise<OpinionsAnswer>;
  /** Opinions labelled after `since` (epoch milliseconds), in that order; at most `limit`. */
  labelledSince(since: number, limit: number): Promise<OpinionRow[]>;
  /** A document with its whole text and newest labels; null where the store has no labels of it. */
  document(id: string): Promise<DocumentAnswer | null>;
  /** These documents, in this order; those that the store has no labels of are left out. */
  listed(keys: readonly Place[]): Promise<OpinionRow[]>;
  /** The first documents of a story, oldest first. */
  storyDocuments(story: string): Promise<OpinionRow[]>;
}

/** `names` gives the display names of an entity, `corrections` what stands on documents. */
export function createOpinionQueries(
  store: Store,
  clock: Clock,
  names: (id: string) => Names,
  corrections: Standing,
): OpinionQueries {
  const corrected = async (rows: readonly StoredOpinion[]): Promise<OpinionRow[]> => {
    const said = await corrections(rows.map(({ document_id }) => document_id));
    return rows.map((row) => ({ ...opinion(row), feedback: feedbackOf(said, row.document_id) }));
  };
  const opinion = ({ negative, neutral, positive, ...row }: StoredOpinion): Omit<OpinionRow, 'feedback'> => ({
    ...row,
    author: row.author || null,
    url: row.url || null,
    title: row.title || null,
    entities: row.entities.map((id) => ({ id, name: names(id) })),
    probabilities: { negative, neutral, positive },
  });

  /** The wide columns of the rows that were found, in the order of the page. */
  const byKeys = async (keys: readonly Place[], length = SHOWN_TEXT): Promise<OpinionRow[]> => {
    const newest = keys[0];
    const oldest = keys.at(-1);
    if (newest === undefined || oldest === undefined) return [];
    const rows = await store.query<StoredOpinion>(
      `SELECT ${columns(length)} FROM opinions
       WHERE published_at >= {oldest:DateTime64(3)} AND published_at <= {newest:DateTime64(3)}
         AND document_id IN {ids:Array(String)}
       ORDER BY published_at DESC, document_id DESC, labelled_at DESC LIMIT 1 BY document_id`,
      { oldest: oldest.published_at, newest: newest.published_at, ids: keys.map((key) => key.document_id) },
    );
    return corrected(rows);
  };

  return {
    // By the table's order: every question about a span waits for this one.
    async newest() {
      const [row] = await store.query<{ newest: number }>(
        `SELECT toUnixTimestamp64Milli(published_at) AS newest FROM opinions
         ORDER BY published_at DESC LIMIT 1 SETTINGS final = 0`,
      );
      return row === undefined ? null : Math.min(row.newest, clock.now());
    },

    async lastLabelled() {
      const [row] = await store.query<{ opinions: number; labelled: number }>(
        `SELECT count() AS opinions, toUnixTimestamp64Milli(max(labelled_at)) AS labelled
         FROM opinions SETTINGS final = 0`,
      );
      return row === undefined || row.opinions === 0 ? null : row.labelled;
    },

    async opinions(span, filter, after, limit) {
      const { sql, params } = opinionConditions(filter);
      const behind =
        after === null ? '' : 'AND (published_at, document_id) < ({after_time:DateTime64(3)}, {after_id:String})';
      const keysFrom = (from: number): Promise<Place[]> =>
        store.query<Place>(
          `SELECT published_at, document_id FROM opinions WHERE ${within('from')}${sql} ${behind}
           ORDER BY published_at DESC, document_id DESC, labelled_at DESC LIMIT 1 BY document_id LIMIT {limit:UInt32}`,
          {
            ...params,
            ...(after !== null && { after_time: after.published_at, after_id: after.document_id }),
            from,
            to: span.to,
            limit: limit + 1,
          },
        );
      // The end of the span mostly holds the page, and its keys are a fiftieth of those of the whole.
      const end = after === null ? span.to : Date.parse(after.published_at);
      const lately = await keysFrom(Math.max(span.from, end - Math.ceil((span.to - span.from) / LATELY_PARTS)));
      const keys = lately.length > limit ? lately : await keysFrom(span.from);
      const page = keys.slice(0, limit);
      const last = page.at(-1);
      const more = keys.length > limit && last !== undefined;
      return { ...spanAnswer(span), opinions: await byKeys(page), next_cursor: more ? placeOf(span, last) : null };
    },

    async labelledSince(since, limit) {
      const rows = await store.query<StoredOpinion>(
        `SELECT ${columns(SHOWN_TEXT)} FROM opinions WHERE labelled_at > ${moment('since')}
         ORDER BY labelled_at, document_id LIMIT {limit:UInt32} SETTINGS final = 0`,
        { since, limit },
      );
      return corrected(rows);
    },

    async document(id) {
      // The row is found by narrow columns first, as a page is.
      const [found] = await store.query<Place & { event: string }>(
        `SELECT published_at, document_id, event FROM opinions WHERE document_id = {id:String}
         ORDER BY labelled_at DESC LIMIT 1 SETTINGS final = 0`,
        { id },
      );
      if (found === undefined) return null;
      const [row] = await byKeys([found], WHOLE_TEXT);
      return row === undefined ? null : { ...row, event: found.event || null };
    },

    async listed(keys) {
      const inTime = [...keys].sort((a, b) => (a.published_at < b.published_at ? 1 : -1));
      const rows = new Map((await byKeys(inTime)).map((row) => [row.document_id, row]));
      return keys.flatMap(({ document_id }) => rows.get(document_id) ?? []);
    },

    async storyDocuments(story) {
      const keys = await store.query<Place>(
        `SELECT published_at, document_id FROM opinions WHERE story = {story:String}
         ORDER BY published_at, document_id LIMIT 1 BY document_id LIMIT ${STORY_DOCUMENTS} SETTINGS final = 0`,
        { story },
      );
      return (await byKeys(keys.reverse())).reverse();
    },
  };
}

function placeOf({ from, to, anchor }: ExactSpan, { published_at, document_id }: Place): string {
  return writeCursor('opinions', from, to, anchor, published_at, document_id);
}
