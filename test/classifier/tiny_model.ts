/**
 * A model folder small enough to check by hand, with the contract of the shipped one: a Unigram tokenizer of a few
 * words and an ONNX graph that averages word vectors and multiplies by the heads. A text's logits are the mean, over
 * its words and the two frame tokens, of each word's row below, so a test can say what a label must be.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOPICS } from '../../classifier/train/labels.ts';
import { writeOnnx } from './onnx_writer.ts';

const SENTIMENTS = ['negative', 'neutral', 'positive'];
const STRENGTH = 12;

/** Word pieces with the sentiment and the topic that each votes for. "poison" has an id but no vector: it must fail. */
const WORDS: readonly [piece: string, sentiment: number | null, topic: number | null][] = [
  ['▁', null, null],
  ['▁profit', 2, 5],
  ['▁rose', 2, 19],
  ['▁loss', 0, 5],
  ['▁fraud', 0, 12],
  ['▁meeting', 1, 17],
  ['▁oil', 1, 6],
  ['▁the', null, null],
  ['盈利', 2, 5],
  ['亏损', 0, 5],
  ['▁poison', null, null],
];
const FRAME = ['<s>', '<pad>', '</s>', '<unk>'];

export interface TinyModelOptions {
  readonly name?: string;
  readonly version?: string;
  readonly maxLength?: number;
  readonly temperature?: number;
  /** Turns every sentiment round: another model, to be told from the first by its labels. */
  readonly inverted?: boolean;
  /** Bytes that stand in for the graph. */
  readonly graph?: Uint8Array;
}

/** Writes the model folder and returns its path. */
export function writeTinyModel(folder: string, options: TinyModelOptions = {}): string {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const pieces = [...FRAME, ...WORDS.map(([piece]) => piece)];
  const tokens = FRAME.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const special = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  const files: Record<string, string | Uint8Array> = {
    'config.json': JSON.stringify({
      model_type: 'bert',
      hidden_size: SENTIMENTS.length + TOPICS.length,
      vocab_size: pieces.length,
      pad_token_id: 1,
      bos_token_id: 0,
      eos_token_id: 2,
      tidewatch: {
        name: options.name ?? 'tiny',
        version: options.version ?? '1',
        max_length: options.maxLength ?? 16,
        heads: [
          { name: 'sentiment', kind: 'softmax', labels: SENTIMENTS, temperature: options.temperature ?? 1 },
          { name: 'topic', kind: 'softmax', labels: TOPICS, temperature: 1 },
        ],
      },
    }),
    'tokenizer.json': JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: tokens,
      normalizer: { type: 'NFKC' },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: {
        type: 'TemplateProcessing',
        single: [special('<s>'), { Sequence: { id: 'A', type_id: 0 } }, special('</s>')],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: {
          '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] },
          '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] },
        },
      },
      decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      model: {
        type: 'Unigram',
        unk_id: 3,
        vocab: pieces.map((piece, index) => [piece, index < FRAME.length ? 0 : -1 - piece.length / 100]),
        byte_fallback: false,
      },
    }),
    'onnx/model_quantized.onnx': options.graph ?? writeGraph(options.inverted === true),
    'MODEL_CARD.md': '# Tiny\nA model for tests.\n',
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  writeChecksums(folder, files);
  return folder;
}

/** SHA256SUMS in the form of the coreutils program: "<hex>  <path>". */
function writeChecksums(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const lines = Object.entries(files).map(
    ([path, content]) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`,
  );
  writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
}

function writeGraph(inverted: boolean): Uint8Array {
  const width = SENTIMENTS.length + TOPICS.length;
  const known = WORDS.filter(([piece]) => piece !== '▁poison');
  const vectors = new Float32Array((FRAME.length + known.length) * width);
  known.forEach(([, sentiment, topic], index) => {
    const row = (FRAME.length + index) * width;
    if (sentiment !== null) vectors[row + (inverted ? 2 - sentiment : sentiment)] = STRENGTH;
    if (topic !== null) vectors[row + SENTIMENTS.length + topic] = STRENGTH;
  });
  const pick = (from: number, count: number): Float32Array => {
    const matrix = new Float32Array(width * count);
    for (let column = 0; column < count; column += 1) matrix[(from + column) * count + column] = 1;
    return matrix;
  };
  const axis = (name: string, value: number) => ({ name, dims: [1], data: BigInt64Array.of(BigInt(value)) });
  return writeOnnx({
    inputs: [
      { name: 'input_ids', kind: 'int64', dims: ['batch', 'length'] },
      { name: 'attention_mask', kind: 'int64', dims: ['batch', 'length'] },
    ],
    outputs: [
      { name: 'sentiment', kind: 'float32', dims: ['batch', SENTIMENTS.length] },
      { name: 'topic', kind: 'float32', dims: ['batch', TOPICS.length] },
    ],
    tensors: [
      { name: 'vectors', dims: [FRAME.length + known.length, width], data: vectors },
      { name: 'to_sentiment', dims: [width, SENTIMENTS.length], data: pick(0, SENTIMENTS.length) },
      { name: 'to_topic', dims: [width, TOPICS.length], data: pick(SENTIMENTS.length, TOPICS.length) },
      axis('axis_1', 1),
      axis('axis_2', 2),
    ],
    operators: [
      { type: 'Gather', inputs: ['vectors', 'input_ids'], outputs: ['words'] },
      { type: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], integers: { to: 1 } },
      { type: 'Unsqueeze', inputs: ['mask', 'axis_2'], outputs: ['mask_3d'] },
      { type: 'Mul', inputs: ['words', 'mask_3d'], outputs: ['kept'] },
      { type: 'ReduceSum', inputs: ['kept', 'axis_1'], outputs: ['sum'], integers: { keepdims: 0 } },
      { type: 'ReduceSum', inputs: ['mask', 'axis_1'], outputs: ['count'], integers: { keepdims: 1 } },
      { type: 'Div', inputs: ['sum', 'count'], outputs: ['mean'] },
      { type: 'MatMul', inputs: ['mean', 'to_sentiment'], outputs: ['sentiment'] },
      { type: 'MatMul', inputs: ['mean', 'to_topic'], outputs: ['topic'] },
    ],
  });
}
