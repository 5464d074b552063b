/**
 * The part of the served graph that counts tokens: which positions are real, how many tokens each stands for once neighbours
 * were made one (model.ts, `halve`), and means over tokens. What it names, embedding.ts finds again in a finished graph:
 * `tokens.N` [B, 1, L], the tokens a position stands for after N halvings, and `token_count` [B, 1].
 */
import type { GraphBuilder } from './graph_builder.ts';
import { attribute } from './onnx_format.ts';

/** What a layer reads: its state [B, L, H], how many tokens each position stands for [B, 1, L], and which are real, int32 [B, L]. */
export interface GraphPositions {
  hidden: string;
  tokens: string;
  mask: string;
}

const [FLOAT, INT32] = [1, 6] as const;

/** Name of the tokens a position stands for after so many halvings. */
export function tokensName(halvings: number): string {
  return `tokens.${halvings}`;
}

export const TOKEN_COUNT = 'token_count';

/** Of a text's mask, int64 [B, L], what the first layer needs to know. */
export function startPositions(graph: GraphBuilder, hidden: string, attentionMask: string): GraphPositions {
  const numbers = graph.add('Cast', [attentionMask], [attribute('to', FLOAT)]);
  graph.addNamed('Unsqueeze', [numbers, graph.integer(1)], [tokensName(0)]);
  graph.addNamed('ReduceSum', [numbers, graph.integer(1)], [TOKEN_COUNT], [attribute('keepdims', 1)]);
  return { hidden, tokens: tokensName(0), mask: graph.add('Cast', [attentionMask], [attribute('to', INT32)]) };
}

/** An input [B, L] with as many columns of `filler` more as make L a multiple of `step`, so that halving leaves none over. */
export function evened(graph: GraphBuilder, input: string, filler: number, step: number): string {
  if (step === 1) return input;
  const length = graph.add('Slice', [
    graph.add('Shape', [input]),
    graph.integer(1),
    graph.integer(2),
    graph.integer(0),
  ]);
  const missing = graph.add('Mod', [graph.add('Neg', [length]), graph.integer(step)]); // the sign is the step's
  const none = graph.keep('integers.none', 'int64', [3], new BigInt64Array(3));
  const pads = graph.add('Concat', [none, missing], [attribute('axis', 0)]);
  return graph.add('Pad', [input, pads, graph.keep(`filler.${filler}`, 'int64', [], BigInt64Array.of(BigInt(filler)))]);
}

/** Neighbouring positions, two by two, as the mean of their tokens: L / 2 positions, of which `halvings` - 1 were before. */
export function halve(graph: GraphBuilder, width: number, before: GraphPositions, halvings: number): GraphPositions {
  const to = (name: string, ...dims: number[]): string =>
    graph.keep(`shape.${name}`, 'int64', [dims.length], BigInt64Array.from(dims, BigInt));
  const axis = graph.integer(2);
  const pairs = graph.add('Reshape', [before.tokens, to('token_pairs', 0, -1, 2, 1)]);
  const sums = graph.add('ReduceSum', [pairs, axis], [attribute('keepdims', 1)]); // [B, L / 2, 1, 1]
  const shares = graph.add('Div', [
    pairs,
    graph.add('Max', [sums, graph.keep('one', 'float', [], Float32Array.of(1))]),
  ]);
  const states = graph.add('Reshape', [before.hidden, to('state_pairs', 0, -1, 2, width)]);
  const hidden = graph.add('ReduceSum', [graph.add('Mul', [states, shares]), axis], [attribute('keepdims', 0)]);
  graph.addNamed('Reshape', [sums, to('tokens', 0, 1, -1)], [tokensName(halvings)]);
  const flat = graph.add('Reshape', [sums, to('mask', 0, -1)]);
  const mask = graph.add('Cast', [graph.add('Sign', [flat])], [attribute('to', INT32)]);
  return { hidden, tokens: tokensName(halvings), mask };
}

/** The mean over a text's tokens, as a product with their counts: [B, 1, L] · [B, L, H] → [B, H]. */
export function meanOverTokens(graph: GraphBuilder, { hidden, tokens }: GraphPositions): string {
  const sum = graph.add('Squeeze', [graph.add('MatMul', [tokens, hidden]), graph.integer(1)]);
  return graph.add('Div', [sum, TOKEN_COUNT]);
}
