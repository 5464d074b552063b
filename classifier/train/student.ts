/**
 * The student before its first step: some layers of the base model, renumbered, and fresh heads. Which layers are kept
 * is the recipe's choice (Sajjad et al. 2023 compare the usual ones).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { readCheckpoint } from './checkpoint.ts';
import { EXIT_HEADS, HEADS } from './labels.ts';
import type { TrainedHead } from './loss.ts';
import type { ModelShape } from './model.ts';
import { generator, normal } from './random.ts';
import type { Recipe } from './recipe.ts';
import { readSafetensors, type Weights } from './safetensors.ts';

const LAYER = /^encoder\.layer\.(\d+)\.(.+)$/;

export interface Student {
  shape: ModelShape;
  weights: Weights;
  /** All heads, those of the exit last. */
  heads: readonly TrainedHead[];
  exitAfter: number | null;
  /** Names of the weights that training changes: layers above the frozen ones, and the heads. */
  trained: string[];
}

export function createStudent(recipe: Recipe): Student {
  const config = JSON.parse(readFileSync(join(recipe.base, 'config.json'), 'utf8')) as ModelShape;
  const base = readSafetensors(join(recipe.base, 'model.safetensors')).weights;
  const student = shrink({ ...config, num_hidden_layers: recipe.layers.length }, base, recipe);
  if (recipe.start === undefined) return student;
  const start = readCheckpoint(recipe.start);
  if (start === null) throw new TidewatchError('model.missing', `start: there is no checkpoint at ${recipe.start}`);
  for (const name of student.trained) {
    const weight = student.weights.get(name);
    const data = start.weights.get(name);
    if (weight !== undefined && data !== undefined) student.weights.set(name, { shape: weight.shape, data });
  }
  return student;
}

export function shrink(
  shape: ModelShape,
  base: Weights,
  recipe: Pick<Recipe, 'layers' | 'frozen_layers' | 'seed' | 'exit_after'>,
): Student {
  const weights: Weights = new Map();
  const trained: string[] = [];
  for (const [name, weight] of base) if (name.startsWith('embeddings.')) weights.set(name, weight);
  for (const [position, layer] of recipe.layers.entries()) {
    for (const [name, weight] of base) {
      const match = LAYER.exec(name);
      if (match === null || Number(match[1]) !== layer) continue;
      const renamed = `encoder.layer.${position}.${match[2] ?? ''}`;
      weights.set(renamed, { shape: weight.shape, data: weight.data.slice() });
      if (position >= recipe.frozen_layers) trained.push(renamed);
    }
  }
  const heads: TrainedHead[] = recipe.exit_after === undefined ? [...HEADS] : [...HEADS, ...EXIT_HEADS];
  for (const [index, { name, labels }] of heads.entries()) {
    const random = generator(recipe.seed, 7, index);
    weights.set(`heads.${name}.weight`, {
      shape: [labels.length, shape.hidden_size],
      data: normal(labels.length * shape.hidden_size, 0.02, random),
    });
    weights.set(`heads.${name}.bias`, { shape: [labels.length], data: new Float32Array(labels.length) });
    trained.push(`heads.${name}.weight`, `heads.${name}.bias`);
  }
  return { shape, weights, heads, exitAfter: recipe.exit_after ?? null, trained };
}
