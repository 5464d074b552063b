/**
 * One step of training and the present model's predictions: the tensors of a run and what is done with them. train.ts
 * decides when; this file knows how. Numbers are read off the device without blocking (`data`, not `dataSync`), because
 * WebGPU has no other way.
 */
import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { TrainState } from './checkpoint.ts';
import type { Row } from './data.ts';
import { besideTeacher, distilLoss } from './distil_loss.ts';
import { createFrozenPart, type FrozenPart } from './frozen.ts';
import { lossOf } from './loss.ts';
import { type Dropout, type Positions, read, type Reading, type Tensors, toTensors } from './model.ts';
import { adamWStep, clipScale, cosineRate, decayOf, emptyMoments } from './optimizer.ts';
import { dropoutMask, generator } from './random.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import type { Student } from './student.ts';
import type { Teaching } from './teacher.ts';
import type { Tensorflow } from './tensorflow.ts';

/** Logits by head, row after row. */
export type Predict = (rows: readonly { ids: Int32Array }[]) => Promise<Record<string, number[][]>>;

/** A step's loss: the weighted mean that is trained on, and each head's own mean. */
export interface StepLoss {
  total: number;
  byHead: Record<string, number>;
  /** The factor on the learning rates. */
  rate: number;
}

export interface Run {
  /** `share` of the run that is done, from 0 to 1, sets the learning rate. */
  step: (rows: readonly Row[], share: number) => Promise<StepLoss>;
  predict: Predict;
  /** All weights as they are now, frozen ones included. */
  weights: () => Weights;
  dispose: () => void;
}

export function createRun(
  tf: Tensorflow,
  recipe: Recipe,
  student: Student,
  state: TrainState,
  teaching: Teaching | null = null,
): Run {
  const { shape } = student;
  const tensors: Tensors = toTensors(tf, student.weights);
  const variables = new Map<string, Variable>();
  for (const name of student.trained) {
    tensors.get(name)?.dispose();
    const master = state.weights.get(name) as Float32Array;
    const variable = tf.variable(tf.tensor(master.slice(), student.weights.get(name)?.shape ?? [], 'float32'), true);
    variables.set(name, variable);
    tensors.set(name, variable);
  }
  const byVariable = new Map([...variables].map(([name, variable]) => [variable.name, name]));
  const frozen: FrozenPart = createFrozenPart(tf, shape, tensors, recipe.frozen_layers);
  const upper = (start: Positions, dropout: Dropout): Reading =>
    read(tf, student, tensors, start, recipe.frozen_layers, dropout);

  const step = async (rows: readonly Row[], share: number): Promise<StepLoss> => {
    const start = await frozen(rows);
    const random = generator(recipe.seed, state.progress.step, 2);
    const dropout: Dropout =
      recipe.dropout === 0
        ? null
        : (tensor: Tensor) => tf.mul(tensor, tf.tensor(dropoutMask(tensor.size, recipe.dropout, random), tensor.shape));
    const targets = rows.map((row) => (teaching === null ? row.targets : besideTeacher(row)));
    let parts: Record<string, Tensor> = {};
    const { value, grads } = tf.variableGrads(() => {
      const reading = upper(start, dropout);
      const { total, byHead } = lossOf(tf, student.heads, reading.logits, targets, recipe.label_smoothing);
      parts = byHead;
      let loss = total;
      if (recipe.distil !== undefined && teaching !== null) {
        const apart = distilLoss(tf, student.heads, reading, teaching(rows), rows, recipe.distil);
        parts = { ...byHead, teacher: apart };
        loss = tf.add(total, apart);
      }
      for (const part of Object.values(parts)) tf.keep(part);
      return loss;
    }, [...variables.values()]);
    const gradients = new Map<string, Float32Array>();
    for (const [key, tensor] of Object.entries(grads))
      gradients.set(byVariable.get(key) ?? key, await tensor.data<'float32'>());
    const byHead: Record<string, number> = {};
    for (const [name, part] of Object.entries(parts)) byHead[name] = (await part.data())[0] ?? 0;
    const loss: StepLoss = { total: (await value.data())[0] ?? 0, byHead, rate: cosineRate(share, recipe.warmup) };
    tf.dispose([grads, parts, value, { ...start }]);
    update(gradients, loss.rate);
    return loss;
  };

  const update = (gradients: Map<string, Float32Array>, rate: number): void => {
    const scale = clipScale(gradients.values(), recipe.clip_norm);
    for (const [name, variable] of variables) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue; // a head that no row of this batch speaks to
      const weight = state.weights.get(name) as Float32Array;
      const peak = name.startsWith('heads.') ? recipe.head_learning_rate : recipe.learning_rate;
      const settings = {
        step: state.progress.step,
        learningRate: peak * rate,
        decay: decayOf(name, recipe.weight_decay),
        scale,
      };
      adamWStep(weight, gradient, state.moments.get(name) ?? emptyMoments(0), settings);
      const fresh = tf.tensor(weight.slice(), variable.shape, 'float32');
      variable.assign(fresh);
      fresh.dispose();
    }
  };

  const predict: Predict = async (rows) => {
    const out: Record<string, number[][]> = Object.fromEntries(
      student.heads.map(({ name }) => [name, Array.from<number[]>({ length: rows.length })]),
    );
    const order = rows
      .map((_, index) => index)
      .toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
    for (let at = 0; at < order.length; at += recipe.batch_rows) {
      const indexes = order.slice(at, at + recipe.batch_rows);
      const chosen = indexes.map((index) => rows[index] as { ids: Int32Array });
      const start = await frozen(chosen);
      const logits = tf.tidy(() => upper(start, null).logits);
      for (const [name, tensor] of Object.entries(logits)) {
        const values = await tensor.array();
        for (const [i, index] of indexes.entries()) (out[name] as number[][])[index] = values[i] as number[];
      }
      tf.dispose([logits, { ...start }]);
    }
    return out;
  };

  const weights = (): Weights =>
    new Map(
      [...student.weights].map(([name, weight]) => [
        name,
        { shape: weight.shape, data: state.weights.get(name) ?? weight.data },
      ]),
    );
  const dispose = (): void => {
    for (const tensor of tensors.values()) tensor.dispose();
  };
  return { step, predict, weights, dispose };
}
