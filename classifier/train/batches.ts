/**
 * The order of an epoch. Each epoch draws every row as often as its set's rate says, shuffles, and cuts batches out of
 * stretches sorted by length, so that little padding is computed and no batch order is fixed. Deterministic by seed and
 * epoch, so a resumed run finds its place again.
 */
import type { Batch } from './model.ts';
import { generator, shuffle } from './random.ts';

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
