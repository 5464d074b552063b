/**
 * A teacher's answers to all training rows, computed once and kept on disk: the student then trains as fast as without a
 * teacher, as often as one likes. Kept in parts, so that a run that dies half way goes on from the last whole part; each part
 * names the teacher and the rows it answers, and one that is of others is computed again.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';
import { toBatch } from './batches.ts';
import { checkpointPath, finalWeights, readCheckpoint } from './checkpoint.ts';
import type { Row } from './data.ts';
import type { Answers } from './distil_loss.ts';
import { embed, type Network, read, toTensors } from './model.ts';
import { readRecipe } from './recipe.ts';
import { readSafetensors, type Weights, writeSafetensors } from './safetensors.ts';
import { createStudent } from './student.ts';
import type { Tensorflow } from './tensorflow.ts';

/** What the teacher says of these rows, in their order. */
export type Teaching = (rows: readonly Row[]) => Answers;

export interface Teacher {
  network: Network;
  weights: Weights;
  /** Names the model, so that answers of another are not taken for its own. */
  name: string;
}

const PART = 4096;

/** @throws TidewatchError model.missing where the teacher was not trained yet */
export function loadTeacher(path: string): Teacher {
  const recipe = readRecipe(path);
  const state = readCheckpoint(checkpointPath(recipe));
  if (state === null) {
    throw new TidewatchError('model.missing', `distil.teacher: ${checkpointPath(recipe)} is not there`, {
      hint: `Train the teacher first: tidewatch train --config ${path}`,
    });
  }
  const student = createStudent(recipe);
  const weights: Weights = new Map(student.weights);
  for (const [name, data] of finalWeights(state))
    weights.set(name, { shape: student.weights.get(name)?.shape ?? [data.length], data });
  return { network: student, weights, name: `${recipe.name}@${recipe.version} step ${state.progress.step}` };
}

export async function askTeacher(
  tf: Tensorflow,
  teacher: Teacher,
  rows: readonly Row[],
  folder: string,
  log: (line: string) => void,
): Promise<Teaching> {
  mkdirSync(folder, { recursive: true });
  const parts: Weights[] = [];
  const tensors = toTensors(tf, teacher.weights);
  for (let at = 0; at < rows.length; at += PART) {
    const part = rows.slice(at, at + PART);
    const path = join(folder, `part-${String(at / PART).padStart(4, '0')}.safetensors`);
    const asked = fingerprint(teacher, part);
    const stored = existsSync(path) ? readSafetensors(path) : null;
    if (stored?.metadata['asked'] === asked) {
      parts.push(stored.weights);
      continue;
    }
    const answers = await answer(tf, teacher.network, tensors, part);
    writeSafetensors(path, answers, { asked });
    parts.push(answers);
    log(`teacher: ${at + part.length} of ${rows.length} rows answered`);
  }
  for (const tensor of tensors.values()) tensor.dispose();
  const places = new Map(rows.map((row, index) => [row.ids, index]));
  return (asked) =>
    pick(
      parts,
      asked.map((row) => places.get(row.ids) ?? -1),
    );
}

const POOLED = 'pooled';

async function answer(
  tf: Tensorflow,
  network: Network,
  tensors: ReturnType<typeof toTensors>,
  rows: readonly Row[],
): Promise<Weights> {
  const { shape, heads } = network;
  const own = heads.filter(({ target }) => target === undefined);
  const out: Weights = new Map(
    [...own.map(({ name, labels }) => [name, labels.length] as const), [POOLED, shape.hidden_size] as const].map(
      ([name, width]) => [name, { shape: [rows.length, width], data: new Float32Array(rows.length * width) }],
    ),
  );
  const order = [...rows.keys()].toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
  for (let at = 0; at < order.length; at += 32) {
    const indexes = order.slice(at, at + 32);
    const batch = toBatch(
      indexes.map((index) => rows[index] as Row),
      shape.pad_token_id,
    );
    const said = tf.tidy(() => {
      const { logits, pooled } = read(tf, network, tensors, embed(tf, shape, tensors, batch), batch, 0);
      const all: Record<string, Tensor> = { ...logits, [POOLED]: pooled };
      return all;
    });
    for (const [name, kept] of out) {
      const values = await said[name]?.data<'float32'>();
      const width = kept.shape[1] ?? 0;
      for (const [i, index] of indexes.entries())
        if (values !== undefined) kept.data.set(values.subarray(i * width, (i + 1) * width), index * width);
    }
    tf.dispose(said);
  }
  return out;
}

function pick(parts: readonly Weights[], places: readonly number[]): Answers {
  const gather = (name: string, width: number): Float32Array => {
    const out = new Float32Array(places.length * width);
    for (const [row, place] of places.entries()) {
      const from = (place % PART) * width;
      const data = parts[Math.floor(place / PART)]?.get(name)?.data;
      if (data !== undefined) out.set(data.subarray(from, from + width), row * width);
    }
    return out;
  };
  const widths = [...(parts[0] ?? [])].map(([name, { shape }]) => [name, shape[1] ?? 0] as const);
  const all = Object.fromEntries(widths.map(([name, width]) => [name, gather(name, width)]));
  const { [POOLED]: pooled = new Float32Array(), ...logits } = all;
  return { logits, pooled };
}

function fingerprint({ name, weights }: Teacher, rows: readonly Row[]): string {
  const hash = createHash('sha256').update(name);
  for (const [weight, { data }] of weights)
    if (weight.startsWith('heads.')) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  for (const row of rows)
    hash.update(new Uint8Array(row.ids.buffer, row.ids.byteOffset, row.ids.byteLength)).update(';');
  return hash.digest('hex');
}
