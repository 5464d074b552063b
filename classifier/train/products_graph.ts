/**
 * The products of the served graph: floats for comparison with training, or int8, where weights are bytes with one scale an
 * output and inputs are bytes with one scale that was measured beforehand (activations.ts).
 *
 * Rejected after measuring (docs/decisions/0005-inference.md): QAttention and DynamicQuantizeMatMul, whose scale is found for a
 * whole batch, so that a text's label depends on the texts beside it, which a replay must not see; MatMulNBits with blocks
 * of 32, which moves logits less and does half as much a second.
 */
import { type Activation, type Activations, inputOf } from './activations.ts';
import { type GraphBuilder, transpose } from './graph_builder.ts';
import { LARGEST_WEIGHT, quantise } from './quantize.ts';

/** x · Wᵀ of the last axis, plus a bias where it is named: else the operator that follows adds it. */
export type Product = (name: string, input: string, bias?: string) => string;

export const FUSED = 'com.microsoft';

export function productsOf(graph: GraphBuilder, activations: Activations | null): Product {
  return activations === null ? inFloats(graph) : inBytes(graph, activations);
}

function inFloats(graph: GraphBuilder): Product {
  return (name, input, bias) => {
    const { shape: [outputs = 0, inputs = 0], data } = graph.weight(`${name}.weight`); // prettier-ignore
    const turned = transpose(data, outputs, inputs);
    const product = graph.add('MatMul', [input, graph.keep(`${name}.weight`, 'float', [inputs, outputs], turned)]);
    return bias === undefined ? product : graph.add('Add', [product, graph.float(bias)]);
  };
}

function inBytes(graph: GraphBuilder, activations: Activations): Product {
  /** An input that several products read is written once. */
  const written = new Map<string, string>();
  const activationOf = (read: string): Activation => {
    const activation = activations.get(read);
    if (activation === undefined) throw new Error(`No activations were measured for ${read}`);
    return activation;
  };
  const scaleOf = (read: string): [scale: string, zero: string] => {
    const { scale, zero } = activationOf(read);
    return [
      graph.keep(`${read}.input.scale`, 'float', [], Float32Array.of(scale)),
      graph.keep(`${read}.input.zero`, 'uint8', [], Uint8Array.of(zero)),
    ];
  };
  const toBytes = (read: string, input: string): string => {
    const known = written.get(`${read} ${input}`);
    if (known !== undefined) return known;
    const { factor } = activationOf(read);
    const even =
      factor === null
        ? input
        : graph.add('Mul', [input, graph.keep(`${read}.input.factor`, 'float', [factor.length], factor)]);
    const bytes = graph.add('QuantizeLinear', [even, ...scaleOf(read)]);
    written.set(`${read} ${input}`, bytes);
    return bytes;
  };

  return (name, input, bias) => {
    const { shape: [outputs = 0, inputs = 0], data } = graph.weight(`${name}.weight`); // prettier-ignore
    const read = inputOf(`${name}.weight`);
    const bytes = toBytes(read, input);
    const { factor } = activationOf(read);
    const even = factor === null ? data : data.map((number, at) => number / (factor[at % inputs] as number));
    const { values, scales } = quantise(even, inputs, LARGEST_WEIGHT);
    const [scale, zero] = scaleOf(read);
    return graph.add(
      'MatMulIntegerToFloat',
      [
        bytes,
        graph.keep(`${name}.weight`, 'int8', [inputs, outputs], transpose(values, outputs, inputs)),
        scale,
        graph.keep(`${name}.weight.scale`, 'float', [outputs], scales),
        zero,
        ...(bias === undefined ? [] : ['', graph.float(bias)]),
      ],
      [],
      FUSED,
    );
  };
}
