/**
 * Stories as rows of the state, plain data: "s" and the story's id for a story, "e", the id, ":" and a number for each of its
 * texts. A story's row changes with each document, its texts do not: so they are rows of their own. Pure.
 */
import type { Exemplar } from './exemplars.ts';

export type StoryValue = StoryRow | StoredExemplar;

export interface StoryRow {
  documents: number;
  /** When the last document came, by the process's clock, epoch milliseconds. */
  arrived: number;
  /** Newest event time. */
  latest: number;
  readonly family: string;
  /** Event times of the last documents, for their novelty. */
  readonly times: number[];
  /** Hashes of ids and addresses of documents, for what repeats them. */
  readonly keys: number[];
}

export interface StoredExemplar {
  readonly whole: number;
  readonly cutoff: number;
  readonly head: number;
  readonly marks: readonly (readonly number[])[];
  /** Shingle hashes, four bytes each, little-endian. */
  readonly hashes: Uint8Array;
}

export interface StoredStory {
  readonly id: string;
  readonly row: StoryRow;
  /** In the order in which they were taken. */
  readonly texts: readonly StoredExemplar[];
}

export function storyKey(id: string): string {
  return `s${id}`;
}

export function textKey(id: string, number: number): string {
  return `e${id}:${number}`;
}

/** The story of a row. */
export function storyOf(key: string): string {
  return key.startsWith('s') ? key.slice(1) : key.slice(1, key.lastIndexOf(':'));
}

/** Stories with their texts, the one that waited longest first. */
export function storiesOf(rows: Iterable<{ readonly key: string; readonly value: StoryValue }>): StoredStory[] {
  const texts = new Map<string, { number: number; value: StoredExemplar }[]>();
  const found: { id: string; row: StoryRow }[] = [];
  for (const { key, value } of rows) {
    if ('documents' in value) {
      found.push({ id: storyOf(key), row: value });
      continue;
    }
    const id = storyOf(key);
    const own = texts.get(id) ?? [];
    own.push({ number: Number(key.slice(key.lastIndexOf(':') + 1)), value });
    texts.set(id, own);
  }
  return found
    .sort((a, b) => a.row.arrived - b.row.arrived)
    .map(({ id, row }) => {
      const own = (texts.get(id) ?? []).sort((a, b) => a.number - b.number);
      return { id, row, texts: own.map(({ value }) => value) };
    });
}

/** What of a story is kept. */
export function rowOf({ documents, arrived, latest, family, times, keys }: StoryRow): StoryRow {
  return { documents, arrived, latest, family, times: [...times], keys: [...keys] };
}

export function stored(whole: number, { hashes, cutoff, head, figures, names, about }: Exemplar): StoredExemplar {
  const copy = Uint32Array.from(hashes);
  return { whole, cutoff, head, marks: [figures, names, about], hashes: new Uint8Array(copy.buffer) };
}

export function fromStored({ cutoff, head, marks, hashes }: StoredExemplar): Exemplar {
  const copy = Uint8Array.from(hashes);
  const [figures = [], names = [], about = []] = marks;
  return { hashes: new Uint32Array(copy.buffer), cutoff, head, figures, names, about };
}
