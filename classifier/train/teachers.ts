/**
 * Who can teach: a trained checkpoint, computed by TensorFlow.js with its pooled states, or the folder of an exported model,
 * asked as it is served, which is several times as fast and shows its logits only.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';
import { toBatch } from './batches.ts';
import { checkpointPath, finalWeights, readCheckpoint } from './checkpoint.ts';
import type { Row } from './data.ts';
import { readWholeGraph } from './join.ts';
import { HEADS } from './labels.ts';
import { embed, type Network, read, toTensors } from './model.ts';
import { type DistilRecipe, readRecipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { openServed } from './served.ts';
import { createStudent } from './student.ts';
import { POOLED, type Teacher } from './teacher.ts';
import type { Tensorflow } from './tensorflow.ts';

/**
 * @throws TidewatchError model.missing where the teacher was not trained yet, config.invalid where states are asked of a folder
 */
export async function openTeacher(tf: Tensorflow, distil: DistilRecipe): Promise<Teacher> {
  const { teacher, hidden_weight: hidden } = distil;
  if (!existsSync(join(teacher, 'config.json'))) return trainedTeacher(tf, loadTrained(teacher));
  if (hidden > 0) {
    throw new TidewatchError('config.invalid', `distil.hidden_weight: the exported model ${teacher} shows no states`, {
      hint: 'Set it to 0, or name the recipe of a checkpoint as teacher.',
    });
  }
  return servedTeacher(teacher);
}

/** An exported model: its label heads' logits, by ONNX Runtime. */
async function servedTeacher(folder: string): Promise<Teacher> {
  const { pad_token_id: padId } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    pad_token_id: number;
  };
  const graph = readWholeGraph(folder);
  const served = await openServed([graph], padId);
  const answer = async (rows: readonly Row[]): Promise<Weights> => {
    const logits = await served.predict(rows);
    return new Map(
      HEADS.filter(({ name }) => name in logits).map(({ name, labels }) => [
        name,
        { shape: [rows.length, labels.length], data: Float32Array.from((logits[name] ?? []).flat()) },
      ]),
    );
  };
  return { name: createHash('sha256').update(graph).digest('hex'), answer, close: served.close };
}

interface Trained {
  name: string;
  network: Network;
  weights: Weights;
}

function loadTrained(path: string): Trained {
  const recipe = readRecipe(path);
  const state = readCheckpoint(checkpointPath(recipe));
  if (state === null) {
    throw new TidewatchError('model.missing', `distil.teacher: ${checkpointPath(recipe)} is not there`, {
      hint: `Train the teacher first: tidewatch train --config ${path}`,
    });
  }
  const network = createStudent(recipe);
  const weights: Weights = new Map(network.weights);
  for (const [name, data] of finalWeights(state))
    weights.set(name, { shape: network.weights.get(name)?.shape ?? [data.length], data });
  return { name: `${recipe.name}@${recipe.version} step ${state.progress.step}`, network, weights };
}

/** A network with its weights: logits of the heads at its top, and pooled states. */
export function trainedTeacher(tf: Tensorflow, { name, network, weights }: Trained): Teacher {
  const tensors = toTensors(tf, weights);
  const { shape, heads } = network;
  const hash = createHash('sha256').update(name);
  for (const [weight, { data }] of weights)
    if (weight.startsWith('heads.')) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const widths: [string, number][] = [
    ...heads
      .filter(({ target }) => target === undefined)
      .map((head): [string, number] => [head.name, head.labels.length]),
    [POOLED, shape.hidden_size],
  ];

  const answer = async (rows: readonly Row[]): Promise<Weights> => {
    const out: Weights = new Map(
      widths.map(([head, width]) => [
        head,
        { shape: [rows.length, width], data: new Float32Array(rows.length * width) },
      ]),
    );
    const order = [...rows.keys()].toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
    for (let at = 0; at < order.length; at += 32) {
      const indexes = order.slice(at, at + 32);
      const batch = toBatch(
        indexes.map((index) => rows[index] as Row),
        shape.pad_token_id,
      );
      const said = tf.tidy(() => {
        const { logits, pooled } = read(tf, network, tensors, embed(tf, shape, tensors, batch), 0);
        const all: Record<string, Tensor> = { ...logits, [POOLED]: pooled };
        return all;
      });
      for (const [head, width] of widths) {
        const values = await said[head]?.data<'float32'>();
        for (const [i, index] of indexes.entries())
          if (values !== undefined) out.get(head)?.data.set(values.subarray(i * width, (i + 1) * width), index * width);
      }
      tf.dispose(said);
    }
    return out;
  };
  const close = async (): Promise<void> => {
    for (const tensor of tensors.values()) tensor.dispose();
    await Promise.resolve();
  };
  return { name: hash.digest('hex'), answer, close };
}
