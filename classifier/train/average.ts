/**
 * The middle between two checkpoints of one lineage (Wortsman et al. 2022, robust fine-tuning): a short second stage
 * learns its correction, and the mean with where it started keeps what it would have forgotten.
 */
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { TidewatchError } from '../../core/errors.ts';
import { emptyMoments } from './optimizer.ts';
import type { Weights } from './safetensors.ts';

/** Writes share · b + (1 - share) · a, with b's progress and no moments: it is an end, not a place to go on from. */
export function averageCheckpoints(a: string, b: string, share: number, out: string): void {
  const first = readCheckpoint(a);
  const second = readCheckpoint(b);
  if (first === null || second === null) throw new TidewatchError('model.missing', `There is no checkpoint at ${first === null ? a : b}`);
  const shapes: Weights = new Map();
  for (const [name, data] of second.weights) {
    const other = first.weights.get(name) ?? data;
    second.weights.set(name, data.map((value, index) => share * value + (1 - share) * (other[index] as number)));
    second.moments.set(name, emptyMoments(0));
  }
  writeCheckpoint(out, shapes, { ...second, moments: new Map() });
}
