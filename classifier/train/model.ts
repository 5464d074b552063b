/**
 * The whole forward pass of the classifier, in one place: a BERT-shaped encoder (Devlin et al. 2019; post-layer-norm),
 * the mean over real tokens as in E5 (Wang et al. 2022), one linear head a task, and where the
 * model has an exit the same heads again half way up. Sizes in comments: B texts, L tokens,
 * H hidden width, A attention heads, D = H / A.
 *
 * Weights keep BERT's usual names and [out, in] layout, so a base model's file is read as it is. The library is an
 * argument: any TensorFlow.js backend computes this. Rejected: the tfjs layers API, whose checkpoint format and hidden
 * masking would have to be mapped to ONNX anyway; plain functions can be read beside export.ts, line by line.
 */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { gelu, layerNorm } from './gradients.ts';
import type { Tensorflow } from './tensorflow.ts';
import type { Weights } from './safetensors.ts';

/** What may stand between the two products of a feed-forward block. */
export const ACTIVATIONS = ['gelu', 'relu'] as const;

export interface ModelShape {
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  /** GELU where nothing is said. */
  hidden_act?: (typeof ACTIVATIONS)[number] | undefined;
  layer_norm_eps: number;
  vocab_size: number;
  pad_token_id: number;
  /** Layers (the lowest is 0) before which neighbouring positions become one, two by two, so that from there on there is half the work. */
  halve_before?: readonly number[] | undefined;
}

/** Output heads in the order of the artifact; the label order is the order of the logits. */
export interface HeadShape {
  name: string;
  /** `softmax`: exactly one label is true. `multi_label`: each is true or not, on its own. */
  kind: 'softmax' | 'multi_label';
  labels: readonly string[];
  /** Of a head at the exit: the head that it stands in for. */
  target?: string;
}

/** What there is to compute, without the numbers. */
export interface Network {
  shape: ModelShape;
  heads: readonly HeadShape[];
  /** Layers below the exit, whose heads read the state half way up so that an easy text can stop there; null without. */
  exitAfter: number | null;
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

/** Word + position + type embeddings, normalised: each token a position of its own. */
export function embed(tf: Tensorflow, shape: ModelShape, weights: Tensors, batch: Batch): Positions {
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
  const hidden = norm(tf, shape, weights, 'embeddings.LayerNorm', sum);
  return { hidden, tokens: tf.tensor2d(batch.mask, [rows, length]) };
}

/** A batch half way up: a state a position, and how many tokens each stands for (0 on padding). */
export interface Positions {
  /** [B, L, H] */
  hidden: Tensor;
  /** [B, L] */
  tokens: Tensor;
}

/** How often positions were halved before they come to a layer's input, its own halving not counted. */
export function halvingsBelow({ halve_before: before = [] }: ModelShape, layer: number): number {
  return before.filter((at) => at < layer).length;
}

/** Layers `from` (included) to `to` (excluded), with the halvings that come before them. */
export function encode(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  start: Positions,
  from: number,
  to: number,
  dropout: Dropout = null,
): Positions {
  let state = start;
  let penalty = penaltyOf(tf, state.tokens);
  for (let layer = from; layer < to; layer += 1) {
    const isHalved = shape.halve_before?.includes(layer) === true;
    const { hidden: own, tokens } = isHalved ? halve(tf, state) : state;
    state = { hidden: encodeLayer(tf, shape, weights, layer, own, state.hidden, penalty, dropout), tokens };
    if (isHalved) penalty = penaltyOf(tf, tokens);
  }
  return state;
}

/** What is added to the attention scores: 0 on tokens, -1e9 on padding. [B, L] → [B, 1, 1, L] */
function penaltyOf(tf: Tensorflow, tokens: Tensor): Tensor {
  const [rows = 0, length = 0] = tokens.shape;
  const isReal = tf.cast(tf.greater(tf.reshape(tokens, [rows, 1, 1, length]), 0), 'float32');
  return tf.mul(tf.sub(isReal, 1), 1e9);
}

/**
 * Neighbouring positions, two by two, as the mean of the tokens they stand for: the layers above read half as many, and
 * the one that comes next still attends to all (after Dai et al. 2020, "Funnel-Transformer"). [B, L, H] → [B, ⌈L / 2⌉, H]
 */
function halve(tf: Tensorflow, { hidden, tokens }: Positions): Positions {
  const [rows = 0, length = 0, width = 0] = hidden.shape;
  const half = Math.ceil(length / 2);
  const odd = half * 2 - length;
  const pairs = tf.reshape(tf.pad(tokens, [[0, 0], [0, odd]]), [rows, half, 2, 1]); // prettier-ignore
  const states = tf.reshape(tf.pad(hidden, [[0, 0], [0, odd], [0, 0]]), [rows, half, 2, width]); // prettier-ignore
  const sums = tf.sum(pairs, 2); // [B, L / 2, 1]
  const mean = tf.div(tf.sum(tf.mul(states, pairs), 2), tf.maximum(sums, 1));
  return { hidden: mean, tokens: tf.reshape(sums, [rows, half]) };
}

/** `hidden` are the layer's own positions, `below` those it attends to: the same, or before they were halved. */
function encodeLayer(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  layer: number,
  hidden: Tensor,
  below: Tensor,
  penalty: Tensor,
  dropout: Dropout,
): Tensor {
  const name = `encoder.layer.${layer}`;
  const drop = dropout ?? ((tensor: Tensor) => tensor);
  const attended = attention(tf, shape, weights, name, hidden, below, penalty); // [B, L, H]
  const projected = drop(dense(tf, weights, `${name}.attention.output.dense`, attended));
  const middle = norm(tf, shape, weights, `${name}.attention.output.LayerNorm`, tf.add(projected, hidden));
  const wide = dense(tf, weights, `${name}.intermediate.dense`, middle);
  const inner = shape.hidden_act === 'relu' ? tf.relu(wide) : gelu(tf, wide); // [B, L, 4·H]
  const outer = drop(adapt(tf, weights, `${name}.adapter`, dense(tf, weights, `${name}.output.dense`, inner))); // [B, L, H]
  return norm(tf, shape, weights, `${name}.output.LayerNorm`, tf.add(outer, middle));
}

/** A bottleneck adapter (Houlsby et al. 2019; one a layer, as Pfeiffer et al. 2020), where the model has any. */
function adapt(tf: Tensorflow, weights: Tensors, name: string, hidden: Tensor): Tensor {
  if (!weights.has(`${name}.down.weight`)) return hidden;
  const narrow = gelu(tf, dense(tf, weights, `${name}.down`, hidden)); // [B, L, width of the bottleneck]
  return tf.add(hidden, dense(tf, weights, `${name}.up`, narrow)); // [B, L, H]
}

/** Scaled dot-product attention over A heads, of L positions to the M `below`. [B, L, H] and [B, M, H] → [B, L, H] */
function attention(
  tf: Tensorflow,
  shape: ModelShape,
  weights: Tensors,
  name: string,
  hidden: Tensor,
  below: Tensor,
  penalty: Tensor,
): Tensor {
  const [rows = 0, length = 0, width = 0] = hidden.shape;
  const heads = shape.num_attention_heads;
  const split = (part: string, of: Tensor): Tensor => {
    const flat = dense(tf, weights, `${name}.attention.self.${part}`, of);
    return tf.transpose(tf.reshape(flat, [rows, of.shape[1] ?? 0, heads, width / heads]), [0, 2, 1, 3]); // [B, A, L, D]
  };
  const query = tf.mul(split('query', hidden), 1 / Math.sqrt(width / heads));
  const scores = tf.add(tf.matMul(query, split('key', below), false, true), penalty); // [B, A, L, M]
  const mixed = tf.matMul(tf.softmax(scores), split('value', below)); // [B, A, L, D]
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [rows, length, width]);
}

/** Mean over real tokens. → [B, H] */
export function pool(tf: Tensorflow, { hidden, tokens }: Positions): Tensor2D {
  const counts = tf.expandDims(tokens, 2); // [B, L, 1]
  return tf.div(tf.sum(tf.mul(hidden, counts), 1), tf.sum(counts, 1)) as Tensor2D;
}

export interface Reading {
  /** By head: [B, labels] each. */
  logits: Record<string, Tensor2D>;
  /** The text as the upper heads see it: [B, H] */
  pooled: Tensor2D;
}

/** From the state after `from` layers to the logits of all heads. */
export function read(
  tf: Tensorflow,
  { shape, heads, exitAfter }: Network,
  weights: Tensors,
  start: Positions,
  from: number,
  dropout: Dropout = null,
): Reading {
  const half = encode(tf, shape, weights, start, from, exitAfter ?? from, dropout);
  const top = encode(tf, shape, weights, half, exitAfter ?? from, shape.num_hidden_layers, dropout);
  const pooled = pool(tf, top);
  const logits: Record<string, Tensor2D> = {};
  const ask = (state: Tensor, asked: readonly HeadShape[]): void => {
    const input = dropout === null ? state : dropout(state);
    for (const { name } of asked) logits[name] = dense(tf, weights, `heads.${name}`, input) as Tensor2D;
  };
  ask(
    pooled,
    heads.filter(({ target }) => target === undefined),
  );
  if (exitAfter !== null)
    ask(
      pool(tf, half),
      heads.filter(({ target }) => target !== undefined),
    );
  return { logits, pooled };
}

/** Texts in, logits out: the served model, without dropout. */
export function forward(tf: Tensorflow, network: Network, weights: Tensors, batch: Batch): Record<string, Tensor2D> {
  return read(tf, network, weights, embed(tf, network.shape, weights, batch), 0).logits;
}

/**
 * x · Wᵀ + b over the last axis, as one flat product: faster, and its gradient needs no sum over the batch axis. Where
 * there is a low-rank addition (LoRA, Hu et al. 2022), also + s · (x · Aᵀ) · Bᵀ, with A [rank, in] and B [out, rank].
 */
function dense(tf: Tensorflow, weights: Tensors, name: string, input: Tensor): Tensor {
  const weight = get(weights, `${name}.weight`);
  const inputWidth = input.shape.at(-1) ?? 0;
  const flat = tf.reshape(input, [input.size / inputWidth, inputWidth]);
  // WebAssembly has a fast product only for operands that lie in order; the native library turns them at no cost.
  const turned = (left: Tensor, right: Tensor): Tensor =>
    tf.getBackend() === 'wasm' ? tf.matMul(left, tf.transpose(right)) : tf.matMul(left, right as Tensor2D, false, true);
  let product = turned(flat, weight);
  if (weights.has(`${name}.lora_a`)) {
    const low = turned(turned(flat, get(weights, `${name}.lora_a`)), get(weights, `${name}.lora_b`));
    product = tf.add(product, tf.mul(low, get(weights, `${name}.lora_scale`)));
  }
  return tf.reshape(tf.add(product, get(weights, `${name}.bias`)), [...input.shape.slice(0, -1), weight.shape[0] ?? 0]);
}

function norm(tf: Tensorflow, shape: ModelShape, weights: Tensors, name: string, input: Tensor): Tensor {
  return layerNorm(tf, input, get(weights, `${name}.weight`), get(weights, `${name}.bias`), shape.layer_norm_eps);
}

function get(weights: Tensors, name: string): Tensor {
  const weight = weights.get(name);
  if (weight === undefined) throw new Error(`The model has no weight named ${name}`);
  return weight;
}
