import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedModel } from '../../classifier/artifact.ts';
import type { Backend } from '../../classifier/backend.ts';
import { explain, type Explanation } from '../../classifier/explain.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { withOnly, wordsOf } from '../../classifier/words.ts';
import { modelText } from '../../core/text.ts';
import { aContext } from './context.ts';
import { writeTinyModel } from './tiny_model.ts';

const open = (backend: object) =>
  createBackend(classifierSettings.parse({ backend: { type: 'onnx', ...backend } }), aContext());
/** A model that reads so many characters, and says something else of each text that differs within them. */
const readsTheFirst = (characters: number): Backend =>
  ({
    model: 'reader@1',
    classify: async (texts: readonly string[]) =>
      texts.map((text) => {
        const read = createHash('sha256').update(text.slice(0, characters)).digest().readUInt16BE();
        const negative = 0.1 + read / 1e5;
        const sentiment_probabilities = { negative, neutral: 1 - negative, positive: 0 };
        return { sentiment: 'negative', sentiment_probabilities, topic_probabilities: {} };
      }),
  }) as unknown as Backend;
const heaviest = (explanation: Explanation, count: number): string[] =>
  explanation.words
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, count)
    .map(({ word }) => word);

describe('the words of a text', () => {
  it('are whole words in both languages, with tickers, percentages and emoji', () => {
    expect(wordsOf('$TSLA fell 12.5%, didn’t it? 🚀').map(({ word }) => word)).toEqual([
      '$TSLA',
      'fell',
      '12.5%',
      'didn’t',
      'it',
      '🚀',
    ]);
    expect(wordsOf('公司净利润大幅下滑。').map(({ word }) => word)).toEqual(['公司', '净利润', '大幅', '下滑']);
  });

  it('are taken out without a trace of blanks, and what stands between them stays', () => {
    const text = 'Profit rose, but guidance was cut.';
    expect(withOnly(text, wordsOf(text), (place) => place < 2)).toBe('Profit rose, .');
    expect(withOnly(text, wordsOf(text), () => true)).toBe(text);
  });
});

describe('an explanation', () => {
  let folder: string;
  let backend: Backend;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-explain-'));
    backend = await open({ model: writeTinyModel(folder) });
  });
  afterAll(async () => {
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives weights that add up to the log-odds between the whole text and none of its words', async () => {
    for (const text of ['the loss', 'profit the loss the meeting the oil fraud the rose']) {
      const { words, method, probability } = await explain(backend, text, { label: 'negative' });
      expect(method).toBe(text.length < 10 ? 'exact' : 'shapley');
      const sum = words.reduce((total, { weight }) => total + weight, 0);
      expect(sum).toBeCloseTo(Math.log(probability / (1 - probability)) - Math.log(0.5), 1);
    }
  });

  it('names the word that the model heeds, and gives no weight to one that it does not', async () => {
    const { words } = await explain(backend, 'the loss the', { label: 'negative' });
    expect(words.map(({ word }) => word)).toEqual(['the', 'loss', 'the']);
    expect(words[1]?.weight).toBeGreaterThan(1);
    expect(Math.abs(words[0]?.weight ?? 9)).toBeLessThan(Math.abs(words[1]?.weight ?? 0) / 2);
  });

  it('is the same each time, and asks for no more variants than it was given', async () => {
    let asked = 0;
    const counting: Backend = {
      ...backend,
      classify(texts, options) {
        asked += texts.length;
        return backend.classify(texts, options);
      },
    };
    const text = 'profit rose the loss the meeting the oil';
    const first = await explain(counting, text, { variants: 40 });
    expect(asked).toBeLessThanOrEqual(40);
    expect(await explain(backend, text, { variants: 40 })).toEqual(first);
  });

  it('takes phrases out of a text with more words than variants', async () => {
    const { words, method } = await explain(backend, `fraud ${'the '.repeat(100)}`, {
      variants: 16,
      label: 'negative',
    });
    expect(method).toBe('occlusion');
    expect(words.length).toBeLessThanOrEqual(15);
    expect(heaviest({ words } as Explanation, 1)[0]).toContain('fraud');
  });

  it('is of the part that the model reads, however long the text and in whichever language', async () => {
    for (const [word, reads] of [
      ['亏损', 700],
      [' loss', 2400],
    ] as const) {
      const long = Array.from({ length: 100_000 }, (_, index) => `${word}${index}`).join('');
      const { text, words } = await explain(readsTheFirst(reads), long);
      expect(text.length).toBeGreaterThanOrEqual(reads);
      expect(text.length).toBeLessThanOrEqual(reads * 1.26);
      const weighing = words.filter(({ weight }) => weight !== 0).length;
      expect(weighing / words.length).toBeGreaterThan(0.75);
    }
  });

  it('of a text without an end is of its first 4,000 characters, none of them half', async () => {
    const { text } = await explain(readsTheFirst(1e6), `a${'😀'.repeat(100_000)}`);
    expect(text).toBe(`a${'😀'.repeat(1999)}`);
  });

  it('of a text without words is empty', async () => {
    expect((await explain(backend, '!!')).words).toEqual([]);
  });
});

const shipped = shippedModel('tidewatch-small');
const hasShipped = existsSync(join(shipped, 'SHA256SUMS'));
if (!hasShipped) console.warn(`skipped: the shipped model is not in ${shipped}`);
describe.skipIf(!hasShipped)('an explanation by the shipped model', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await open({});
  });
  afterAll(() => backend.close());

  it.each([
    ['Quarterly profit rose but guidance was slashed', 'negative', 'slashed'],
    ['Shares plunge after the bank admits accounting fraud', 'negative', 'plunge|fraud'],
    ['The company raised its full-year outlook and doubled its dividend', 'positive', 'raised|doubled'],
    ['公司净利润同比大幅下滑', 'negative', '下滑'],
    ['公司上半年净利润同比增长三成，股价涨停', 'positive', '增长|涨停'],
  ])('finds the plain word of: %s', async (text, label, expected) => {
    const explanation = await explain(backend, modelText(null, text), { label: label as 'negative' });
    expect(expected.split('|')).toContain(heaviest(explanation, 1)[0]);
  });

  it('gives most phrases of a long Chinese article a weight, since it leaves out what is not read', async () => {
    const article = `某公司净利润大幅下滑，遭证监会立案调查。${'公司召开年度股东大会，审议通过了多项常规议案，会议程序符合有关规定。'.repeat(150)}`;
    const { words, text } = await explain(backend, article, { variants: 20 });
    expect(text.length).toBeLessThan(1_000);
    expect(words.filter(({ weight }) => weight !== 0).length).toBeGreaterThan(words.length / 2);
  });

  it('weighs good and bad words of one sentence against each other', async () => {
    const { words } = await explain(backend, 'Quarterly profit rose but guidance was slashed', { label: 'negative' });
    const weight = (word: string): number => words.find((own) => own.word === word)?.weight ?? Number.NaN;
    expect(weight('rose')).toBeLessThan(0);
    expect(weight('slashed')).toBeGreaterThan(weight('guidance'));
  });
});
