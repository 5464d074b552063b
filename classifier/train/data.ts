/**
 * From files of labelled lines to rows: reading, cleaning and cutting into tokens, as serving does it. What a set's labels
 * mean is in targets.ts, how rows become batches in batches.ts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { TidewatchError } from '../../core/errors.ts';
import { detectLanguage, modelText } from '../../core/text.ts';
import { HEADS, type HeadName } from './labels.ts';
import { PLAIN_SET, type Recipe, type SetRecipe } from './recipe.ts';
import { entityTargetsOf, type Labelled, mistakeIn, type Targets, targetsOf } from './targets.ts';
import { textsById } from './texts.ts';

export interface Row {
  id: string;
  set: string;
  lang: string;
  ids: Int32Array;
  targets: Targets;
  rate: number;
  /** Share of a teacher's answers in what is learnt from this row; the rest are its labels. */
  teacherShare: number;
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

/** Rows of one file. Lines that are no use are counted by reason, not fatal. */
export function readRows(
  path: string,
  set: string,
  encode: Encode,
  settings: SetRecipe,
  unwanted?: ReadonlySet<string>,
  texts = textsById(settings.texts),
): { rows: Row[]; skipped: Record<string, number> } {
  const rows: Row[] = [];
  const skipped: Record<string, number> = {};
  for (const [number, line] of readLines(path).entries()) {
    const read = rowsOf(line, set, number, encode, settings, texts, unwanted);
    if (typeof read === 'string') skipped[read] = (skipped[read] ?? 0) + 1;
    else rows.push(...read);
  }
  return { rows: balanceLabels(rows, settings.balance_head, settings.balance), skipped };
}

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

/** The row of a line and the rows that ask about its entities, or why there are none. */
function rowsOf(
  line: string,
  set: string,
  number: number,
  encode: Encode,
  settings: SetRecipe,
  texts: ReadonlyMap<string, string>,
  unwanted?: ReadonlySet<string>,
): Row[] | string {
  let item: (Labelled & { text?: unknown; lang?: string; id?: string }) | null;
  try {
    item = JSON.parse(line) as typeof item;
  } catch {
    return 'not JSON';
  }
  if (typeof item !== 'object' || item === null) return 'that are no object';
  const text = item.text ?? texts.get(item.id ?? '');
  if (typeof text !== 'string' || modelText(null, text) === '') return 'without text';
  if (unwanted?.has(modelText(null, text)) === true) return 'held out';
  const mistake = mistakeIn(item);
  if (mistake !== null) return mistake;
  const { teacher_share: teacherShare = 0 } = settings;
  const row = { id: item.id ?? `${set}-${number}`, set, lang: item.lang ?? detectLanguage(text), teacherShare };
  const targets = wanted(targetsOf(set, item, settings), settings.heads);
  const rows: Row[] = [];
  if (Object.keys(targets).length > 0 || teacherShare === 1)
    rows.push({ ...row, ids: encode(text), targets, rate: settings.rate });
  if (settings.entities_rate > 0)
    for (const { entity, targets: about } of entityTargetsOf(item)) {
      const id = `${row.id}#${entity}`;
      rows.push({ ...row, id, ids: encode(text, entity), targets: about, rate: settings.entities_rate });
    }
  return rows.length === 0 ? 'without a label that is used' : rows;
}

function wanted(targets: Targets, heads: SetRecipe['heads']): Targets {
  if (heads === undefined) return targets;
  return Object.fromEntries(heads.flatMap((head) => (targets[head] === undefined ? [] : [[head, targets[head]]])));
}

function balanceLabels(rows: Row[], head: HeadName, target: number): Row[] {
  if (target === 0) return rows;
  const counts = new Map<number, number>();
  const labelOf = (row: Row): number => row.targets[head]?.allowed[0] ?? -1;
  for (const row of rows) counts.set(labelOf(row), (counts.get(labelOf(row)) ?? 0) + 1);
  return rows.map((row) => ({
    ...row,
    rate: row.rate * Math.min(3, Math.max(1, Math.sqrt(target / (counts.get(labelOf(row)) ?? target)))),
  }));
}

/** All training rows of a recipe, without any text of the corpus' own test. */
export function readTraining(recipe: Recipe, encode: Encode, log: (line: string) => void): Row[] {
  const rows: Row[] = [];
  const held = join(recipe.corpus, 'test.jsonl');
  const unwanted = new Set(existsSync(held) ? readTexts(held) : []);
  for (const [set, own] of Object.entries(recipe.sets)) {
    const settings = { teacher_share: recipe.distil?.weight, ...own };
    const usual = set === 'corpus' ? corpusFiles(recipe.corpus) : [join(recipe.data, 'train', `${set}.jsonl`)];
    const texts = textsById(settings.texts);
    for (const file of settings.files ?? usual) {
      if (!existsSync(file)) throw new TidewatchError('input.invalid', `sets.${set}: there is no file ${file}`);
      const read = readRows(file, set, encode, settings, unwanted, texts);
      const skipped = Object.entries(read.skipped).map(([reason, count]) => `, ${count} lines ${reason}`);
      log(`${basename(file)}: ${read.rows.length} rows${skipped.join('')}`);
      rows.push(...read.rows);
    }
  }
  if (rows.length === 0)
    throw new TidewatchError('input.invalid', "No line of the recipe's sets has a text and a label to learn");
  return weighted(rows, recipe);
}

/** At most `count` training rows, at even steps over all sets. */
export function sampleTraining(recipe: Recipe, encode: Encode, count: number): Row[] {
  const rows = readTraining(recipe, encode, () => undefined);
  const step = Math.max(1, rows.length / count);
  return Array.from({ length: Math.min(count, rows.length) }, (_, index) => rows[Math.floor(index * step)] as Row);
}

function weighted(rows: Row[], { class_weights: weights }: Recipe): Row[] {
  if (Object.keys(weights).length === 0) return rows;
  return rows.map((row) => {
    const targets: Targets = {};
    for (const { name, labels } of HEADS) {
      const target = row.targets[name];
      if (target === undefined) continue;
      const mean = target.allowed.reduce((sum, at) => sum + (weights[name]?.[labels[at] ?? ''] ?? 1), 0);
      targets[name] = { ...target, weight: (target.weight * mean) / target.allowed.length };
    }
    return { ...row, targets };
  });
}

/** Development rows of the sets that have any, whole or every n-th so that at most `limit` of a set remain. */
export function readDevelopment(recipe: Recipe, encode: Encode, sets: readonly string[], limit = Infinity): Row[] {
  return sets.flatMap((set) => {
    const settings = recipe.sets[set] ?? PLAIN_SET;
    const path = settings.dev ?? join(recipe.data, 'dev', `${set}.jsonl`);
    if (!existsSync(path)) return [];
    const { rows } = readRows(path, set, encode, { ...settings, balance: 0 });
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
  return readLines(path).flatMap((line) => {
    try {
      return [modelText(null, (JSON.parse(line) as { text: string }).text)];
    } catch {
      return [];
    }
  });
}
