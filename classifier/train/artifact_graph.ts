/**
 * The served graph, node by node: the same computation as model.ts, in fused operators of ONNX Runtime (com.microsoft:
 * MatMulIntegerToFloat, MultiHeadAttention, BiasGelu). Two inputs as serving has them, ids and mask;
 * whatever the fused operators need besides is derived inside the graph, so that no caller has to know about it.
 *
 * A model with an exit is two graphs: the layers below it and its heads, and the layers above with theirs; `join.ts` makes
 * one of them again. LoRA's additions must have been merged before; adapters are carried.
 *
 * Without activations the graph keeps all numbers as floats, for comparison with training. With them it is int8 (products_graph.ts).
 */
import type { Activations } from './activations.ts';
import { embeddings } from './embeddings_graph.ts';
import { concat, GraphBuilder } from './graph_builder.ts';
import { type HeadShape, halvingsBelow, type ModelShape, type Network } from './model.ts';
import { attribute, type OnnxModel, value } from './onnx_format.ts';
import { evened, type GraphPositions, halve, meanOverTokens, startPositions } from './positions_graph.ts';
import { FUSED, productsOf } from './products_graph.ts';
import type { Weights } from './safetensors.ts';
import { factorsThroughRelu } from './through_relu.ts';

export interface GraphOptions {
  /** How inputs of products become bytes, for int8; null for a float graph. */
  activations: Activations | null;
  producer: { name: string; version: string };
}

/** What of the model a graph computes: layers `from` (included) to `to` (excluded), and heads that read the state after. */
export interface GraphPart {
  from: number;
  to: number;
  heads: readonly HeadShape[];
}

/** The parts of a network: one, or below and above the exit. */
export function partsOf({ shape, heads, exitAfter }: Network): GraphPart[] {
  const [upper, exit] = [heads.filter(({ target }) => target === undefined), heads.filter(({ target }) => target)];
  const to = shape.num_hidden_layers;
  if (exitAfter === null) return [{ from: 0, to, heads: upper }];
  return [
    { from: 0, to: exitAfter, heads: exit },
    { from: exitAfter, to, heads: upper },
  ];
}

/** Name of the state between two parts: [B, L, H]. */
const STATE = 'hidden';

/** The graph of one part. A part from 0 takes input_ids, a later one the state; one that is not the last gives the state. */
export function buildGraph(shape: ModelShape, part: GraphPart, given: Weights, options: GraphOptions): OnnxModel {
  const isRelu = shape.hidden_act === 'relu';
  const { activations, weights } =
    isRelu && options.activations !== null
      ? factorsThroughRelu(options.activations, given)
      : { ...options, weights: given };
  const graph = new GraphBuilder(weights);
  const epsilon = attribute('epsilon', { float: shape.layer_norm_eps });

  const product = productsOf(graph, activations);

  const attention = (name: string, input: string, below: GraphPositions): string => {
    const parts = ['query', 'key', 'value'].map((part) => `${name}.attention.self.${part}`);
    const biases = parts.map((part) => graph.weight(`${part}.bias`).data);
    const bias = graph.keep(`${name}.attention.self.bias`, 'float', [shape.hidden_size * 3], concat(biases));
    const [query = '', ...keyAndValue] = parts;
    return graph.add(
      'MultiHeadAttention',
      [product(query, input), ...keyAndValue.map((part) => product(part, below.hidden)), bias, below.mask],
      [attribute('num_heads', shape.num_attention_heads)],
      FUSED,
    );
  };

  /**
   * LayerNorm(input + skip + bias), as a sum and a norm: on a CPU the fused SkipLayerNormalization takes five times as long as
   * the two (ONNX Runtime 1.30). `Sum`, since it would put Add and norm together again.
   */
  const joinAndNormalise = (input: string, skip: string, norm: string, bias: string): string =>
    graph.add(
      'LayerNormalization',
      [graph.add('Sum', [input, skip, graph.float(bias)]), graph.float(`${norm}.weight`), graph.float(`${norm}.bias`)],
      [epsilon, attribute('axis', -1)],
    );

  const gelu = (name: string, input: string): string =>
    graph.add('BiasGelu', [product(name, input), graph.float(`${name}.bias`)], [], FUSED);

  /** In int8 it costs nothing: the bytes that follow begin at 0, so ONNX Runtime leaves it out. */
  const relu = (name: string, input: string): string => graph.add('Relu', [product(name, input, `${name}.bias`)]);

  /** Feed-forward block of a layer, with its adapter where there is one. */
  const feedForward = (name: string, input: string): string => {
    const bias = `${name}.output.dense.bias`;
    const norm = `${name}.output.LayerNorm`;
    const activate = isRelu ? relu : gelu;
    const outer = product(`${name}.output.dense`, activate(`${name}.intermediate.dense`, input));
    if (!weights.has(`${name}.adapter.down.weight`)) return joinAndNormalise(outer, input, norm, bias);
    const whole = graph.add('Add', [outer, graph.float(bias)]);
    const adapted = product(`${name}.adapter.up`, gelu(`${name}.adapter.down`, whole));
    const sum = graph.add('Add', [whole, adapted]);
    return joinAndNormalise(sum, input, norm, `${name}.adapter.up.bias`);
  };

  const steps = 2 ** (shape.halve_before ?? []).length;
  const start =
    part.from === 0
      ? embeddings(graph, shape, evened(graph, 'input_ids', shape.pad_token_id, steps), activations !== null, epsilon)
      : STATE;
  let positions = startPositions(graph, start, evened(graph, 'attention_mask', 0, steps));
  for (let layer = part.from; layer < part.to; layer += 1) {
    const below = positions;
    if (shape.halve_before?.includes(layer) === true)
      positions = halve(graph, shape.hidden_size, positions, halvingsBelow(shape, layer) + 1);
    const name = `encoder.layer.${layer}`;
    const attended = product(`${name}.attention.output.dense`, attention(name, positions.hidden, below));
    const norm = `${name}.attention.output.LayerNorm`;
    const middle = joinAndNormalise(attended, positions.hidden, norm, `${name}.attention.output.dense.bias`);
    positions = { ...positions, hidden: feedForward(name, middle) };
  }
  const isLast = part.to === shape.num_hidden_layers;
  if (!isLast) graph.addNamed('Identity', [positions.hidden], [STATE]);
  const pooled = meanOverTokens(graph, positions);
  for (const { name } of part.heads) {
    graph.addNamed(
      'Gemm',
      [pooled, graph.float(`heads.${name}.weight`), graph.float(`heads.${name}.bias`)],
      [name],
      [attribute('transB', 1)],
    );
  }

  const state = value(STATE, 'float', ['batch', 'length', shape.hidden_size]);
  return {
    ir_version: 8,
    producer_name: options.producer.name,
    producer_version: options.producer.version,
    opset_import: [
      { domain: '', version: 17 },
      { domain: FUSED, version: 1 },
    ],
    metadata_props: [],
    graph: {
      name: options.producer.name,
      node: graph.nodes,
      initializer: [...graph.kept.values()],
      input: [
        part.from === 0 ? value('input_ids', 'int64', ['batch', 'length']) : state,
        value('attention_mask', 'int64', ['batch', 'length']),
      ],
      output: [
        ...(isLast ? [] : [state]),
        ...part.heads.map(({ name, labels }) => value(name, 'float', ['batch', labels.length])),
      ],
    },
  };
}
