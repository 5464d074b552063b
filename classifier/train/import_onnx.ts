/**
 * The way back: float weights, in model.ts's names and layout, out of the served int8 ONNX graph (the joined one, where the model has an exit). With it TensorFlow.js
 * can compute what ONNX Runtime serves from the shipped artifact alone; the tests compare the two, and someone who has
 * only the artifact can train it further.
 */
import { transpose } from './graph_builder.ts';
import { decodeModel, ELEMENT, numbersOf, type OnnxTensor } from './onnx_format.ts';
import { dequantise, toSigned } from './quantize.ts';
import type { Weights } from './safetensors.ts';

const JOINED_BIAS = '.attention.self.bias';
const PARTS = ['query', 'key', 'value'] as const;

export function readOnnxWeights(graph: Uint8Array): Weights {
  const stored = new Map(decodeModel(graph).graph.initializer.map((tensor) => [tensor.name, tensor]));
  const weights: Weights = new Map();
  for (const [name, tensor] of stored) {
    if (!/^(embeddings|encoder|heads)\./.test(name) || name.endsWith('.scale')) continue;
    const data = floats(tensor, stored.get(`${name}.scale`));
    if (name.endsWith(JOINED_BIAS)) {
      const width = data.length / PARTS.length;
      for (const [index, part] of PARTS.entries()) {
        const target = name.replace(JOINED_BIAS, `.attention.self.${part}.bias`);
        weights.set(target, { shape: [width], data: data.slice(index * width, (index + 1) * width) });
      }
    } else {
      // [outputs, blocks, block] is [outputs, inputs] in memory.
      const [outputs = 0, blocks = 0, block] = tensor.dims;
      // A float graph holds a layer's products the other way round: [inputs, outputs].
      const turned = block === undefined && tensor.dims.length === 2 && name.startsWith('encoder.');
      if (turned) weights.set(name, { shape: [blocks, outputs], data: transpose(data, outputs, blocks) });
      else weights.set(name, { shape: block === undefined ? tensor.dims : [outputs, blocks * block], data });
    }
  }
  // The type embedding was added to the positions at export.
  const width = weights.get('embeddings.LayerNorm.bias')?.data.length ?? 0;
  weights.set('embeddings.token_type_embeddings.weight', { shape: [1, width], data: new Float32Array(width) });
  return weights;
}

function floats(tensor: OnnxTensor, scale: OnnxTensor | undefined): Float32Array {
  const numbers = numbersOf(tensor);
  if (scale === undefined) return numbers as Float32Array;
  const values = tensor.data_type === ELEMENT.uint8 ? toSigned(numbers as Uint8Array) : (numbers as Int8Array);
  return dequantise({ values, scales: numbersOf(scale) as Float32Array });
}
