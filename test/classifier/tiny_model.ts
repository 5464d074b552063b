/**
 * A model folder small enough to check by hand, with the contract of the shipped one: a Unigram tokenizer of a few
 * words and an ONNX graph that averages word vectors and multiplies by the heads. A text's logits are the mean, over
 * its words and the two frame tokens, of each word's row below, so a test can say what a label must be.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENTS, NO_EVENT, TOPICS, TOPICS_ZH } from '../../classifier/train/labels.ts';
import { writeOnnx } from './onnx_writer.ts';

const SENTIMENTS = ['negative', 'neutral', 'positive'];
const STRENGTH = 12;

interface Votes {
  readonly sentiment?: number;
  readonly topic?: number;
  readonly topics_zh?: (typeof TOPICS_ZH)[number];
  readonly event?: (typeof EVENTS)[number];
  /** Towards the entity that is asked about: a name counts twice when it is both the question and in the text. */
  readonly entity_sentiment?: number;
}

/** Word pieces with what each votes for. "poison" has an id but no vector: it must fail. */
const WORDS: readonly [piece: string, votes: Votes][] = [
  ['▁', {}],
  ['▁profit', { sentiment: 2, topic: 5 }],
  ['▁rose', { sentiment: 2, topic: 19 }],
  ['▁loss', { sentiment: 0, topic: 5 }],
  ['▁fraud', { sentiment: 0, topic: 12, event: '涉嫌欺诈' }],
  ['▁meeting', { sentiment: 1, topic: 17 }],
  ['▁oil', { sentiment: 1, topic: 6, topics_zh: '能源' }],
  ['▁the', {}],
  ['盈利', { sentiment: 2, topic: 5, topics_zh: '公司' }],
  ['亏损', { sentiment: 0, topic: 5, topics_zh: '公司', event: '业绩下滑' }],
  ['▁acme', { entity_sentiment: 2 }],
  ['▁borea', { entity_sentiment: 0 }],
  ['▁poison', {}],
];

type HeadName = keyof Votes;
const HEADS: Readonly<Record<HeadName, readonly string[]>> = {
  sentiment: SENTIMENTS,
  topic: TOPICS,
  topics_zh: TOPICS_ZH,
  event: EVENTS,
  entity_sentiment: SENTIMENTS,
};
const FRAME = ['<s>', '<pad>', '</s>', '<unk>'];

export interface TinyModelOptions {
  readonly name?: string;
  readonly version?: string;
  readonly maxLength?: number;
  readonly temperature?: number;
  /** Heads that it has; without it, all. */
  readonly heads?: readonly HeadName[];
  /** Two graphs with an exit between them, for texts whose sentiment there is at least so likely; the upper one inverts. */
  readonly exitFrom?: number;
  /** Turns every sentiment round: another model, to be told from the first by its labels. */
  readonly inverted?: boolean;
  /** Bytes that stand in for the graph. */
  readonly graph?: Uint8Array;
}

/** Writes the model folder and returns its path. */
export function writeTinyModel(folder: string, options: TinyModelOptions = {}): string {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const heads = options.heads ?? (Object.keys(HEADS) as HeadName[]);
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
      hidden_size: widthOf(heads),
      vocab_size: pieces.length,
      pad_token_id: 1,
      bos_token_id: 0,
      eos_token_id: 2,
      tidewatch: {
        name: options.name ?? 'tiny',
        version: options.version ?? '1',
        max_length: options.maxLength ?? 16,
        ...(options.exitFrom === undefined
          ? {}
          : {
              exit: {
                after: 0,
                heads: textHeads(heads).map((name) => ({
                  name: `exit_${name}`,
                  head: name,
                  temperature: name === 'sentiment' ? 0.5 : 1,
                  ...(name === 'topics_zh' ? { thresholds: TOPICS_ZH.map(() => 0.7) } : {}),
                })),
                threshold: { sentiment: options.exitFrom },
              },
            }),
        heads: heads.map((name) => ({
          name,
          kind: name === 'topics_zh' ? 'multi_label' : 'softmax',
          labels: HEADS[name],
          temperature: name === 'sentiment' ? (options.temperature ?? 1) : 1,
          ...(name === 'topics_zh' ? { thresholds: TOPICS_ZH.map(() => 0.6) } : {}),
          ...(name === 'event' ? { none: NO_EVENT } : {}),
        })),
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
    ...(options.exitFrom === undefined
      ? { 'onnx/model_quantized.onnx': options.graph ?? writeGraph('whole', heads, options.inverted === true) }
      : {
          'onnx/lower_quantized.onnx': writeGraph('lower', heads, false),
          'onnx/upper_quantized.onnx': writeGraph('upper', heads, true),
        }),
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

function widthOf(heads: readonly HeadName[]): number {
  return heads.reduce((sum, name) => sum + HEADS[name].length, 0);
}

const textHeads = (heads: readonly HeadName[]): HeadName[] => heads.filter((name) => name !== 'entity_sentiment');

/** The whole of it, or its halves: word vectors with the exit's heads, and the mean of the vectors with the heads. */
function writeGraph(part: 'whole' | 'lower' | 'upper', heads: readonly HeadName[], inverted: boolean): Uint8Array {
  const width = widthOf(heads);
  const known = WORDS.filter(([piece]) => piece !== '▁poison');
  const vectors = new Float32Array((FRAME.length + known.length) * width);
  let from = 0;
  const starts = heads.map((name) => (from += HEADS[name].length) - HEADS[name].length);
  known.forEach(([, votes], index) => {
    const row = (FRAME.length + index) * width;
    heads.forEach((name, head) => {
      const vote = votes[name];
      if (vote === undefined) return;
      vectors[row + (starts[head] ?? 0) + (typeof vote === 'string' ? HEADS[name].indexOf(vote) : vote)] = STRENGTH;
    });
  });
  const turned = (name: HeadName): boolean => inverted && HEADS[name] === SENTIMENTS;
  const pick = (from: number, count: number, turn: boolean): Float32Array => {
    const matrix = new Float32Array(width * count);
    for (let column = 0; column < count; column += 1) {
      matrix[(from + column) * count + (turn ? count - 1 - column : column)] = 1;
    }
    return matrix;
  };
  const axis = (name: string, value: number) => ({ name, dims: [1], data: BigInt64Array.of(BigInt(value)) });
  const answered = part === 'lower' ? textHeads(heads) : heads;
  const output = (name: HeadName): string => (part === 'lower' ? `exit_${name}` : name);
  const hidden = { name: 'hidden', kind: 'float32', dims: ['batch', 'length', width] } as const;
  return writeOnnx({
    inputs: [
      ...(part === 'upper' ? [hidden] : [{ name: 'input_ids', kind: 'int64', dims: ['batch', 'length'] } as const]),
      { name: 'attention_mask', kind: 'int64', dims: ['batch', 'length'] },
    ],
    outputs: [
      ...(part === 'lower' ? [hidden] : []),
      ...answered.map(
        (name) => ({ name: output(name), kind: 'float32', dims: ['batch', HEADS[name].length] }) as const,
      ),
    ],
    tensors: [
      ...(part === 'upper' ? [] : [{ name: 'vectors', dims: [FRAME.length + known.length, width], data: vectors }]),
      ...answered.map((name) => ({
        name: `to_${name}`,
        dims: [width, HEADS[name].length],
        data: pick(starts[heads.indexOf(name)] ?? 0, HEADS[name].length, turned(name)),
      })),
      axis('axis_1', 1),
      axis('axis_2', 2),
    ],
    operators: [
      ...(part === 'upper' ? [] : [{ type: 'Gather', inputs: ['vectors', 'input_ids'], outputs: ['hidden'] }]),
      { type: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], integers: { to: 1 } },
      { type: 'Unsqueeze', inputs: ['mask', 'axis_2'], outputs: ['mask_3d'] },
      { type: 'Mul', inputs: ['hidden', 'mask_3d'], outputs: ['kept'] },
      { type: 'ReduceSum', inputs: ['kept', 'axis_1'], outputs: ['sum'], integers: { keepdims: 0 } },
      { type: 'ReduceSum', inputs: ['mask', 'axis_1'], outputs: ['count'], integers: { keepdims: 1 } },
      { type: 'Div', inputs: ['sum', 'count'], outputs: ['mean'] },
      ...answered.map((name) => ({ type: 'MatMul', inputs: ['mean', `to_${name}`], outputs: [output(name)] })),
    ],
  });
}
