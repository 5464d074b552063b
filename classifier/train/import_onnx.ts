/**
 * The way back: float weights, in model.ts's names and layout, out of the served int8 ONNX graph (the joined one, where the model has an exit). With it TensorFlow.js
 * can compute what ONNX Runtime serves from the shipped artifact alone; the tests compare the two, and someone who has
 * only the artifact can train it further. Of a model with ReLU the factors of an input (activations.ts) stay in the product before it, where
 * the graph has them: the numbers are others, what they compute is the same.
 */
import { inputOf } from './activations.ts';
import { transpose } from './graph_builder.ts';
import { decodeModel, ELEMENT, numbersOf, type OnnxModel, type OnnxTensor } from './onnx_format.ts';
import { dequantise } from './quantize.ts';
import type { Weights } from './safetensors.ts';

const JOINED_BIAS = '.attention.self.bias';
const PARTS = ['query', 'key', 'value'] as const;

export function readOnnxWeights(graph: Uint8Array): Weights {
  const stored = new Map(decodeModel(graph).graph.initializer.map((tensor) => [tensor.name, tensor]));
  const weights: Weights = new Map();
  for (const [name, tensor] of stored) {
    if (!/^(embeddings|encoder|heads)\./.test(name) || /\.(?:scale|input\.\w+)$/.test(name)) continue;
    const scale = stored.get(`${name}.scale`);
    if (name.endsWith(JOINED_BIAS)) {
      const data = numbersOf(tensor) as Float32Array;
      const width = data.length / PARTS.length;
      for (const [index, part] of PARTS.entries()) {
        const target = name.replace(JOINED_BIAS, `.attention.self.${part}.bias`);
        weights.set(target, { shape: [width], data: data.slice(index * width, (index + 1) * width) });
      }
    } else if (name.startsWith('encoder.') && tensor.dims.length === 2) {
      const factor = stored.get(`${inputOf(name)}.input.factor`);
      weights.set(name, productWeight(tensor, scale, factor));
    } else {
      const numbers = numbersOf(tensor);
      const data = scale === undefined ? (numbers as Float32Array) : rows(numbers as Int8Array, scale);
      weights.set(name, { shape: tensor.dims, data });
    }
  }
  // The type embedding was added to the positions at export.
  const width = weights.get('embeddings.LayerNorm.bias')?.data.length ?? 0;
  weights.set('embeddings.token_type_embeddings.weight', { shape: [1, width], data: new Float32Array(width) });
  return weights;
}

/** Of the graph's int8 products alone: float weights as [outputs, inputs], by name. */
export function readProductWeights(model: OnnxModel): Weights {
  const stored = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  return new Map(
    model.graph.initializer.flatMap((tensor) => {
      if (tensor.data_type !== ELEMENT.int8 || !tensor.name.startsWith('encoder.')) return [];
      const factor = stored.get(`${inputOf(tensor.name)}.input.factor`);
      return [[tensor.name, productWeight(tensor, stored.get(`${tensor.name}.scale`), factor)]];
    }),
  );
}

/** A product's weights, which the graph holds as [inputs, outputs], with the input's factors taken out of them. */
function productWeight(
  tensor: OnnxTensor,
  scale: OnnxTensor | undefined,
  factor: OnnxTensor | undefined,
): { shape: number[]; data: Float32Array } {
  const [inputs = 0, outputs = 0] = tensor.dims;
  const shape = [outputs, inputs];
  if (scale === undefined) return { shape, data: transpose(numbersOf(tensor) as Float32Array, inputs, outputs) };
  const even = rows(transpose(numbersOf(tensor) as Int8Array, inputs, outputs), scale);
  if (factor === undefined) return { shape, data: even };
  const factors = numbersOf(factor) as Float32Array;
  return { shape, data: even.map((number, at) => number * (factors[at % inputs] as number)) };
}

function rows(values: Int8Array, scale: OnnxTensor): Float32Array {
  return dequantise({ values, scales: numbersOf(scale) as Float32Array });
}
