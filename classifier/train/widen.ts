/**
 * A served graph with its int8 products as float ones again, for GPUs: ONNX Runtime's CUDA provider has no operator for them, and
 * would carry each product to the CPU and back. The rest of the graph, the embedding's nodes and an exit's state included, stays
 * as it is. Rejected: a second, float file beside the int8 one, 90 MB more to ship.
 */
import { decodeModel, encodeModel, type OnnxNode, type OnnxModel, tensor } from './onnx_format.ts';
import { readProductWeights } from './import_onnx.ts';
import { transpose } from './graph_builder.ts';

const INT8_PRODUCT = 'MatMulIntegerToFloat';

export function widen(graph: Uint8Array): Uint8Array {
  const model = decodeModel(graph);
  const { node: nodes, initializer } = model.graph;
  const maker = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const weights = readProductWeights(model);
  const gone = new Set<OnnxNode>();
  const dropped = new Set<string>();
  const widened = nodes.map((node): OnnxNode => {
    const [bytes = '', weight = ''] = node.input;
    const found = weights.get(weight);
    if (node.op_type !== INT8_PRODUCT || found === undefined) return node;
    const quantised = maker.get(bytes) as OnnxNode;
    const even = maker.get(quantised.input[0] ?? '') as OnnxNode;
    for (const step of [quantised, even]) gone.add(step);
    for (const name of [...node.input.slice(1), ...quantised.input.slice(1), ...even.input.slice(1)]) dropped.add(name);
    return { ...node, op_type: 'MatMul', domain: '', input: [even.input[0] ?? '', weight] };
  });
  const floats = [...weights].map(
    ([
      name,
      {
        shape: [outputs = 0, inputs = 0],
        data,
      },
    ]) => tensor(name, 'float', [inputs, outputs], transpose(data, outputs, inputs)),
  );
  const wide: OnnxModel = {
    ...model,
    graph: {
      ...model.graph,
      node: widened.filter((_, index) => !gone.has(nodes[index] as OnnxNode)),
      initializer: [...initializer.filter(({ name }) => !dropped.has(name)), ...floats],
    },
  };
  return encodeModel(wide);
}
