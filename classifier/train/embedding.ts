/**
 * Embeddings out of a model that was trained for other things. The states after its lower layers still hold what a text
 * says (the last layer holds little but its labels), so a linear map of their means is fitted, by ridge regression, to what
 * the 12-layer base model that they come from makes of the same texts: distillation into a linear head, after Reimers &
 * Gurevych (2020), whose student is trained whole. Targets are centred in each language, else the nearest neighbours of
 * a Chinese text are the other Chinese texts, and turned to their principal axes, of which the first ones are kept.
 * No encoder weight changes, so no label does. Rejected: the last layer's mean (of 70 translations among 1,500 strangers it
 * found 24 in 100; the map finds nine in ten), whitening without a teacher (86 in 100).
 */
import { choleskySolve, moments, principalAxes, product } from './matrix.ts';
import { attribute, tensor, value, type OnnxModel, type OnnxNode } from './onnx_format.ts';
import { TOKEN_COUNT, tokensName } from './positions_graph.ts';

/** What the base model says of a text, and what the states of the served one are; rows side by side. */
export interface Lessons {
  /** Means over tokens after each of `layers`, one after another: rows × (layers × width). */
  readonly features: Float32Array;
  /** Rows × targetWidth. */
  readonly targets: Float32Array;
  readonly targetWidth: number;
  /** Group whose mean is taken off each row's target: the language. */
  readonly groups: readonly string[];
}

export interface EmbeddingMap {
  /** States after how many layers are read; 0 is the embeddings'. */
  readonly layers: readonly number[];
  readonly width: number;
  /** Features × width. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Fits the map. `ridge` is a part of the number of rows, since features are standardised first. */
export function fitEmbedding(
  { features, targets, targetWidth, groups }: Lessons,
  layers: readonly number[],
  width: number,
  ridge: number,
): EmbeddingMap {
  const rows = groups.length;
  const inputs = features.length / rows;
  const centred = centredByGroup(targets, targetWidth, groups);
  const axes = principalAxes(centred, rows, targetWidth, width);
  const wanted = product(centred, rows, targetWidth, axes, width);
  const { mean, deviation } = moments(features, rows, inputs);
  const scaled = new Float32Array(features.length);
  for (let at = 0; at < features.length; at += 1) {
    const column = at % inputs;
    scaled[at] = ((features[at] ?? 0) - (mean[column] ?? 0)) / (deviation[column] ?? 1);
  }
  const solved = choleskySolve(scaled, wanted, rows, inputs, width, ridge * rows);
  const weight = new Float32Array(inputs * width);
  const bias = new Float32Array(width);
  for (let input = 0; input < inputs; input += 1) {
    for (let output = 0; output < width; output += 1) {
      const own = (solved[input * width + output] ?? 0) / (deviation[input] ?? 1);
      weight[input * width + output] = own;
      bias[output] = (bias[output] ?? 0) - own * (mean[input] ?? 0);
    }
  }
  return { layers, width, weight, bias };
}

function centredByGroup(values: Float32Array, width: number, groups: readonly string[]): Float32Array {
  const sums = new Map<string, { count: number; sum: Float64Array }>();
  const unit = new Float32Array(values.length);
  groups.forEach((group, row) => {
    const own = values.subarray(row * width, (row + 1) * width);
    const length = Math.hypot(...own) || 1;
    const known = sums.get(group) ?? { count: 0, sum: new Float64Array(width) };
    known.count += 1;
    for (let at = 0; at < width; at += 1) {
      const part = (own[at] ?? 0) / length;
      unit[row * width + at] = part;
      known.sum[at] = (known.sum[at] ?? 0) + part;
    }
    sums.set(group, known);
  });
  groups.forEach((group, row) => {
    const { count, sum } = sums.get(group) ?? { count: 1, sum: new Float64Array(width) };
    for (let at = 0; at < width; at += 1)
      unit[row * width + at] = (unit[row * width + at] ?? 0) - (sum[at] ?? 0) / count;
  });
  return unit;
}

interface State {
  name: string;
  /** Of how many tokens each position of it stands for. */
  tokens: string;
}

/** The states that a map may read, by number of layers, as artifact_graph.ts makes them. */
function statesOf(nodes: readonly OnnxNode[]): State[] {
  const states: State[] = [];
  let [norms, halvings] = [0, 0];
  for (const { op_type: operator, output } of nodes) {
    const [name = ''] = output;
    if (name === tokensName(halvings + 1)) halvings += 1;
    if (!operator.endsWith('LayerNormalization')) continue;
    // The embeddings' norm, then two a layer.
    if (norms % 2 === 0) states.push({ name, tokens: tokensName(halvings) });
    norms += 1;
  }
  return states;
}

/** The graph with outputs `mean.N`: the mean over real tokens of the state after N layers, for each of `layers`. */
export function withMeans(model: OnnxModel, layers: readonly number[], width: number): OnnxModel {
  const means = layers.map((layer) => value(`mean.${layer}`, 'float', ['batch', width]));
  const { graph } = model;
  return {
    ...model,
    graph: { ...graph, node: [...graph.node, ...meanNodes(graph.node, layers)], output: [...graph.output, ...means] },
  };
}

/** The graph with the output `embedding`; its other outputs are computed as before. */
export function withEmbedding(model: OnnxModel, { layers, width, weight, bias }: EmbeddingMap): OnnxModel {
  const inputs = weight.length / width;
  const node = (
    operator: string,
    input: string[],
    output: string,
    attributes: OnnxNode['attribute'] = [],
  ): OnnxNode => ({
    input,
    output: [output],
    name: `embedding/${operator}`,
    op_type: operator,
    domain: '',
    attribute: attributes,
  });
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      initializer: [
        ...graph.initializer,
        tensor('embedding.weight', 'float', [inputs, width], weight),
        tensor('embedding.bias', 'float', [width], bias),
      ],
      node: [
        ...graph.node,
        ...meanNodes(graph.node, layers),
        node(
          'Concat',
          layers.map((layer) => `mean.${layer}`),
          'embedding.means',
          [attribute('axis', 1)],
        ),
        node('Gemm', ['embedding.means', 'embedding.weight', 'embedding.bias'], 'embedding'),
      ],
      output: [...graph.output, value('embedding', 'float', ['batch', width])],
    },
  };
}

function meanNodes(nodes: readonly OnnxNode[], layers: readonly number[]): OnnxNode[] {
  const states = statesOf(nodes);
  const axis = nodes.findLast((node) => node.op_type === 'Squeeze')?.input[1] ?? '';
  return layers.flatMap((layer) => {
    const state = states[layer];
    if (state === undefined) throw new RangeError(`The graph has no state after ${layer} layers`);
    const step = (operator: string, input: string[], output: string): OnnxNode => ({
      input,
      output: [output],
      name: `mean/${operator}.${layer}`,
      op_type: operator,
      domain: '',
      attribute: [],
    });
    return [
      step('MatMul', [state.tokens, state.name], `mean.${layer}.product`),
      step('Squeeze', [`mean.${layer}.product`, axis], `mean.${layer}.sum`),
      step('Div', [`mean.${layer}.sum`, TOKEN_COUNT], `mean.${layer}`),
    ];
  });
}
