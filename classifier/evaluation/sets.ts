/**
 * Labelled lines as questions that a model can be measured on. Which head a line's label belongs to is read from the
 * label itself (公司 is a Chinese topic, 财务造假 an event), so a new data set needs no code. A set that only knows two
 * sentiments is asked with neutral masked, an event set without "none" with none masked, because its annotators could not
 * choose them; the report says so and gives the open figure beside it.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { detectLanguage } from '../../core/text.ts';
import type { Heads } from '../labels.ts';
import { type Labelled, mistakeIn } from '../train/targets.ts';

/** `negative`, `entity_negative`: negative or not, for sets whose "not negative" is not neutral. */
export const TASKS = [
  'sentiment',
  'negative',
  'topic',
  'topics_zh',
  'event',
  'entity_sentiment',
  'entity_negative',
] as const;
export type Task = (typeof TASKS)[number];

export interface Question {
  readonly set: string;
  readonly lang: string;
  readonly task: Task;
  /** As it stands in the file. */
  readonly text: string;
  readonly entity?: string;
  /** Places in the head's labels that count as right; for topics_zh, all that are true. */
  readonly gold: readonly number[];
}

export interface ReadSets {
  readonly questions: Question[];
  /** Lines that are not JSON, have no text, or whose labels no head of this model has. */
  readonly skipped: Readonly<Record<string, number>>;
}

interface Line {
  readonly text: string;
  readonly lang?: string;
  readonly source?: string;
  readonly sentiment?: string;
  readonly mixed?: boolean;
  readonly topic?: string | readonly string[];
  readonly event?: string;
  readonly topics_zh?: readonly string[] | null;
  readonly negative?: boolean;
  readonly entities?: readonly { readonly target?: string; readonly sentiment?: string; readonly negative?: boolean }[];
}

/**
 * Files of a data folder for a split: DIR/<split>/*.jsonl and DIR/noncommercial/*.<split>.jsonl; files are taken as they are.
 * @throws TidewatchError input.invalid where there is nothing to read, or a path is not there
 */
export function findFiles(paths: readonly string[], split: string): string[] {
  const found = paths.flatMap((path) => {
    const isFile = path.endsWith('.jsonl');
    if (!existsSync(path) || (!isFile && !statSync(path).isDirectory())) {
      throw new TidewatchError('input.invalid', `--data: ${path} is no *.jsonl file and no folder`, {
        hint: 'Look at its spelling: figures without it would pass for figures with it.',
      });
    }
    if (isFile) return [path];
    const inside = [
      { folder: join(path, split), suffix: '.jsonl' },
      { folder: join(path, 'noncommercial'), suffix: `.${split}.jsonl` },
    ];
    return inside.flatMap(({ folder, suffix }) =>
      existsSync(folder)
        ? readdirSync(folder)
            .filter((name) => name.endsWith(suffix))
            .sort()
            .map((name) => join(folder, name))
        : [],
    );
  });
  // A file that is named twice, or stands in a folder that is named too, is asked once.
  const files = [...new Map(found.map((file) => [resolve(file), file])).values()];
  if (files.length > 0) return files;
  throw new TidewatchError('input.invalid', `--data: there are no *.jsonl files for ${split} in ${paths.join(', ')}`, {
    hint: `Name files, or a folder with ${split}/*.jsonl in it.`,
  });
}

/**
 * Every question that the lines of `files` put to a model with these heads; `texts` has those of lines that only have an id, `read`
 * gives the content of a file, for who knows other encodings than UTF-8.
 */
export function readQuestions(
  files: readonly string[],
  heads: Heads,
  texts: ReadonlyMap<string, string> = new Map(),
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): ReadSets {
  const questions: Question[] = [];
  const skipped: Record<string, number> = {};
  for (const file of files) {
    const name = setNameOf(file);
    // Programs of Windows begin a file with a byte order mark.
    for (const text of read(file)
      .replace(/^\ufeff/, '')
      .split('\n')) {
      if (text.trim() === '') continue;
      const line = parse(text, texts);
      const own = line === null ? [] : questionsOf(line, name, heads);
      if (own.length === 0) skipped[name] = (skipped[name] ?? 0) + 1;
      questions.push(...own);
    }
  }
  return { questions, skipped };
}

/** A file called test.jsonl is named by its folder as well. */
function setNameOf(file: string): string {
  const name = basename(file, '.jsonl').replace(/\.(train|dev|test)$/, '');
  return /^(train|dev|test)$/.test(name) ? `${basename(dirname(file))}_${name}` : name;
}

function parse(json: string, texts: ReadonlyMap<string, string>): Line | null {
  try {
    const line = JSON.parse(json) as (Omit<Line, 'text'> & Labelled & { id?: string; text?: unknown }) | null;
    const text = line?.text ?? texts.get(line?.id ?? '');
    if (line === null || mistakeIn(line) !== null) return null;
    return typeof text === 'string' && text !== '' ? { ...line, text } : null;
  } catch {
    return null;
  }
}

function questionsOf(line: Line, file: string, heads: Heads): Question[] {
  const { text } = line;
  const about = { set: line.source ?? file, lang: line.lang ?? detectLanguage(text), text };
  const found: Question[] = [];
  const ask = (task: Task, gold: readonly number[], entity?: string): void => {
    if ((gold.length === 0 && task !== 'topics_zh') || gold.includes(-1)) return;
    found.push({ ...about, task, gold, ...(entity === undefined ? {} : { entity }) });
  };
  const place = (labels: readonly string[] | undefined, label: string): number => labels?.indexOf(label) ?? -1;
  const sentiment = place(heads.sentiment.labels, line.sentiment ?? '');
  if (line.negative !== undefined) ask('negative', [line.negative ? 1 : 0]);
  else if (sentiment >= 0 && line.mixed !== true) ask('sentiment', [sentiment]);

  const tags = line.topic === undefined ? [] : [line.topic].flat();
  const known = (labels: readonly string[] | undefined): boolean =>
    tags.length > 0 && tags.every((tag) => place(labels, tag) >= 0);
  if (known(heads.topic.labels)) ask('topic', [place(heads.topic.labels, tags[0] ?? '')]);
  else if (known(heads.topics_zh?.labels))
    ask(
      'topics_zh',
      tags.map((tag) => place(heads.topics_zh?.labels, tag)),
    );
  else if (known(heads.event?.labels))
    ask(
      'event',
      tags.map((tag) => place(heads.event?.labels, tag)),
    );
  if (line.event !== undefined) ask('event', [place(heads.event?.labels, line.event)]);
  if (Array.isArray(line.topics_zh) && heads.topics_zh !== null)
    ask(
      'topics_zh',
      line.topics_zh.map((label) => place(heads.topics_zh?.labels, label)),
    );

  if (heads.entity_sentiment === null) return found;
  const named = new Set<string>();
  for (const { target, sentiment: towards, negative } of line.entities ?? []) {
    if (target === undefined || named.has(target)) continue;
    named.add(target);
    if (towards !== undefined) ask('entity_sentiment', [place(heads.entity_sentiment.labels, towards)], target);
    else if (negative !== undefined) ask('entity_negative', [negative ? 1 : 0], target);
  }
  return found;
}

/** Rows from which on a class that never occurs counts as one that the annotators could not choose. */
const ENOUGH_ROWS = 50;

/** The places in the head's labels that may be answered, or null for all. */
export function possibleOf(task: Task, golds: readonly (readonly number[])[], heads: Heads): number[] | null {
  const occurring = new Set(golds.flat());
  if (golds.length < ENOUGH_ROWS) return null;
  if (task === 'sentiment' && occurring.size === 2) return [...occurring].sort((a, b) => a - b);
  if (task === 'event' && heads.event !== null) {
    const none = heads.event.labels.indexOf(heads.event.none);
    if (!occurring.has(none)) return heads.event.labels.map((_, index) => index).filter((index) => index !== none);
  }
  return null;
}

/** The head whose logits answer a task. */
export function headOf(task: Task): keyof Heads {
  if (task === 'negative') return 'sentiment';
  return task === 'entity_negative' ? 'entity_sentiment' : task;
}

/** What the places of a task's answer mean. */
export function labelsOfTask(task: Task, heads: Heads): readonly string[] {
  if (task === 'negative' || task === 'entity_negative') return ['not negative', 'negative'];
  return heads[task]?.labels ?? [];
}
