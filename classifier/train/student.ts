/**
 * The student before its first step: some layers of the base model, renumbered, and fresh heads. Which layers are kept is
 * the recipe's choice (Sajjad et al. 2023 compare the usual ones), and so is what of them is trained: all of a layer, a
 * low-rank addition to it, or an adapter behind it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { addBottleneck } from './bottleneck.ts';
import { finalWeights, readCheckpoint } from './checkpoint.ts';
import { readOnnxWeights } from './import_onnx.ts';
import { readWholeGraph } from './join.ts';
import { EXIT_HEADS, HEADS } from './labels.ts';
import { addLora } from './lora.ts';
import type { TrainedHead } from './loss.ts';
import { ACTIVATIONS, type ModelShape, type Network } from './model.ts';
import { narrow } from './narrow.ts';
import { generator, normal } from './random.ts';
import type { Recipe } from './recipe.ts';
import { readSafetensors, type Weights } from './safetensors.ts';

const LAYER = /^encoder\.layer\.(\d+)\.(.+)$/;

export interface Student extends Network {
  heads: readonly TrainedHead[];
  weights: Weights;
  /** Names of the weights that training changes. */
  trained: string[];
  /** Names of the weights that come from what the recipe starts from: of a head that it knows, so do its own. */
  started: Set<string>;
}

/**
 * @throws TidewatchError model.missing where the base or the checkpoint to start from is not there, config.invalid where the
 * recipe has no place for what is in them
 */
export function createStudent(recipe: Recipe): Student {
  const { shape, weights: base } = readBase(recipe.base);
  const { hidden_act: activation = 'gelu' } = shape;
  if (!(ACTIVATIONS as readonly string[]).includes(activation)) {
    throw new TidewatchError('config.invalid', `base: ${recipe.base} has the activation ${activation}`, {
      hint: `The forward pass knows ${ACTIVATIONS.join(' and ')}.`,
    });
  }
  const absent = recipe.layers.filter((layer) => layer >= shape.num_hidden_layers);
  if (absent.length > 0) {
    throw new TidewatchError('config.invalid', `layers: ${recipe.base} has no layer ${absent.join(', ')}`, {
      hint: `It has layers 0 to ${shape.num_hidden_layers - 1}.`,
    });
  }
  const student = shrink(shape, base, recipe);
  if (recipe.start !== undefined) {
    const starts = [recipe.start].flat().map((path) => ({ path, weights: readStart(path) }));
    for (const start of starts) refuseAdditions(student, start);
    takeOver(student, meanOf(starts.map(({ weights }) => weights)));
  }
  if (recipe.feed_forward !== undefined) narrowTo(student, recipe.feed_forward);
  return student;
}

function takeOver(student: Student, start: Map<string, Float32Array>): void {
  // A start that was narrowed keeps its width; a checkpoint may lack the layers that were not trained.
  const known = [...start].find(([name]) => name.endsWith('intermediate.dense.bias'))?.[1];
  if (known !== undefined) narrowTo(student, known.length);
  for (const [name, weight] of student.weights) {
    const data = start.get(name);
    if (data?.length !== weight.data.length) continue;
    student.weights.set(name, { shape: weight.shape, data });
    student.started.add(name);
  }
}

/** What a start learnt beside or behind its layers (LoRA, adapters) must have the same place here: left out, it would be lost. */
function refuseAdditions(
  student: Student,
  { path, weights }: { path: string; weights: Map<string, Float32Array> },
): void {
  const lost = [...weights].find(
    ([name, { length }]) =>
      (isLora(name) || name.includes('.adapter.')) && student.weights.get(name)?.data.length !== length,
  )?.[0];
  if (lost === undefined) return;
  throw new TidewatchError('config.invalid', `start: ${path} has learnt ${lost}, for which this recipe has no place`, {
    hint: isLora(lost)
      ? 'Start from the exported folder of that run: there the additions are worked into the weights.'
      : 'Give this recipe the same method, width and frozen_layers.',
  });
}

function isLora(name: string): boolean {
  return name.includes('.lora_');
}

function narrowTo(student: Student, width: number): void {
  for (let layer = 0; layer < student.shape.num_hidden_layers; layer += 1) narrow(student.weights, layer, width);
  student.shape = { ...student.shape, intermediate_size: width };
}

/** What all have, averaged. */
function meanOf([first = new Map<string, Float32Array>(), ...others]: Map<string, Float32Array>[]) {
  if (others.length === 0) return first;
  const means = new Map<string, Float32Array>();
  for (const [name, data] of first) {
    const all = [data, ...others.map((other) => other.get(name))].filter((one) => one?.length === data.length);
    if (all.length > others.length)
      means.set(
        name,
        data.map((_, at) => all.reduce((sum, one) => sum + (one?.[at] ?? 0), 0) / all.length),
      );
  }
  return means;
}

/** Weights of a checkpoint, or of an exported model's folder, as its int8 bytes have them: all but the base's embeddings. */
function readStart(path: string): Map<string, Float32Array> {
  if (existsSync(join(path, 'config.json'))) {
    const weights = [...readOnnxWeights(readWholeGraph(path))].filter(([name]) => !name.startsWith('embeddings.'));
    return new Map(weights.map(([name, { data }]) => [name, data]));
  }
  const state = readCheckpoint(path);
  if (state !== null) return withoutNoise(finalWeights(state));
  throw new TidewatchError('model.missing', `start: there is no checkpoint and no model folder at ${path}`, {
    hint: 'Run the recipe that makes it first, or name the folder of an exported model.',
  });
}

/** Without heads that nobody ever taught: they still have the bias that they were made with, zeros. */
function withoutNoise(weights: Map<string, Float32Array>): Map<string, Float32Array> {
  const isLearnt = (name: string): boolean =>
    weights.get(name.replace(/\.weight$/, '.bias'))?.some((number) => number !== 0) ?? false;
  return new Map([...weights].filter(([name]) => !name.startsWith('heads.') || isLearnt(name)));
}

function readBase(folder: string): { shape: ModelShape; weights: Weights } {
  try {
    const shape = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as ModelShape;
    return { shape, weights: readSafetensors(join(folder, 'model.safetensors')).weights };
  } catch (cause) {
    throw new TidewatchError('model.missing', `base: ${folder} holds no base model that can be read`, {
      cause,
      hint: 'It is a folder with config.json, model.safetensors and tokenizer.json, as Hugging Face lays out a BERT-shaped model.',
    });
  }
}

export function shrink(
  base: ModelShape,
  baseWeights: Weights,
  recipe: Pick<Recipe, 'layers' | 'frozen_layers' | 'seed' | 'exit_after' | 'hidden_act' | 'halve_before' | 'method'>,
): Student {
  const { layers, hidden_act = base.hidden_act, halve_before } = recipe;
  const shape: ModelShape = { ...base, num_hidden_layers: layers.length, hidden_act, halve_before };
  const weights: Weights = new Map();
  const trained: string[] = [];
  const { method } = recipe;
  for (const [name, weight] of baseWeights) if (name.startsWith('embeddings.')) weights.set(name, weight);
  for (const [position, layer] of recipe.layers.entries()) {
    for (const [name, weight] of baseWeights) {
      const match = LAYER.exec(name);
      if (match === null || Number(match[1]) !== layer) continue;
      const renamed = `encoder.layer.${position}.${match[2] ?? ''}`;
      weights.set(renamed, { shape: weight.shape, data: weight.data.slice() });
      if (position >= recipe.frozen_layers && method.kind === 'full') trained.push(renamed);
    }
    if (position < recipe.frozen_layers) continue;
    const random = generator(recipe.seed, 8, position);
    if (method.kind === 'lora') trained.push(...addLora(weights, position, method, random));
    if (method.kind === 'adapters')
      trained.push(...addBottleneck(weights, position, shape.hidden_size, method.width, random));
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
  return { shape, weights, heads, exitAfter: recipe.exit_after ?? null, trained, started: new Set() };
}
