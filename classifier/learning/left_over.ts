/**
 * What a killed fine-tuning left in its work folder, and whether the next may go on from it. The folder is named by the next
 * version alone, so by then people may have said something else, or a review may have thrown a lesson out: a checkpoint that
 * was taught other lessons, or at its end after them, would carry these into the candidate. Whatever decides what is learnt is
 * hashed beside it; another hash, or none, and the checkpoint goes.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lesson, type Lessons, lineOf } from './lesson.ts';

const FILE = 'taught.sha256';

export interface Taught {
  readonly lessons: Lessons;
  /** Folder of the model that is taught. */
  readonly current: string;
  readonly method: string;
  readonly epochs: number;
  readonly replay: number;
  readonly seed: number;
  /** Folder of the public data that is replayed. */
  readonly data: string;
}

/** Removes the checkpoint of other lessons and says so; notes for the next run what this one teaches. */
export function dropOtherCheckpoint(
  work: string,
  checkpoint: string,
  taught: Taught,
  log: (line: string) => void,
): void {
  mkdirSync(work, { recursive: true });
  const note = join(work, FILE);
  const hash = hashOf(taught);
  const before = existsSync(note) ? readFileSync(note, 'utf8').trim() : null;
  if (before !== hash && existsSync(checkpoint)) {
    rmSync(checkpoint);
    log(
      `${checkpoint} was taught other lessons, or in another way: it is removed, and training starts at the beginning`,
    );
  }
  writeFileSync(note, `${hash}\n`);
}

function hashOf({ lessons, current, method, epochs, replay, seed, data }: Taught): string {
  const sums = join(current, 'SHA256SUMS');
  const model = existsSync(sums) ? readFileSync(sums, 'utf8') : current;
  const lines = (of: readonly Lesson[]): string[] => of.map(lineOf).toSorted();
  const what = [lines(lessons.taught), lines(lessons.heldOut), model, method, epochs, replay, seed, data];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex');
}
