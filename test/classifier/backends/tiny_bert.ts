/**
 * The tiny model again, but as a BERT encoder of one layer with the shipped graph's operators and names, so that ONNX Runtime
 * and TensorFlow.js can both run it. A word's vector says what it votes for; the layer's own weights are small, so
 * every operator counts a little and a vote still decides.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Activations, inputOf } from '../../../classifier/train/activations.ts';
import { buildGraph, partsOf } from '../../../classifier/train/artifact_graph.ts';
import type { HeadShape, ModelShape } from '../../../classifier/train/model.ts';
import { encodeModel } from '../../../classifier/train/onnx_format.ts';
import { generator, normal } from '../../../classifier/train/random.ts';
import type { Weights } from '../../../classifier/train/safetensors.ts';
import { writeTinyModel } from '../tiny_model.ts';

const WIDTH = 32;
const VOTE = 6;

/** Writes the model folder and returns its path. */
export function writeTinyBert(folder: string, precision: 'float' | 'int8' = 'float'): string {
  writeTinyModel(folder);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    vocab_size: number;
    tidewatch: { heads: HeadShape[] };
  };
  const shape: ModelShape = {
    hidden_size: WIDTH,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    intermediate_size: 64,
    layer_norm_eps: 1e-12,
    vocab_size: config.vocab_size,
    pad_token_id: 1,
  };
  const { heads } = config.tidewatch;
  const { model } = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as {
    model: { vocab: [string, number][] };
  };
  const weights = weightsOf(shape, heads, (piece) => model.vocab.findIndex(([known]) => known === piece));
  const [part] = partsOf({ shape, heads, exitAfter: null });
  if (part === undefined) throw new Error('a network has at least one part');
  const activations = precision === 'int8' ? wideActivations(weights) : null;
  const producer = { name: 'tiny', version: '1' };
  const graph = encodeModel(buildGraph(shape, part, weights, { activations, producer }));
  const files: Record<string, string | Uint8Array> = {
    'config.json': JSON.stringify({ ...config, ...shape }),
    'onnx/model_quantized.onnx': graph,
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  const listed = ['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx'];
  const sums = listed.map((path) => {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
    return `${hash}  ${path}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  return folder;
}

/** Every input of a product as bytes from -8 to 8: wide enough for this model. */
function wideActivations(weights: Weights): Activations {
  const products = [...weights].filter(([name, { shape }]) => name.startsWith('encoder.') && shape.length === 2);
  return new Map(
    products.map(([name, { shape }]) => [
      inputOf(name),
      { factor: new Float32Array(shape[1] ?? 0).fill(1), scale: 16 / 255, zero: 128 },
    ]),
  );
}

function weightsOf(shape: ModelShape, heads: readonly HeadShape[], idOf: (piece: string) => number): Weights {
  const random = generator(11);
  const weights: Weights = new Map();
  const add = (name: string, ...sizes: number[]): Float32Array => {
    const size = sizes.reduce((product, width) => product * width, 1);
    const data = name.endsWith('LayerNorm.weight') ? new Float32Array(size).fill(1) : normal(size, 0.05, random);
    weights.set(name, { shape: sizes, data });
    return data;
  };
  const words = add('embeddings.word_embeddings.weight', shape.vocab_size, WIDTH);
  // Words without a vote say something else loudly: layer norm would blow small numbers up to votes.
  for (let id = 0; id < shape.vocab_size; id += 1) words[id * WIDTH + 8] = VOTE;
  // Dimension 0 stands for negative, 1 for neutral, 2 for positive.
  const votes = { '▁loss': 0, '▁fraud': 0, 亏损: 0, '▁meeting': 1, '▁profit': 2, '▁rose': 2, 盈利: 2 };
  for (const [piece, dimension] of Object.entries(votes)) {
    words[idOf(piece) * WIDTH + dimension] = VOTE;
    words[idOf(piece) * WIDTH + 8] = 0;
  }
  add('embeddings.position_embeddings.weight', 16, WIDTH);
  add('embeddings.token_type_embeddings.weight', 2, WIDTH);
  const norm = (name: string): void => {
    add(`${name}.LayerNorm.weight`, WIDTH);
    add(`${name}.LayerNorm.bias`, WIDTH);
  };
  const dense = (name: string, outputs: number, inputs: number): Float32Array => {
    add(`${name}.bias`, outputs);
    return add(`${name}.weight`, outputs, inputs);
  };
  norm('embeddings');
  const layer = 'encoder.layer.0';
  for (const part of ['query', 'key', 'value']) dense(`${layer}.attention.self.${part}`, WIDTH, WIDTH);
  dense(`${layer}.attention.output.dense`, WIDTH, WIDTH);
  norm(`${layer}.attention.output`);
  dense(`${layer}.intermediate.dense`, shape.intermediate_size, WIDTH);
  dense(`${layer}.output.dense`, WIDTH, shape.intermediate_size);
  norm(`${layer}.output`);
  for (const { name, labels } of heads) {
    const weight = dense(`heads.${name}`, labels.length, WIDTH);
    if (name === 'sentiment') for (let row = 0; row < 3; row += 1) weight[row * WIDTH + row] = 4;
  }
  return weights;
}
