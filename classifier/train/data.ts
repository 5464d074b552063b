/**
 * From files of labelled lines to batches: reading, cleaning and cutting into tokens (as serving does it), then the order
 * of an epoch. Each epoch draws every row as often as its set's rate says, shuffles, and cuts batches out of stretches
 * sorted by length, so that little padding is computed and no batch order is fixed. Deterministic by seed and epoch.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { detectLanguage, modelText } from '../../core/text.ts';
import { entityTargetsOf, type Labelled, type Targets, targetsOf } from './labels.ts';
import type { Batch } from './model.ts';
import { generator, shuffle } from './random.ts';
import { PLAIN_SET, type Recipe, type SetRecipe } from './recipe.ts';

export interface Row {
  id: string;
  set: string;
  lang: string;
  ids: Int32Array;
  targets: Targets;
  rate: number;
}

export type Encode = (text: string, entity?: string) => Int32Array;

/** Longest name of an entity, in tokens, when a text is asked about one. */
const ENTITY_TOKENS = 24;

/**
 * Ids with <s> and </s>, cut to `maxTokens` so that the closing token stays. Cleans first, as serving does. A question
 * about one entity is the pair <s> entity </s> text </s>: no new vocabulary, and no text can look like one. Rejected:
 * marks around the mention, which need its place (FinNSP gives none, and names what it means in other words at times).
 */
export function createEncoder(tokenizerPath: string, maxTokens: number): Encode {
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(tokenizerPath, 'utf8')) as object, {});
  return (text, entity) => {
    let ids = tokenizer.encode(modelText(null, text)).ids;
    if (entity !== undefined) {
      const name = tokenizer.encode(modelText(null, entity)).ids;
      const end = ids.at(-1) ?? 2;
      ids = [...name.slice(0, -1).slice(0, ENTITY_TOKENS + 1), end, ...ids.slice(1)];
    }
    return Int32Array.from(ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1) ?? 2]);
  };
}

/** Rows of one file; lines that are not JSON or carry no usable label are counted, not fatal. */
export function readRows(
  path: string,
  set: string,
  encode: Encode,
  settings: SetRecipe,
  unwanted?: ReadonlySet<string>,
): { rows: Row[]; skipped: number } {
  const rows: Row[] = [];
  let skipped = 0;
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const [number, line] of lines.entries()) {
    try {
      const item = JSON.parse(line) as Labelled & { text?: unknown; lang?: string; id?: string };
      if (typeof item.text !== 'string' || item.text === '' || unwanted?.has(modelText(null, item.text)) === true)
        throw new Error('no text');
      const { text } = item;
      const row = { id: item.id ?? `${set}-${number}`, set, lang: item.lang ?? detectLanguage(text) };
      const targets = targetsOf(set, item, settings);
      const entities = settings.entities_rate === 0 ? [] : entityTargetsOf(item);
      if (Object.keys(targets).length === 0 && entities.length === 0) throw new Error('no label');
      if (Object.keys(targets).length > 0) rows.push({ ...row, ids: encode(text), targets, rate: settings.rate });
      for (const { entity, targets: about } of entities)
        rows.push({
          ...row,
          id: `${row.id}#${entity}`,
          ids: encode(text, entity),
          targets: about,
          rate: settings.entities_rate,
        });
    } catch {
      skipped += 1;
    }
  }
  return { rows: balanceTopics(rows, settings.balance), skipped };
}

function balanceTopics(rows: Row[], target: number): Row[] {
  if (target === 0) return rows;
  const counts = new Map<number, number>();
  const topicOf = (row: Row): number => row.targets.topic?.allowed[0] ?? -1;
  for (const row of rows) counts.set(topicOf(row), (counts.get(topicOf(row)) ?? 0) + 1);
  return rows.map((row) => ({
    ...row,
    rate: row.rate * Math.min(3, Math.max(1, Math.sqrt(target / (counts.get(topicOf(row)) ?? target)))),
  }));
}

/** All training rows of a recipe, without any text of the corpus' own test. */
export function readTraining(recipe: Recipe, encode: Encode, log: (line: string) => void): Row[] {
  const rows: Row[] = [];
  const held = join(recipe.corpus, 'test.jsonl');
  const unwanted = new Set(existsSync(held) ? readTexts(held) : []);
  for (const [set, settings] of Object.entries(recipe.sets)) {
    const files = set === 'corpus' ? corpusFiles(recipe.corpus) : [join(recipe.data, 'train', `${set}.jsonl`)];
    for (const file of files) {
      const read = readRows(file, set, encode, settings, unwanted);
      log(`${basename(file)}: ${read.rows.length} rows, ${read.skipped} lines skipped`);
      rows.push(...read.rows);
    }
  }
  return rows;
}

/** Development rows, whole or every n-th so that at most `limit` of a set remain. */
export function readDevelopment(recipe: Recipe, encode: Encode, sets: readonly string[], limit = Infinity): Row[] {
  return sets.flatMap((set) => {
    const settings = recipe.sets[set] ?? PLAIN_SET;
    const { rows } = readRows(join(recipe.data, 'dev', `${set}.jsonl`), set, encode, { ...settings, balance: 0 });
    const stride = Math.max(1, Math.ceil(rows.length / limit));
    return rows.filter((_, index) => index % stride === 0);
  });
}

function corpusFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && name !== 'test.jsonl')
    .toSorted()
    .map((name) => join(folder, name));
}

function readTexts(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [modelText(null, (JSON.parse(line) as { text: string }).text)];
      } catch {
        return [];
      }
    });
}

/** The batches of one epoch, as indexes of rows. */
export function epochBatches(
  rows: readonly { rate: number; ids: Int32Array }[],
  batchRows: number,
  seed: number,
  epoch: number,
): number[][] {
  const random = generator(seed, epoch, 1);
  const drawn: number[] = [];
  for (const [index, row] of rows.entries()) {
    const times = Math.floor(row.rate) + (random() < row.rate % 1 ? 1 : 0);
    for (let i = 0; i < times; i += 1) drawn.push(index);
  }
  shuffle(drawn, random);
  const batches: number[][] = [];
  const stretch = batchRows * 64;
  for (let start = 0; start < drawn.length; start += stretch) {
    const part = drawn
      .slice(start, start + stretch)
      .toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0) || a - b);
    for (let at = 0; at < part.length; at += batchRows) batches.push(part.slice(at, at + batchRows));
  }
  return shuffle(batches, random);
}

/** Rows side by side, padded to the longest. */
export function toBatch(rows: readonly { ids: Int32Array }[], padId: number): Batch {
  const length = Math.max(...rows.map((row) => row.ids.length));
  const ids = new Int32Array(rows.length * length).fill(padId);
  const mask = new Float32Array(rows.length * length);
  for (const [index, row] of rows.entries()) {
    ids.set(row.ids, index * length);
    mask.fill(1, index * length, index * length + row.ids.length);
  }
  return { ids, mask, rows: rows.length, length };
}
