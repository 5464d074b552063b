/**
 * What flows into each product of the graph, so that int8 can write it as bytes with one scale that is fixed beforehand. A
 * scale that is found anew for each batch (ONNX Runtime's dynamic quantisation) makes a text's label depend on the texts
 * beside it; a fixed one does not, and costs nothing at run time.
 *
 * A few inputs of a transformer are far larger than the rest. They are tamed by SmoothQuant (Xiao et al. 2023): an input is divided by
 * aᵅ / w¹⁻ᵅ, with a its largest magnitude over sample texts and w that of the weights it meets, and the weights take the factor
 * over. α was chosen on development texts (docs/decisions/0005): at 0.85 logits move least.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { toBatch } from './batches.ts';
import { decodeModel, encodeModel, value, type OnnxModel } from './onnx_format.ts';
import type { Weights } from './safetensors.ts';

/** How the input of a product becomes a byte: round(x · factor / scale) + zero, held within 0 to 255. */
export interface Activation {
  /** One a column of the input; null where all are 1. */
  factor: Float32Array | null;
  scale: number;
  zero: number;
}

/** By the name that the products which read the same input share (see `inputOf`). */
export type Activations = ReadonlyMap<string, Activation>;

/** What was seen in one input: of each column the smallest and largest value. */
interface Seen {
  lowest: Float32Array;
  largest: Float32Array;
}

const ALPHA = 0.85;
/** Below this a column was practically never used. */
const LEAST = 1e-5;
const LEVELS = 255;

/**
 * The input that a product reads, by the name of its weight: query, key and value read one and the same. Where positions were
 * halved the query reads means of what the other two read, which lie within its range.
 */
export function inputOf(weight: string): string {
  return weight.replace(/\.weight$/, '').replace(/\.(?:query|key|value)$/, '');
}

/** Reads texts through the float graph of a whole network, one by one, and fits each input's factors, scale and zero. */
export async function measureActivations(
  graph: Uint8Array,
  rows: readonly { ids: Int32Array }[],
  padId: number,
  weights: Weights,
): Promise<Activations> {
  const { model, inputs } = withInputs(decodeModel(graph));
  const seen = await look(encodeModel(model), rows, padId, inputs);
  return new Map([...seen].map(([input, columns]) => [input, fit(columns, largestWeights(input, weights))]));
}

/** The graph with each product's input as an output; `inputs` tells which output is whose input. */
function withInputs(model: OnnxModel): { model: OnnxModel; inputs: ReadonlyMap<string, string> } {
  const inputs = new Map<string, string>();
  for (const { op_type: operator, input } of model.graph.node) {
    const [read = '', weight = ''] = input;
    if (operator === 'MatMul' && weight.startsWith('encoder.')) inputs.set(inputOf(weight), read);
  }
  // Dimensions of their own: layers may differ in length, and products in width.
  const outputs = [...new Set(inputs.values())].map((name) =>
    value(name, 'float', ['batch', `${name}.length`, `${name}.width`]),
  );
  return { model: { ...model, graph: { ...model.graph, output: outputs } }, inputs };
}

async function look(
  graph: Uint8Array,
  rows: readonly { ids: Int32Array }[],
  padId: number,
  inputs: ReadonlyMap<string, string>,
): Promise<Map<string, Seen>> {
  const ort = await import('onnxruntime-node');
  const session: InferenceSession = await ort.InferenceSession.create(graph, { executionMode: 'sequential' });
  const seen = new Map<string, Seen>();
  for (const row of rows) {
    const batch = toBatch([row], padId);
    const dims = [1, batch.length];
    const answer = await session.run({
      input_ids: new ort.Tensor('int64', BigInt64Array.from(batch.ids, BigInt), dims),
      attention_mask: new ort.Tensor('int64', BigInt64Array.from(batch.mask, BigInt), dims),
    });
    for (const [input, output] of inputs) {
      const { data, dims: size = [] } = answer[output] ?? {};
      const values = data as Float32Array;
      const width = size.at(-1) ?? 0;
      const columns = seen.get(input) ?? { lowest: new Float32Array(width), largest: new Float32Array(width) };
      widen(columns, values);
      seen.set(input, columns);
    }
  }
  await session.release();
  return seen;
}

function widen({ lowest, largest }: Seen, values: Float32Array): void {
  for (let at = 0; at < values.length; at += 1) {
    const [column, number] = [at % lowest.length, values[at] as number];
    if (number < (lowest[column] as number)) lowest[column] = number;
    else if (number > (largest[column] as number)) largest[column] = number;
  }
}

/** Of each input, the largest magnitude of the weights [outputs, inputs] that it meets. */
function largestWeights(input: string, weights: Weights): Float32Array {
  const met = [...weights].filter(([name]) => name.endsWith('.weight') && inputOf(name) === input);
  const largest = new Float32Array(met[0]?.[1].shape[1] ?? 0);
  for (const [, { data }] of met)
    for (let at = 0; at < data.length; at += 1) {
      const column = at % largest.length;
      largest[column] = Math.max(largest[column] as number, Math.abs(data[at] as number));
    }
  return largest;
}

/** Exported for its test. Columns' ranges and their weights' magnitudes → how the input becomes bytes. */
export function fit({ lowest, largest }: Seen, weights: Float32Array): Activation & { factor: Float32Array } {
  const factor = Float32Array.from(weights, (weight, column) => {
    const reach = Math.max(-(lowest[column] as number), largest[column] as number, LEAST);
    return Math.max(weight, LEAST) ** (1 - ALPHA) / reach ** ALPHA;
  });
  const low = factor.reduce((least, one, column) => Math.min(least, one * (lowest[column] as number)), 0);
  const high = factor.reduce((most, one, column) => Math.max(most, one * (largest[column] as number)), 0);
  const scale = Math.fround((high - low) / LEVELS) || 1;
  return { factor, scale, zero: Math.min(LEVELS, Math.round(Math.abs(low) / scale)) };
}
