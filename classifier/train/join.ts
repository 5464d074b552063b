/**
 * The two graphs of a model with an exit as one again, for tools that know the Hugging Face layout and nothing of exits.
 * The lower graph's state is the upper one's input under the same name, so joining is putting nodes one after another; what
 * nodes of the upper graph make is renamed, since both count from 0. Stored numbers of one name are the same in both.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, encodeModel, type OnnxModel } from './onnx_format.ts';

/** The graphs of a model's folder: one, or with an early exit two. */
export const GRAPHS = {
  whole: 'onnx/model_quantized.onnx',
  lower: 'onnx/lower_quantized.onnx',
  upper: 'onnx/upper_quantized.onnx',
} as const;

/** The one graph of a folder, joined where it is two. */
export function readWholeGraph(folder: string): Uint8Array {
  const whole = join(folder, GRAPHS.whole);
  if (existsSync(whole)) return readFileSync(whole);
  return joinGraphs(readFileSync(join(folder, GRAPHS.lower)), readFileSync(join(folder, GRAPHS.upper)));
}

/** One graph with the upper one's outputs. */
export function joinGraphs(lower: Uint8Array, upper: Uint8Array): Uint8Array {
  const [below, above] = [decodeModel(lower), decodeModel(upper)];
  const outputs = new Set(above.graph.output.map(({ name }) => name));
  const made = new Set(above.graph.node.flatMap(({ output }) => output).filter((name) => !outputs.has(name)));
  const rename = (name: string): string => (made.has(name) ? `upper/${name}` : name);
  const nodes = above.graph.node.map((node) => ({
    ...node,
    name: `upper/${node.name}`,
    input: node.input.map(rename),
    output: node.output.map(rename),
  }));
  const stored = new Map(
    [...below.graph.initializer, ...above.graph.initializer].map((tensor) => [tensor.name, tensor]),
  );
  const exits = new Set(below.graph.output.map(({ name }) => name).filter((name) => name.startsWith('exit_')));
  const joined: OnnxModel = {
    ...below,
    graph: {
      ...below.graph,
      node: [...below.graph.node.filter(({ output }) => !output.some((name) => exits.has(name))), ...nodes],
      initializer: [...stored.values()].filter(({ name }) => !name.startsWith('heads.exit_')),
      output: above.graph.output,
    },
  };
  return encodeModel(joined);
}
