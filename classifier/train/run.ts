/**
 * One step of training and the present model's predictions: the tensors of a run and what is done with them. train.ts
 * decides when; this file knows how.
 */
import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { TrainState } from './checkpoint.ts';
import { type Row, toBatch } from './data.ts';
import { createFrozenPart, type FrozenPart } from './frozen.ts';
import { lossOf } from './loss.ts';
import { type Batch, classify, type Dropout, encode, pool, type Tensors, toTensors } from './model.ts';
import { adamWStep, clipScale, cosineRate, decayOf, emptyMoments } from './optimizer.ts';
import { dropoutMask, generator } from './random.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import type { Student } from './student.ts';
import type { Tensorflow } from './tensorflow.ts';

/** Logits by head, row after row. */
export type Predict = (rows: readonly { ids: Int32Array }[]) => Record<string, number[][]>;

/** A step's loss: the weighted mean that is trained on, and each head's own mean. */
export interface StepLoss {
  total: number;
  byHead: Record<string, number>;
}

export function createRun(tf: Tensorflow, recipe: Recipe, student: Student, state: TrainState) {
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
  const upper = (batch: Batch, hidden: Float32Array, dropout: Dropout) => {
    const start = tf.tensor(hidden, [batch.rows, batch.length, shape.hidden_size]);
    const middle = student.exitAfter ?? recipe.frozen_layers;
    const half = encode(tf, shape, tensors, start, batch, recipe.frozen_layers, middle, dropout);
    const top = encode(tf, shape, tensors, half, batch, middle, shape.num_hidden_layers, dropout);
    const read = (state: Tensor, isExit: boolean) => {
      const heads = student.heads.filter((head) => (head.target !== undefined) === isExit);
      if (heads.length === 0) return {};
      const pooled = pool(tf, state, batch);
      return classify(tf, tensors, heads, dropout === null ? pooled : dropout(pooled));
    };
    return { ...read(top, false), ...read(half, true) };
  };

  const step = (rows: readonly Row[], share: number): StepLoss => {
    const batch = toBatch(rows, shape.pad_token_id);
    const hidden = frozen(rows, batch);
    const random = generator(recipe.seed, state.progress.step, 2);
    const dropout: Dropout =
      recipe.dropout === 0
        ? null
        : (tensor: Tensor) => tf.mul(tensor, tf.tensor(dropoutMask(tensor.size, recipe.dropout, random), tensor.shape));
    const targets = rows.map((row) => row.targets);
    let parts: Record<string, Tensor> = {};
    const { value, grads } = tf.variableGrads(() => {
      const loss = lossOf(tf, student.heads, upper(batch, hidden, dropout), targets, recipe.label_smoothing);
      parts = loss.byHead;
      for (const part of Object.values(parts)) tf.keep(part);
      return loss.total;
    }, [...variables.values()]);
    const gradients = new Map(
      Object.entries(grads).map(([key, tensor]) => [byVariable.get(key) ?? key, tensor.dataSync() as Float32Array]),
    );
    const loss: StepLoss = {
      total: value.dataSync()[0] ?? 0,
      byHead: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.dataSync()[0] ?? 0])),
    };
    tf.dispose(grads);
    tf.dispose(parts);
    value.dispose();
    const scale = clipScale(gradients.values(), recipe.clip_norm);
    const rate = cosineRate(share, recipe.warmup);
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
    return loss;
  };

  const predict: Predict = (rows) => {
    const out: Record<string, number[][]> = Object.fromEntries(
      student.heads.map(({ name }) => [name, Array.from<number[]>({ length: rows.length })]),
    );
    const order = rows
      .map((_, index) => index)
      .toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
    for (let at = 0; at < order.length; at += recipe.batch_rows) {
      const indexes = order.slice(at, at + recipe.batch_rows);
      const chosen = indexes.map((index) => rows[index] as { ids: Int32Array });
      const batch = toBatch(chosen, shape.pad_token_id);
      const hidden = frozen(chosen, batch);
      const logits = tf.tidy(() =>
        Object.entries(upper(batch, hidden, null)).map(([name, tensor]) => [name, tensor.arraySync()] as const),
      );
      for (const [name, values] of logits)
        for (const [i, index] of indexes.entries()) (out[name] as number[][])[index] = values[i] as number[];
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
  return { step, predict, weights };
}
