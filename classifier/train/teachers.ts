/**
 * Who can teach: a trained checkpoint, computed by TensorFlow.js, or the folder of an exported model, asked as it is served,
 * which is several times as fast. Both can show their pooled states besides what they answer.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';
import { toBatch } from './batches.ts';
import { checkpointPath } from './checkpoint.ts';
import { readTrained } from './export.ts';
import { readWholeGraph } from './join.ts';
import { HEADS } from './labels.ts';
import { embed, type ModelShape, type Network, read, toTensors } from './model.ts';
import { decodeModel, encodeModel, type OnnxModel, type OnnxNode, value } from './onnx_format.ts';
import { type DistilRecipe, readRecipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { openServed } from './served.ts';
import { type Asked, POOLED, type Teacher } from './teacher.ts';
import type { Tensorflow } from './tensorflow.ts';

/** @throws TidewatchError model.missing where the teacher was not trained yet */
export async function openTeacher(tf: Tensorflow, { teacher, hidden_weight }: DistilRecipe): Promise<Teacher> {
  if (existsSync(join(teacher, 'config.json'))) return servedTeacher(teacher, hidden_weight > 0);
  return trainedTeacher(tf, loadTrained(teacher));
}

/** An exported model: its label heads' logits, and what they read where that is wanted, by ONNX Runtime. */
async function servedTeacher(folder: string, showsStates: boolean): Promise<Teacher> {
  const { pad_token_id: padId, hidden_size: width } = JSON.parse(
    readFileSync(join(folder, 'config.json'), 'utf8'),
  ) as ModelShape;
  const whole = readWholeGraph(folder);
  const graph = showsStates ? encodeModel(withPooled(decodeModel(whole), width)) : whole;
  const served = await openServed([graph], padId);
  const asked = [...HEADS.map(({ name, labels }) => [name, labels.length] as const), [POOLED, width] as const];
  const answer = async (rows: readonly Asked[]): Promise<Weights> => {
    const said = await served.predict(rows);
    return new Map(
      asked
        .filter(([name]) => name in said)
        .map(([name, size]) => [
          name,
          { shape: [rows.length, size], data: Float32Array.from((said[name] ?? []).flat()) },
        ]),
    );
  };
  return { name: createHash('sha256').update(graph).digest('hex'), answer, close: served.close };
}

/** A served graph with the pooled states as an output too: what the head of sentiment reads. */
function withPooled(model: OnnxModel, width: number): OnnxModel {
  const head = model.graph.node.find(({ output }) => output[0] === 'sentiment');
  const shown: OnnxNode = {
    input: [head?.input[0] ?? ''],
    output: [POOLED],
    name: POOLED,
    op_type: 'Identity',
    domain: '',
    attribute: [],
  };
  const { graph } = model;
  const output = [...graph.output, value(POOLED, 'float', ['batch', width])];
  return { ...model, graph: { ...graph, node: [...graph.node, shown], output } };
}

interface Trained {
  name: string;
  network: Network;
  weights: Weights;
}

function loadTrained(path: string): Trained {
  const recipe = readRecipe(path);
  if (!existsSync(checkpointPath(recipe))) {
    throw new TidewatchError('model.missing', `distil.teacher: ${checkpointPath(recipe)} is not there`, {
      hint: `Train the teacher first: tidewatch train --config ${path}`,
    });
  }
  const { student, weights, step } = readTrained(recipe);
  return { name: `${recipe.name}@${recipe.version} step ${step}`, network: student, weights };
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

  const answer = async (rows: readonly Asked[]): Promise<Weights> => {
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
        indexes.map((index) => rows[index] as Asked),
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
