/** Collects the nodes and stored numbers of a graph while artifact_graph.ts writes it down; names outputs by itself. */
import { type ElementArray, type ElementName, type OnnxAttribute, type OnnxNode, tensor } from './onnx_format.ts';
import type { Weight, Weights } from './safetensors.ts';

/** Nodes in order and stored numbers by name; output names are made up from the operator and a count. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly kept = new Map<string, ReturnType<typeof tensor>>();
  private readonly weights: Weights;

  constructor(weights: Weights) {
    this.weights = weights;
  }

  weight(name: string): Weight {
    const found = this.weights.get(name);
    if (found === undefined) throw new Error(`The model has no weight named ${name}`);
    return found;
  }

  /** A weight as it is, stored under its own name. */
  float(name: string): string {
    const { shape, data } = this.weight(name);
    return this.keep(name, 'float', shape, data);
  }

  integer(number: number): string {
    return this.keep(`integer.${number}`, 'int64', [1], BigInt64Array.of(BigInt(number)));
  }

  keep(name: string, element: ElementName, dims: number[], data: ElementArray): string {
    if (!this.kept.has(name)) this.kept.set(name, tensor(name, element, dims, data));
    return name;
  }

  addNamed(operator: string, input: string[], output: string[], attributes: OnnxAttribute[] = [], domain = ''): void {
    this.nodes.push({
      input,
      output,
      name: `${operator}_${this.nodes.length}`,
      op_type: operator,
      domain,
      attribute: attributes,
    });
  }

  add(operator: string, input: string[], attributes: OnnxAttribute[] = [], domain = ''): string {
    const name = `${operator}_${this.nodes.length}.0`;
    this.addNamed(operator, input, [name], attributes, domain);
    return name;
  }
}

export function transpose<T extends Float32Array | Int8Array>(data: T, rows: number, columns: number): T {
  const out = data.slice() as T;
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      out[column * rows + row] = data[row * columns + column] as number;
  return out;
}

export function concat(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
