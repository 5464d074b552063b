/**
 * A served graph with its int8 products as float ones again, for GPUs: ONNX Runtime's CUDA provider has no operator for them, and
 * would carry each product to the CPU and back. The rest of the graph, the embedding's nodes and an exit's state included, stays
 * as it is. Rejected: a second, float file beside the int8 one, 90 MB more to ship.
 */
import { decodeModel, encodeModel, type OnnxNode, type OnnxModel, tensor } from './onnx_format.ts';
import { readProductWeights } from './import_onnx.ts';
import { transpose } from './graph_builder.ts';

const INT8_PRODUCT = 'MatMulIntegerToFloat';
/** Place of its bias among its inputs. */
const BIAS = 6;

export function widen(graph: Uint8Array): Uint8Array {
  const model = decodeModel(graph);
  const { node: nodes, initializer } = model.graph;
  const maker = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const weights = readProductWeights(model);
  const gone = new Set<OnnxNode>();
  const dropped = new Set<string>();
  const widened = nodes.flatMap((node): OnnxNode[] => {
    const [bytes = '', weight = ''] = node.input;
    if (node.op_type !== INT8_PRODUCT || !weights.has(weight)) return [node];
    const bias = node.input[BIAS];
    const quantised = maker.get(bytes) as OnnxNode;
    const before = maker.get(quantised.input[0] ?? '');
    const steps = before?.input[1]?.endsWith('.input.factor') === true ? [quantised, before] : [quantised];
    for (const step of steps) gone.add(step);
    for (const { input } of [{ input: node.input.slice(0, BIAS) }, ...steps])
      for (const name of input.slice(1)) dropped.add(name);
    const product = { ...node, op_type: 'MatMul', domain: '', input: [steps.at(-1)?.input[0] ?? '', weight] };
    if (bias === undefined) return [product];
    const inner = `${node.name}.product`;
    const sum = { ...product, name: `${node.name}.sum`, op_type: 'Add', input: [inner, bias] };
    return [{ ...product, output: [inner] }, sum];
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
      node: widened.filter((node) => !gone.has(node)),
      initializer: [...initializer.filter(({ name }) => !dropped.has(name)), ...floats],
    },
  };
  return encodeModel(wide);
}
