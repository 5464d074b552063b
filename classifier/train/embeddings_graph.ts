/** The lowest part of the served graph: from ids to the state that the first layer reads. */
import type { GraphBuilder } from './graph_builder.ts';
import type { ModelShape } from './model.ts';
import { attribute, type OnnxAttribute } from './onnx_format.ts';
import { quantise } from './quantize.ts';

/** Word rows, plus position and (always the first) type, normalised: [B, L, H]. */
export function embeddings(
  graph: GraphBuilder,
  shape: ModelShape,
  ids: string,
  quantised: boolean,
  epsilon: OnnxAttribute,
): string {
  const name = 'embeddings.word_embeddings.weight';
  const table = graph.weight(name);
  const [rows = 0, width = 0] = table.shape;
  let words: string;
  if (quantised) {
    const { values, scales } = quantise(table.data, width);
    const bytes = graph.add('Gather', [graph.keep(name, 'int8', [rows, width], values), ids]);
    const scale = graph.add('Gather', [graph.keep(`${name}.scale`, 'float', [rows, 1], scales), ids]); // [B, L, 1]
    words = graph.add('Mul', [graph.add('Cast', [bytes], [attribute('to', 1)]), scale]);
  } else {
    words = graph.add('Gather', [graph.float(name), ids]);
  }
  const positions = graph.weight('embeddings.position_embeddings.weight');
  const type = graph.weight('embeddings.token_type_embeddings.weight').data;
  const places = positions.data.map((number, index) => number + (type[index % shape.hidden_size] as number));
  const all = graph.keep('embeddings.position_embeddings.weight', 'float', positions.shape, places);
  const length = graph.add('Slice', [graph.add('Shape', [ids]), graph.integer(1), graph.integer(2), graph.integer(0)]);
  const used = graph.add('Slice', [all, graph.integer(0), length, graph.integer(0)]); // [L, H]
  const norm = [graph.float('embeddings.LayerNorm.weight'), graph.float('embeddings.LayerNorm.bias')];
  return graph.add('LayerNormalization', [graph.add('Add', [words, used]), ...norm], [epsilon]);
}
