/**
 * What a run needs to go on exactly where it was killed: the trained weights, AdamW's moments, the step, and the place
 * in the epoch's order (which is itself derived from the seed). One safetensors file, replaced atomically.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { emptyMoments, type Moments } from './optimizer.ts';
import type { Recipe } from './recipe.ts';
import { readSafetensors, type Weights, writeSafetensors } from './safetensors.ts';

export interface Progress {
  step: number;
  epoch: number;
  /** Batches of this epoch already done. */
  position: number;
  elapsedMs: number;
  /** Names the rows and the recipe that the order was derived from. */
  fingerprint: string;
  /** How many steps' weights are in the mean. */
  averaged: number;
  /** The best mean score on the development sample, and how many evaluations ago it was; null before the first. */
  best: { score: number; step: number; since: number } | null;
}

export interface TrainState {
  weights: Map<string, Float32Array>;
  moments: Map<string, Moments>;
  /** The mean of the weights over the last part of the run, and of how many steps; empty before that. */
  averages: Map<string, Float32Array>;
  /** The weights of the best evaluation, where the recipe stops early; else empty. */
  best: Map<string, Float32Array>;
  progress: Progress;
}

export function checkpointPath(recipe: Pick<Recipe, 'checkpoints' | 'name'>): string {
  return join(recipe.checkpoints, `${recipe.name}.safetensors`);
}

/** A run before its first step. */
export function emptyState(weights: Map<string, Float32Array>, fingerprint: string): TrainState {
  return {
    weights,
    moments: new Map([...weights].map(([name, data]) => [name, emptyMoments(data.length)])),
    averages: new Map(),
    best: new Map(),
    progress: { step: 0, epoch: 0, position: 0, elapsedMs: 0, fingerprint, averaged: 0, best: null },
  };
}

/** The weights that are worth exporting: the best evaluated ones, else the mean over the last part, else the last. */
export function finalWeights({ best, averages, weights }: TrainState): Map<string, Float32Array> {
  if (best.size > 0) return best;
  return averages.size > 0 ? averages : weights;
}

/**
 * A checkpoint holds what its own recipe trained, nothing else: of another method, other layers or another rank there is no way
 * to go on from it.
 * @throws TidewatchError config.invalid where a name of `wanted` is not in it, or one that it has is not in the model as long
 */
export function refuseOtherForm(
  path: string,
  kept: ReadonlyMap<string, Float32Array>,
  model: Weights,
  wanted: readonly string[],
): void {
  const strange = [...kept].find(([name, { length }]) => model.get(name)?.data.length !== length)?.[0];
  const name = strange ?? wanted.find((one) => !kept.has(one));
  if (name === undefined) return;
  throw new TidewatchError('config.invalid', `The checkpoint ${path} is of another method or other layers: ${name}`, {
    hint: 'Remove it, or name another folder under checkpoints in the recipe.',
  });
}

export function writeCheckpoint(path: string, shapes: Weights, state: TrainState): void {
  mkdirSync(dirname(path), { recursive: true });
  const out: Weights = new Map();
  const { weights, moments, averages, best, progress } = state;
  for (const [name, data] of weights) {
    const shape = shapes.get(name)?.shape ?? [data.length];
    const { first, second } = moments.get(name) ?? emptyMoments(data.length);
    const kept = { weight: data, first, second, average: averages.get(name), best: best.get(name) };
    for (const [kind, numbers] of Object.entries(kept))
      if (numbers !== undefined) out.set(`${kind}/${name}`, { shape, data: numbers });
  }
  writeSafetensors(path, out, { progress: JSON.stringify(progress) });
}

/** The state in a checkpoint, or null where there is none. */
export function readCheckpoint(path: string): TrainState | null {
  if (!existsSync(path)) return null;
  const { weights: stored, metadata } = readSafetensors(path);
  const all = (kind: string): Map<string, Float32Array> =>
    new Map(
      [...stored].flatMap(([key, { data }]) =>
        key.startsWith(`${kind}/`) ? [[key.slice(kind.length + 1), data]] : [],
      ),
    );
  const [weights, first, second] = [all('weight'), all('first'), all('second')];
  const moments = new Map(
    [...weights].map(([name, { length }]) => {
      const none = emptyMoments(length);
      return [name, { first: first.get(name) ?? none.first, second: second.get(name) ?? none.second }];
    }),
  );
  const progress = JSON.parse(metadata['progress'] ?? '{}') as Partial<Progress>;
  const fresh = emptyState(weights, '').progress;
  return { weights, moments, averages: all('average'), best: all('best'), progress: { ...fresh, ...progress } };
}
