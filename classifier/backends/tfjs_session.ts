/**
 * The served model on TensorFlow.js: float weights out of the shipped ONNX graph (classifier/train/import_onnx.ts; no
 * second copy is shipped), through the forward pass that training uses (classifier/train/model.ts). What is served here is
 * therefore what was trained, to rounding. The exit half way up is not used: on a GPU the whole is cheaper than asking.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import type { Heads } from '../labels.ts';
import type { BatchLimits } from '../queue.ts';
import { createTokenizer } from '../tokenizer.ts';
import { readOnnxWeights } from '../train/import_onnx.ts';
import { readWholeGraph } from '../train/join.ts';
import {
  ACTIVATIONS,
  forward,
  toTensors,
  type HeadShape,
  type ModelShape,
  type Network,
  type Tensors,
} from '../train/model.ts';
import type { Tensorflow } from '../train/tensorflow.ts';
import { inferInBatches, type RunBatch, type Session } from './inference.ts';
import { openLibrary, type LibraryChoice } from './tfjs_library.ts';

export interface TfjsOptions {
  /** Folder of the model; its files were checked. */
  readonly folder: string;
  readonly tokenizerFile: string;
  readonly maxLength: number;
  readonly padId: number;
  readonly halvings: number;
  readonly library: LibraryChoice;
  readonly limits: BatchLimits;
  readonly heads: Heads;
}

const shapeSchema = z.object({
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().min(0),
  num_attention_heads: z.int().positive(),
  intermediate_size: z.int().positive(),
  hidden_act: z.enum(ACTIVATIONS).default('gelu'),
  layer_norm_eps: z.number().positive(),
  vocab_size: z.int().positive(),
  pad_token_id: z.int().min(0),
  halve_before: z.array(z.int().min(1)).default([]),
});

/** @throws TidewatchError model.missing, library.missing */
export async function openTfjsSession(options: TfjsOptions): Promise<Session> {
  const { folder, limits, padId, halvings } = options;
  const tf = await openLibrary(options.library);
  const tokenizer = createTokenizer(JSON.parse(await readFile(options.tokenizerFile, 'utf8')), options.maxLength);
  const network: Network = { shape: await readShape(folder), heads: headShapes(options.heads), exitAfter: null };
  const weights = await loadWeights(tf, folder, network);
  const runBatch: RunBatch = ({ ids, mask, lengths, length }, heads) =>
    run(tf, async () => {
      const batch = {
        ids: Int32Array.from(ids, Number),
        mask: Float32Array.from(mask, Number),
        rows: lengths.length,
        length,
      };
      const logits = tf.tidy(() => forward(tf, network, weights, batch));
      const read = await Promise.all(
        heads.map(async (name) => [name, (await logits[name]?.data()) as Float32Array] as const),
      );
      tf.dispose(logits);
      return Object.fromEntries(read);
    });
  // The first batch compiles shaders; who waits for the backend to open waits for that too.
  await inferInBatches({ texts: ['a'], heads: ['sentiment'] }, { tokenizer, limits, padId, halvings, runBatch });
  return {
    infer: (request) => inferInBatches(request, { tokenizer, limits, padId, halvings, runBatch }),
    async close() {
      tf.dispose([...weights.values()]);
    },
  };
}

async function run<Answer>(tf: Tensorflow, action: () => Promise<Answer>): Promise<Answer> {
  try {
    return await action();
  } catch (thrown) {
    const { message } = toTidewatchError(thrown);
    throw new TidewatchError('model.failed', `TensorFlow.js (${tf.getBackend()}) failed on a batch: ${message}`, {
      cause: thrown,
    });
  }
}

async function readShape(folder: string): Promise<ModelShape> {
  const parsed = shapeSchema.safeParse(JSON.parse(await readFile(`${folder}/config.json`, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new TidewatchError(
    'model.missing',
    `${folder}/config.json does not give the sizes of a BERT encoder: ${z.prettifyError(parsed.error)}`,
    { hint: 'Export the model with `tidewatch train`, or serve it with the onnx backend.' },
  );
}

function headShapes(heads: Heads): HeadShape[] {
  return Object.entries(heads).flatMap(([name, head]) =>
    head === null
      ? []
      : [{ name, kind: name === 'topics_zh' ? 'multi_label' : 'softmax', labels: head.labels } as const],
  );
}

/** Weights as tensors; a graph of another making is refused here and not in the middle of a batch. */
async function loadWeights(tf: Tensorflow, folder: string, { shape, heads }: Network): Promise<Tensors> {
  const weights = readOnnxWeights(readWholeGraph(folder));
  const wanted = [
    'embeddings.word_embeddings.weight',
    ...Array.from({ length: shape.num_hidden_layers }, (_, layer) => `encoder.layer.${layer}.output.dense.weight`),
    ...heads.map(({ name }) => `heads.${name}.weight`),
  ];
  const lacking = wanted.filter((name) => !weights.has(name));
  if (lacking.length > 0) {
    throw new TidewatchError('model.missing', `The graph in ${folder} holds no weights named ${lacking.join(', ')}`, {
      hint: 'Export the model with `tidewatch train`, or serve it with the onnx backend.',
    });
  }
  return toTensors(tf, weights);
}
