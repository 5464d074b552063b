/**
 * The model's weights as other tools would have them: a plain graph of standard operators, as Hugging Face's exporter writes
 * a BERT, and its usual dynamic int8 (DynamicQuantizeLinear and MatMulInteger, one scale an output; the table by rows), in
 * the folder layout that transformers.js reads. ONNX Runtime fuses what it recognises when it loads such a graph.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphBuilder, transpose } from '../../classifier/train/graph_builder.ts';
import { readOnnxWeights } from '../../classifier/train/import_onnx.ts';
import { readWholeGraph } from '../../classifier/train/join.ts';
import { halvingsBelow, type ModelShape } from '../../classifier/train/model.ts';
import { attribute, decodeModel, encodeModel, value } from '../../classifier/train/onnx_format.ts';
import { evened, halve, meanOverTokens, startPositions } from '../../classifier/train/positions_graph.ts';
import { quantise } from '../../classifier/train/quantize.ts';
import type { Weights } from '../../classifier/train/safetensors.ts';

/** Output `logits`: the sentiment head alone, which is less than Tidewatch computes. */
function plainGraph(shape: ModelShape, weights: Weights, isInt8: boolean): Uint8Array {
  const graph = new GraphBuilder(weights);
  const { hidden_size: width, num_attention_heads: heads } = shape;
  const scalar = (name: string, number: number): string => graph.keep(name, 'float', [], Float32Array.of(number));
  const sizes = (name: string, dims: number[]): string =>
    graph.keep(name, 'int64', [dims.length], BigInt64Array.from(dims, BigInt));

  const dense = (name: string, input: string): string => {
    const { shape: [outputs = 0, inputs = 0], data } = graph.weight(`${name}.weight`); // prettier-ignore
    const bias = graph.float(`${name}.bias`);
    if (!isInt8) {
      const turned = graph.keep(`${name}.weight`, 'float', [inputs, outputs], transpose(data, outputs, inputs));
      return graph.add('Add', [graph.add('MatMul', [input, turned]), bias]);
    }
    const { values, scales } = quantise(data, inputs);
    const turned = Int8Array.from(transpose(Float32Array.from(values), outputs, inputs));
    const bytes = graph.keep(`${name}.weight`, 'int8', [inputs, outputs], turned);
    const scale = graph.keep(`${name}.weight.scale`, 'float', [outputs], scales);
    const zero = graph.keep(`${name}.weight.zero`, 'int8', [outputs], new Int8Array(outputs));
    const quantised = `${name}.input`;
    graph.addNamed('DynamicQuantizeLinear', [input], [quantised, `${quantised}.scale`, `${quantised}.zero`]);
    const product = graph.add('MatMulInteger', [quantised, bytes, `${quantised}.zero`, zero]);
    const scaled = graph.add('Mul', [
      graph.add('Cast', [product], [attribute('to', 1)]),
      graph.add('Mul', [`${quantised}.scale`, scale]),
    ]);
    return graph.add('Add', [scaled, bias]);
  };
  const norm = (name: string, input: string): string =>
    graph.add(
      'LayerNormalization',
      [input, graph.float(`${name}.weight`), graph.float(`${name}.bias`)],
      [attribute('epsilon', { float: shape.layer_norm_eps }), attribute('axis', -1)],
    );
  const gelu = (input: string): string => {
    const erf = graph.add('Erf', [graph.add('Div', [input, scalar('sqrt2', Math.SQRT2)])]);
    const grown = graph.add('Mul', [input, graph.add('Add', [erf, scalar('one', 1)])]);
    return graph.add('Mul', [grown, scalar('half', 0.5)]);
  };
  const split = (input: string, order: number[]): string =>
    graph.add(
      'Transpose',
      [graph.add('Reshape', [input, sizes('split', [0, 0, heads, width / heads])])],
      [attribute('perm', order)],
    );

  /** Added to the scores: nothing on tokens, the lowest number on padding. */
  const penaltyOf = (mask: string): string => {
    const isReal = graph.add('Cast', [mask], [attribute('to', 1)]);
    const wide = graph.add('Unsqueeze', [isReal, sizes('axes12', [1, 2])]);
    return graph.add('Mul', [graph.add('Sub', [scalar('one', 1), wide]), scalar('lowest', -3.4028234663852886e38)]);
  };
  const halvings = shape.halve_before ?? [];
  const ids = evened(graph, 'input_ids', shape.pad_token_id, 2 ** halvings.length);
  const table = graph.weight('embeddings.word_embeddings.weight');
  const [rows = 0] = table.shape;
  let words: string;
  if (isInt8) {
    const { values, scales } = quantise(table.data, width);
    const bytes = graph.add('Gather', [graph.keep('words', 'int8', [rows, width], values), ids]);
    const scale = graph.add('Gather', [graph.keep('words.scale', 'float', [rows, 1], scales), ids]);
    words = graph.add('Mul', [graph.add('Cast', [bytes], [attribute('to', 1)]), scale]);
  } else words = graph.add('Gather', [graph.float('embeddings.word_embeddings.weight'), ids]);
  const length = graph.add('Slice', [graph.add('Shape', [ids]), sizes('at1', [1]), sizes('at2', [2])]);
  const places = graph.add('Slice', [graph.float('embeddings.position_embeddings.weight'), sizes('at0', [0]), length]);
  const start = norm('embeddings.LayerNorm', graph.add('Add', [words, places]));
  let positions = startPositions(graph, start, evened(graph, 'attention_mask', 0, 2 ** halvings.length));
  let penalty = penaltyOf(positions.mask);
  for (let layer = 0; layer < shape.num_hidden_layers; layer += 1) {
    const { hidden: below } = positions;
    const isHalved = halvings.includes(layer);
    if (isHalved) positions = halve(graph, width, positions, halvingsBelow(shape, layer) + 1);
    const { hidden } = positions;
    const name = `encoder.layer.${layer}`;
    const part = (which: string, of: string, order: number[]): string =>
      split(dense(`${name}.attention.self.${which}`, of), order);
    const scores = graph.add('MatMul', [part('query', hidden, [0, 2, 1, 3]), part('key', below, [0, 2, 3, 1])]);
    const scaled = graph.add('Div', [scores, scalar('scale', Math.sqrt(width / heads))]);
    const shares = graph.add('Softmax', [graph.add('Add', [scaled, penalty])], [attribute('axis', -1)]);
    const mixed = graph.add('MatMul', [shares, part('value', below, [0, 2, 1, 3])]);
    const turned = graph.add('Transpose', [mixed], [attribute('perm', [0, 2, 1, 3])]);
    const joined = graph.add('Reshape', [turned, sizes('join', [0, 0, width])]);
    const middle = norm(
      `${name}.attention.output.LayerNorm`,
      graph.add('Add', [dense(`${name}.attention.output.dense`, joined), hidden]),
    );
    const wide = dense(`${name}.intermediate.dense`, middle);
    const inner = shape.hidden_act === 'relu' ? graph.add('Relu', [wide]) : gelu(wide);
    const outer = graph.add('Add', [dense(`${name}.output.dense`, inner), middle]);
    positions = { ...positions, hidden: norm(`${name}.output.LayerNorm`, outer) };
    if (isHalved) penalty = penaltyOf(positions.mask);
  }
  const pooled = meanOverTokens(graph, positions);
  const head = ['heads.sentiment.weight', 'heads.sentiment.bias'].map((name) => graph.float(name));
  graph.addNamed('Gemm', [pooled, ...head], ['logits'], [attribute('transB', 1)]);
  return encodeModel({
    ir_version: 8,
    producer_name: 'bench',
    producer_version: '1',
    opset_import: [{ domain: '', version: 17 }],
    metadata_props: [],
    graph: {
      name: 'plain',
      node: graph.nodes,
      initializer: [...graph.kept.values()],
      input: ['input_ids', 'attention_mask'].map((name) => value(name, 'int64', ['batch', 'length'])),
      output: [value('logits', 'float', ['batch', 3])],
    },
  });
}

/** The shipped graph, in one piece, with its sentiment also called `logits`. */
function shippedGraph(folder: string): Uint8Array {
  const model = decodeModel(readWholeGraph(folder));
  const rename = { input: ['sentiment'], output: ['logits'], name: 'logits', op_type: 'Identity', domain: '' };
  model.graph.node.push({ ...rename, attribute: [] });
  model.graph.output = [value('logits', 'float', ['batch', 3])];
  return encodeModel(model);
}

export interface PlainFolders {
  /** onnx/model.onnx is fp32, onnx/model_quantized.onnx the usual int8. */
  readonly plain: string;
  /** onnx/model_quantized.onnx is Tidewatch's own graph. */
  readonly fused: string;
}

/** Writes the folders of one model below `target`. */
export function writePlainFolders(model: string, target: string): PlainFolders {
  const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as ModelShape & {
    tidewatch: { max_length: number; heads: { name: string; labels: string[] }[] };
  };
  const labels = config.tidewatch.heads.find(({ name }) => name === 'sentiment')?.labels ?? [];
  const folder = (name: string, graphs: Record<string, Uint8Array>): string => {
    const path = join(target, name);
    mkdirSync(join(path, 'onnx'), { recursive: true });
    copyFileSync(join(model, 'tokenizer.json'), join(path, 'tokenizer.json'));
    const ids = {
      id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
      label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    };
    const architectures = ['BertForSequenceClassification'];
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, architectures, ...ids }));
    const tokens = { bos_token: '<s>', eos_token: '</s>', cls_token: '<s>', sep_token: '</s>', pad_token: '<pad>' };
    const tokenizer = {
      tokenizer_class: 'XLMRobertaTokenizer',
      model_max_length: config.tidewatch.max_length,
      unk_token: '<unk>',
      ...tokens,
    };
    writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(tokenizer));
    for (const [file, bytes] of Object.entries(graphs)) writeFileSync(join(path, 'onnx', file), bytes);
    return path;
  };
  const weights = readOnnxWeights(readWholeGraph(model));
  return {
    plain: folder('plain', {
      'model.onnx': plainGraph(config, weights, false),
      'model_quantized.onnx': plainGraph(config, weights, true),
    }),
    fused: folder('fused', { 'model_quantized.onnx': shippedGraph(model) }),
  };
}
