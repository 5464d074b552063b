/**
 * Writes a small ONNX model for tests: just the messages of onnx.proto that a graph of plain operators needs, by
 * protobufjs. Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Rejected: a committed
 * binary, whose weights nobody could read in a review.
 */
import protobuf from 'protobufjs';

const PROTO = `
syntax = "proto3";
message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated Opset opset_import = 8; }
message Opset { string domain = 1; int64 version = 2; }
message Graph {
  repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
  repeated Value input = 11; repeated Value output = 12;
}
message Node {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated Attribute attribute = 5;
}
message Attribute { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message Value { string name = 1; Type type = 2; }
message Type { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;

const FLOAT = 1;
const INT64 = 7;
const Model = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Model');

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
  return Model.encode(
    Model.fromObject({
      ir_version: 8,
      producer_name: 'tidewatch-test',
      opset_import: [{ domain: '', version: 13 }],
      graph: {
        name: 'tiny',
        node: graph.operators.map((operator) => ({
          input: operator.inputs,
          output: operator.outputs,
          op_type: operator.type,
          attribute: Object.entries(operator.integers ?? {}).map(([name, value]) => ({ name, i: value, type: 2 })),
        })),
        initializer: graph.tensors.map((tensor) => ({
          name: tensor.name,
          dims: tensor.dims,
          data_type: tensor.data instanceof Float32Array ? FLOAT : INT64,
          raw_data: new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
        })),
        input: graph.inputs.map(port),
        output: graph.outputs.map(port),
      },
    }),
  ).finish();
}

function port({ name, kind, dims }: Port): object {
  return {
    name,
    type: {
      tensor_type: {
        elem_type: kind === 'float32' ? FLOAT : INT64,
        shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dim_value: dim } : { dim_param: dim })) },
      },
    },
  };
}
