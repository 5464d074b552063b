/**
 * The whole forward pass of the classifier, in one place: a BERT-shaped encoder (Devlin et al. 2019; post-layer-norm),
 * the mean over real tokens as in E5 (Wang et al. 2022), one linear head a task. Sizes in comments: B texts, L tokens,
 * H hidden width, A attention heads, D = H / A.
 *
 * Weights keep BERT's usual names and [out, in] layout, so a base model's file is read as it is. The library is an
 * argument: any TensorFlow.js backend computes this. Rejected: the tfjs layers API, whose checkpoint format and hidden
 * masking would have to be mapped to ONNX anyway; plain functions can be read beside export.ts, line by line.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from './tensorflow.ts';
import type { Weights } from './safetensors.ts';

export interface ModelShape {
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  layer_norm_eps: number;
  vocab_size: number;
  pad_token_id: number;
}

/** Output heads in the order of the artifact; the label order is the order of the logits. */
export interface HeadShape {
  name: string;
  kind: 'softmax' | 'multi_label';
  labels: readonly string[];
}

/** Heads that read the state after some lower layers already, so that an easy text need not go further up. */
export interface Exit {
  after: number;
  heads: readonly HeadShape[];
}

export type Tensors = Map<string, Tensor>;

/** Zeroes a share of values and scales the rest; null when the model is only read. */
export type Dropout = ((hidden: Tensor) => Tensor) | null;

export interface Batch {
  /** Token ids, row after row, padded with pad_token_id. */
  ids: Int32Array;
  /** 1 for a token, 0 for padding. */
  mask: Float32Array;
  rows: number;
  length: number;
}

export function toTensors(tf: Tensorflow, weights: Weights): Tensors {
  return new Map([...weights].map(([name, { shape, data }]) => [name, tf.tensor(data, shape, 'float32')]));
}

/** Word + position + type embeddings, normalised. → [B, L, H] */
export function embed(tf: Tensorflow, shape: ModelShape, weights: Tensors, batch: Batch): Tensor {
  const { rows, length } = batch;
  const ids = tf.tensor1d(batch.ids, 'int32');
  const words = tf.gather(get(weights, 'embeddings.word_embeddings.weight'), ids); // [B·L, H]
  const positions = tf.slice(
    get(weights, 'embeddings.position_embeddings.weight'),
    [0, 0],
    [length, shape.hidden_size],
  ); // [L, H]
  const type = tf.slice(get(weights, 'embeddings.token_type_embeddings.weight'), [0, 0], [1, shape.hidden_size]); // [1, H]
  const sum = tf.add(tf.reshape(words, [rows, length, shape.hidden_size]), tf.add(positions, type));
  return layerNorm(tf, shape, weights, 'embeddings.LayerNorm', sum);
}

/** Layers `from` (included) to `to` (excluded). hidden [B, L, H] → [B, L, H] */
export function encode(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  hidden: Tensor,
  batch: Batch,
  from: number,
  to: number,
  dropout: Dropout = null,
): Tensor {
  const mask = tf.tensor(batch.mask, [batch.rows, 1, 1, batch.length]);
  const penalty = tf.mul(tf.sub(mask, 1), 1e9); // 0 on tokens, -1e9 on padding, added to the attention scores
  let state = hidden;
  for (let layer = from; layer < to; layer += 1)
    state = encodeLayer(tf, shape, weights, layer, state, penalty, dropout);
  return state;
}

function encodeLayer(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  layer: number,
  hidden: Tensor,
  penalty: Tensor,
  dropout: Dropout,
): Tensor {
  const name = `encoder.layer.${layer}`;
  const drop = dropout ?? ((tensor: Tensor) => tensor);
  const attended = attention(tf, shape, weights, name, hidden, penalty); // [B, L, H]
  const projected = drop(dense(tf, weights, `${name}.attention.output.dense`, attended));
  const middle = layerNorm(tf, shape, weights, `${name}.attention.output.LayerNorm`, tf.add(projected, hidden));
  const inner = gelu(tf, dense(tf, weights, `${name}.intermediate.dense`, middle)); // [B, L, 4·H]
  const outer = drop(dense(tf, weights, `${name}.output.dense`, inner)); // [B, L, H]
  return layerNorm(tf, shape, weights, `${name}.output.LayerNorm`, tf.add(outer, middle));
}

/** Scaled dot-product attention over A heads. [B, L, H] → [B, L, H] */
function attention(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  name: string,
  hidden: Tensor,
  penalty: Tensor,
): Tensor {
  const [rows = 0, length = 0, width = 0] = hidden.shape;
  const heads = shape.num_attention_heads;
  const split = (part: string): Tensor => {
    const flat = dense(tf, weights, `${name}.attention.self.${part}`, hidden);
    return tf.transpose(tf.reshape(flat, [rows, length, heads, width / heads]), [0, 2, 1, 3]); // [B, A, L, D]
  };
  const query = tf.mul(split('query'), 1 / Math.sqrt(width / heads));
  const scores = tf.add(tf.matMul(query, split('key'), false, true), penalty); // [B, A, L, L]
  const mixed = tf.matMul(tf.softmax(scores), split('value')); // [B, A, L, D]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, length, width]);
}

/** Mean over real tokens. [B, L, H] → [B, H] */
export function pool(tf: Tensorflow, hidden: Tensor, batch: Batch): Tensor2D {
  const mask = tf.tensor(batch.mask, [batch.rows, batch.length, 1]);
  return tf.div(tf.sum(tf.mul(hidden, mask), 1), tf.sum(mask, 1)) as Tensor2D;
}

/** Logits by head: [B, labels] each. */
export function classify(
  tf: Tensorflow,
  weights: Tensors,
  heads: readonly HeadShape[],
  pooled: Tensor,
): Record<string, Tensor2D> {
  return Object.fromEntries(heads.map(({ name }) => [name, dense(tf, weights, `heads.${name}`, pooled) as Tensor2D]));
}

/** Texts in, logits out: the served model, without dropout. */
export function forward(
  tf: Tensorflow,
  shape: ModelShape,
  heads: readonly HeadShape[],
  weights: Tensors,
  batch: Batch,
): Record<string, Tensor2D> {
  const hidden = encode(tf, shape, weights, embed(tf, shape, weights, batch), batch, 0, shape.num_hidden_layers);
  return classify(tf, weights, heads, pool(tf, hidden, batch));
}

/** x · Wᵀ + b over the last axis, as one flat product: faster, and its gradient needs no sum over the batch axis. */
function dense(tf: Tensorflow, weights: Tensors, name: string, input: Tensor): Tensor {
  const weight = get(weights, `${name}.weight`);
  const inputWidth = input.shape.at(-1) ?? 0;
  const flat = tf.reshape(input, [input.size / inputWidth, inputWidth]);
  // WebAssembly has a fast product only for operands that lie in order; the native library turns them at no cost.
  const turned =
    tf.getBackend() === 'wasm'
      ? tf.matMul(flat, tf.transpose(weight))
      : tf.matMul(flat, weight as Tensor2D, false, true);
  const product = tf.add(turned, get(weights, `${name}.bias`));
  return tf.reshape(product, [...input.shape.slice(0, -1), weight.shape[0] ?? 0]);
}

function layerNorm(tf: Tensorflow, shape: ModelShape, weights: Tensors, name: string, input: Tensor): Tensor {
  const centred = tf.sub(input, tf.mean(input, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, shape.layer_norm_eps)));
  return tf.add(tf.mul(normal, get(weights, `${name}.weight`)), get(weights, `${name}.bias`));
}

/** The exact GELU, x · Φ(x), as the base model was trained with; not the tanh approximation. */
function gelu(tf: Tensorflow, input: Tensor): Tensor {
  return tf.mul(tf.mul(input, 0.5), tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1));
}

function get(weights: Tensors, name: string): Tensor {
  const weight = weights.get(name);
  if (weight === undefined) throw new Error(`The model has no weight named ${name}`);
  return weight;
}
