/**
 * Writes a small ONNX model for tests, with the message builders that the exporter uses. Rejected: a committed binary,
 * whose weights nobody could read in a review.
 */
import { attribute, encodeModel, tensor, value } from '../../classifier/train/onnx_format.ts';

export interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface Operator {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly integers?: Readonly<Record<string, number>>;
}

export interface Port {
  readonly name: string;
  readonly kind: 'float32' | 'int64';
  readonly dims: readonly (number | string)[];
}

/** The bytes of an ONNX file of opset 13. */
export function writeOnnx(graph: {
  inputs: readonly Port[];
  outputs: readonly Port[];
  tensors: readonly Tensor[];
  operators: readonly Operator[];
}): Uint8Array {
  return encodeModel({
    ir_version: 8,
    producer_name: 'tidewatch-test',
    producer_version: '',
    opset_import: [{ domain: '', version: 13 }],
    metadata_props: [],
    graph: {
      name: 'tiny',
      node: graph.operators.map((operator) => ({
        input: [...operator.inputs],
        output: [...operator.outputs],
        name: '',
        op_type: operator.type,
        domain: '',
        attribute: Object.entries(operator.integers ?? {}).map(([name, number]) => attribute(name, number)),
      })),
      initializer: graph.tensors.map(({ name, dims, data }) =>
        tensor(name, data instanceof Float32Array ? 'float' : 'int64', [...dims], data),
      ),
      input: graph.inputs.map(port),
      output: graph.outputs.map(port),
    },
  });
}

function port({ name, kind, dims }: Port): ReturnType<typeof value> {
  return value(name, kind === 'float32' ? 'float' : 'int64', [...dims]);
}
