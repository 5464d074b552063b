/**
 * The part of the ONNX file format that our graph needs, as protobuf descriptors (field numbers from onnx/onnx.proto),
 * and small builders. Writing the file ourselves keeps the whole road from data to artifact in TypeScript; rejected: an
 * exporter in Python, which would need a second framework only to copy numbers.
 */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
message StringStringEntryProto { string key = 1; string value = 2; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message TensorProto { repeated int64 dims = 1 [packed = false]; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8 [packed = false]; int32 type = 20; }
message NodeProto { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated AttributeProto attribute = 5; string domain = 7; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
message TensorShapeProto { repeated Dimension dim = 1; }
message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TypeProto { TensorTypeProto tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message GraphProto { repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5; repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; }
message ModelProto { int64 ir_version = 1; string producer_name = 2; string producer_version = 3; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8; repeated StringStringEntryProto metadata_props = 14; }
`;

const root = protobuf.parse(SCHEMA, { keepCase: true }).root;
const modelType = root.lookupType('ModelProto');

export const ELEMENT = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementName = keyof typeof ELEMENT;
export type ElementArray = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

export interface OnnxTensor {
  name: string;
  dims: number[];
  data_type: number;
  raw_data: Uint8Array;
}
export interface OnnxAttribute {
  name: string;
  type: number;
  i?: number;
  f?: number;
  ints?: number[];
}
export interface OnnxNode {
  input: string[];
  output: string[];
  name: string;
  op_type: string;
  domain: string;
  attribute: OnnxAttribute[];
}
export interface OnnxValue {
  name: string;
  type: { tensor_type: { elem_type: number; shape: { dim: ({ dim_value: number } | { dim_param: string })[] } } };
}
export interface OnnxModel {
  ir_version: number;
  producer_name: string;
  producer_version: string;
  opset_import: { domain: string; version: number }[];
  metadata_props: { key: string; value: string }[];
  graph: { name: string; node: OnnxNode[]; initializer: OnnxTensor[]; input: OnnxValue[]; output: OnnxValue[] };
}

export function encodeModel(model: OnnxModel): Uint8Array {
  return modelType.encode(modelType.fromObject(model as unknown as Record<string, unknown>)).finish();
}

export function decodeModel(bytes: Uint8Array): OnnxModel {
  return modelType.toObject(modelType.decode(bytes), {
    longs: Number,
    defaults: true,
    arrays: true,
  }) as unknown as OnnxModel;
}

export function tensor(name: string, element: ElementName, dims: number[], data: ElementArray): OnnxTensor {
  return {
    name,
    dims,
    data_type: ELEMENT[element],
    raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** Integers become `i`, other numbers `f`, lists `ints`: our graph needs no other kind of attribute. */
export function attribute(name: string, value: number | number[] | { float: number }): OnnxAttribute {
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  return typeof value === 'number' ? { name, type: 2, i: value } : { name, type: 1, f: value.float };
}

export function value(name: string, element: ElementName, dims: (number | string)[]): OnnxValue {
  const dim = dims.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: ELEMENT[element], shape: { dim } } } };
}

/** The numbers of an initialiser, copied so that they are aligned. */
export function numbersOf(stored: OnnxTensor): ElementArray {
  const bytes = Uint8Array.from(stored.raw_data).buffer;
  switch (stored.data_type) {
    case ELEMENT.float:
      return new Float32Array(bytes);
    case ELEMENT.uint8:
      return new Uint8Array(bytes);
    case ELEMENT.int8:
      return new Int8Array(bytes);
    case ELEMENT.int32:
      return new Int32Array(bytes);
    default:
      return new BigInt64Array(bytes);
  }
}
