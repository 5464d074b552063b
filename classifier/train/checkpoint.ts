/**
 * What a run needs to go on exactly where it was killed: the trained weights, AdamW's moments, the step, and the place
 * in the epoch's order (which is itself derived from the seed). One safetensors file, replaced atomically.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { emptyMoments, type Moments } from './optimizer.ts';
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
}

export interface TrainState {
  weights: Map<string, Float32Array>;
  moments: Map<string, Moments>;
  /** The mean of the weights over the last part of the run, and of how many steps; empty before that. */
  averages: Map<string, Float32Array>;
  progress: Progress;
}

export function writeCheckpoint(path: string, shapes: Weights, state: TrainState): void {
  mkdirSync(dirname(path), { recursive: true });
  const out: Weights = new Map();
  for (const [name, data] of state.weights) {
    const shape = shapes.get(name)?.shape ?? [data.length];
    const moments = state.moments.get(name) ?? emptyMoments(data.length);
    out.set(`weight/${name}`, { shape, data });
    out.set(`first/${name}`, { shape, data: moments.first });
    out.set(`second/${name}`, { shape, data: moments.second });
    const average = state.averages.get(name);
    if (average !== undefined) out.set(`average/${name}`, { shape, data: average });
  }
  writeSafetensors(path, out, { progress: JSON.stringify(state.progress) });
}

/** The state in a checkpoint, or null where there is none. */
export function readCheckpoint(path: string): TrainState | null {
  if (!existsSync(path)) return null;
  const { weights: stored, metadata } = readSafetensors(path);
  const weights = new Map<string, Float32Array>();
  const averages = new Map<string, Float32Array>();
  const moments = new Map<string, Moments>();
  for (const [key, { data }] of stored) {
    if (!key.startsWith('weight/')) continue;
    const name = key.slice('weight/'.length);
    weights.set(name, data);
    const average = stored.get(`average/${name}`)?.data;
    if (average !== undefined) averages.set(name, average);
    moments.set(name, {
      first: stored.get(`first/${name}`)?.data ?? new Float32Array(data.length),
      second: stored.get(`second/${name}`)?.data ?? new Float32Array(data.length),
    });
  }
  return { weights, moments, averages, progress: JSON.parse(metadata['progress'] ?? '{}') as Progress };
}
