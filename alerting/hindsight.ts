/**
 * What a series counted after its window had passed: which story was told and who spoke, by block of the past (past.ts), so that there
 * as in a window a story counts once and an author at most `author_cap` times. Without it copies dated far enough back, which no window
 * ever sees, would raise the baseline and hide the next alert.
 *
 * The newest few hundred, by hash and in the order they came: a search through them takes a microsecond or two, and they are a few
 * kilobytes at most, for a series to which something came that late. Who would push one out has to tell as many stories by as many
 * authors, which count by themselves. Rejected: all stories of all blocks (of a language there are a million), and sums that are
 * right only on average (a Bloom filter): a replay could not be held against the live run.
 */
import { hashOf } from './background.ts';
import type { Observation } from './observation.ts';

/** Columns; the first `size` entries count, in the order they came. */
export interface Hindsight {
  size: number;
  block: Int32Array;
  /** Hashes of 32 bits. */
  story: Uint32Array;
  author: Uint32Array;
}

/** Entries kept for a series: 6 KB. */
export const MOST_SEEN_LATE = 512;

export function newHindsight(): Hindsight {
  return { size: 0, block: new Int32Array(2), story: new Uint32Array(2), author: new Uint32Array(2) };
}

/** Whether that block counts it; what counts is noted. */
export function countsLate(
  seen: Hindsight,
  block: number,
  { story, author }: Pick<Observation, 'story' | 'author'>,
  authorCap: number,
): boolean {
  const [told, speaker] = [hashOf(story), hashOf(author)];
  let spoken = 0;
  for (let index = 0; index < seen.size; index += 1) {
    if (seen.block[index] !== block) continue;
    if (seen.story[index] === told) return false;
    if (seen.author[index] === speaker) spoken += 1;
  }
  if (spoken >= authorCap) return false;
  const columns = [seen.block, seen.story, seen.author];
  if (seen.size === MOST_SEEN_LATE) {
    for (const column of columns) column.copyWithin(0, 1);
    seen.size -= 1;
  } else if (seen.size === seen.block.length) resize(seen, seen.size * 2);
  seen.block[seen.size] = block;
  seen.story[seen.size] = told;
  seen.author[seen.size] = speaker;
  seen.size += 1;
  return true;
}

/** Forgets blocks before `first`. True when something went. */
export function forgetSeen(seen: Hindsight, first: number): boolean {
  let kept = 0;
  for (let index = 0; index < seen.size; index += 1) {
    if ((seen.block[index] ?? 0) < first) continue;
    for (const column of [seen.block, seen.story, seen.author]) column[kept] = column[index] ?? 0;
    kept += 1;
  }
  if (kept === seen.size) return false;
  seen.size = kept;
  return true;
}

function resize(seen: Hindsight, length: number): void {
  const { block, story, author } = seen;
  seen.block = new Int32Array(length);
  seen.story = new Uint32Array(length);
  seen.author = new Uint32Array(length);
  seen.block.set(block);
  seen.story.set(story);
  seen.author.set(author);
}

/** Columns as lists, as the table's encoding takes them. */
export type PackedHindsight = readonly (readonly number[])[];

export function packHindsight({ size, block, story, author }: Hindsight): PackedHindsight {
  return [block, story, author].map((column) => [...column.subarray(0, size)]);
}

export function unpackHindsight([block = [], story = [], author = []]: PackedHindsight): Hindsight {
  const seen = newHindsight();
  resize(seen, Math.max(2, block.length));
  seen.size = block.length;
  seen.block.set(block);
  seen.story.set(story);
  seen.author.set(author);
  return seen;
}
