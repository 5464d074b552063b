import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadArtifact } from '../../../classifier/artifact.ts';
import { fitTemperature, fitThresholds, softmax } from '../../../classifier/evaluation/calibrate.ts';
import { evaluateModel } from '../../../classifier/evaluation/evaluate.ts';
import { figuresOf, multiLabelFigures } from '../../../classifier/evaluation/measures.ts';
import { pictureOf } from '../../../classifier/evaluation/picture.ts';
import { readCases } from '../../../classifier/evaluation/robustness.ts';
import { findFiles } from '../../../classifier/evaluation/sets.ts';
import { tableOf } from '../../../classifier/evaluation/table.ts';
import { writeToModel } from '../../../classifier/evaluation/write.ts';
import { writeTinyModel } from '../tiny_model.ts';

const sure = (said: number, probability: number, labels = 3): number[] =>
  Array.from({ length: labels }, (_, place) => (place === said ? probability : (1 - probability) / (labels - 1)));

describe('figures', () => {
  // Gold 0 0 1 2, said 0 1 1 2.
  const answers = [
    { probabilities: sure(0, 0.9), gold: [0] },
    { probabilities: sure(1, 0.5), gold: [0] },
    { probabilities: sure(1, 0.5), gold: [1] },
    { probabilities: sure(2, 0.9), gold: [2] },
  ];

  it('are right by hand', () => {
    const figures = figuresOf(answers, ['a', 'b', 'c']);
    expect(figures.accuracy).toBe(0.75);
    expect(figures.macro_f1).toBeCloseTo((2 / 3 + 2 / 3 + 1) / 3, 10);
    expect(figures.confusion).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(figures.classes[1]).toEqual({ label: 'b', precision: 0.5, recall: 1, f1: 2 / 3, rows: 1 });
    // Half of the rows are sure to 0.9 and right; half are sure to 0.5 and right half the time.
    expect(figures.ece).toBeCloseTo(0.05, 10);
  });

  it('have intervals that hold the figure, narrow with more rows, and are the same each time', () => {
    const few = figuresOf(answers, ['a', 'b', 'c']);
    const many = figuresOf(Array.from({ length: 100 }, () => answers).flat(), ['a', 'b', 'c']);
    const width = ({ low, high }: { low: number; high: number }): number => high - low;
    expect(width(many.accuracy_interval)).toBeLessThan(width(few.accuracy_interval) / 3);
    expect(many.accuracy_interval.low).toBeLessThan(0.75);
    expect(many.accuracy_interval.high).toBeGreaterThan(0.75);
    expect(figuresOf(answers, ['a', 'b', 'c'])).toEqual(few);
  });

  it('of several labels are micro-F1 over all decisions', () => {
    const figures = multiLabelFigures(
      [
        { probabilities: [0.9, 0.9], said: [true, true], gold: [0] },
        { probabilities: [0.1, 0.9], said: [false, true], gold: [1] },
      ],
      ['x', 'y'],
    );
    expect(figures.micro_f1).toBeCloseTo((2 * 2) / (3 + 2), 10);
    expect(figures.exact).toBe(0.5);
  });
});

describe('calibration', () => {
  it('finds the temperature that makes an overconfident head honest', () => {
    // Sure to 0.982 (logit 4), right three times in four: the honest logit is ln 3.
    const rows = Array.from({ length: 400 }, (_, index) => ({
      set: 'one',
      logits: [4, 0],
      gold: [index % 4 === 0 ? 1 : 0],
      possible: null,
    }));
    const temperature = fitTemperature(rows);
    expect(softmax([4, 0], temperature)[0]).toBeCloseTo(0.75, 2);
  });

  it('gives a label whose probabilities are too low a lower threshold', () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      set: 'one',
      logits: index % 2 === 0 ? [2, -1] : [-2, -4],
      gold: index % 2 === 0 ? [0, 1] : [],
      possible: null,
    }));
    const [, low = 1] = fitThresholds(rows, 2, 1);
    expect(low).toBeLessThan(0.28);
  });
});

describe('evaluating a model', () => {
  let folder: string;
  let data: string;
  let model: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-evaluation-'));
    data = join(folder, 'data');
    model = writeTinyModel(join(folder, 'model'));
    const write = async (path: string, lines: readonly object[]): Promise<void> => {
      await mkdir(join(data, path, '..'), { recursive: true });
      await writeFile(join(data, path), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    };
    const twoClass = Array.from({ length: 60 }, (_, index) => ({
      text: index % 2 === 0 ? `profit ${'the '.repeat(index)}` : `meeting loss ${'the '.repeat(index)}`,
      lang: 'en',
      sentiment: index % 2 === 0 ? 'positive' : 'negative',
    }));
    await write('dev/poles.jsonl', twoClass);
    await write('dev/events.jsonl', [
      { text: '亏损', lang: 'zh', topic: ['业绩下滑'] },
      { text: '盈利', lang: 'zh', topic: ['公司'] },
      { text: 'oil', lang: 'en', topic: 'Energy | Oil', sentiment: 'neutral' },
      {
        text: 'acme the borea',
        lang: 'en',
        entities: [
          { target: 'acme', sentiment: 'positive' },
          { target: 'borea', sentiment: 'positive' },
        ],
      },
      { text: 'loss', lang: 'en', negative: true, sentiment: 'negative' },
      { text: 'loss the', lang: 'en', sentiment: 'negative' },
      { text: 'nothing is known', lang: 'en' },
    ]);
    await write('noncommercial/fpb.dev.jsonl', [{ text: 'prоfit', lang: 'en', source: 'fpb', sentiment: 'positive' }]);
    await write('test/poles.jsonl', [{ text: 'loss', sentiment: 'positive' }]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const evaluate = () =>
    evaluateModel({
      folder: model,
      files: findFiles([data], 'dev'),
      split: 'dev',
      cases: [
        { id: '1', text: 'p r o f i t', lang: 'en', sentiment: 'positive', kind: 'spaced letters' },
        { id: '2', text: 'profit', lang: 'en', sentiment: 'positive', kind: 'plain' },
      ],
      threads: 1,
      progress: () => undefined,
    });

  it('asks each line of the right head, masks what a set cannot know, and says what it left out', async () => {
    const evaluation = await evaluate();
    const group = (set: string, task: string) => evaluation.groups.find((one) => one.set === set && one.task === task);
    expect(group('poles', 'sentiment')).toMatchObject({ masked: ['negative', 'positive'], figures: { accuracy: 1 } });
    expect(group('poles', 'sentiment')?.open?.accuracy).toBeLessThanOrEqual(1);
    expect(group('events', 'event')).toMatchObject({ lang: 'zh', masked: null, figures: { accuracy: 1 } });
    expect(group('events', 'topics_zh')).toMatchObject({ multi: { micro_f1: 1 } });
    expect(group('events', 'topic')).toMatchObject({ figures: { rows: 1, accuracy: 1 } });
    expect(group('events', 'negative')).toMatchObject({ figures: { rows: 1, accuracy: 1 } });
    expect(group('events', 'entity_sentiment')).toMatchObject({ figures: { rows: 2, accuracy: 0.5 } });
    expect(group('all', 'sentiment')).toMatchObject({ lang: 'en', figures: { rows: 63 } });
    expect(evaluation.skipped).toEqual({ events: 1 });
    expect(tableOf(evaluation)).toContain('events: 1 lines left out');
    // One text of each sentiment in the sets that know all three: loss, oil, profit with a foreign letter.
    const matrix = evaluation.mean_probabilities ?? [];
    expect(matrix.map((row) => row.indexOf(Math.max(...row)))).toEqual([0, 1, 2]);
    for (const row of matrix) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 2);
    expect(tableOf(evaluation)).toContain(`matrix: ${JSON.stringify(matrix)}`);
    expect(evaluation.normaliser).toMatchObject({ changed: 1, asked: 1, before: 0, after: 1 });
    expect(evaluation.robustness).toEqual([
      { kind: 'spaced letters', rows: 1, before: 0, after: 1 },
      { kind: 'plain', rows: 1, before: 1, after: 1 },
      { kind: 'all', rows: 2, before: 0.5, after: 1 },
    ]);
    expect(await evaluate()).toEqual(evaluation);
  });

  it('is shown as a table and a picture, and written beside the model with a card that it then loads', async () => {
    const evaluation = await evaluate();
    expect(tableOf(evaluation)).toMatch(/poles +en +sentiment +60 +100\.0 /);
    expect(pictureOf(evaluation)).toMatch(/^<svg [\s\S]*fpb · en · sentiment[\s\S]*<\/svg>\n$/);
    writeToModel(model, evaluation);
    const card = await readFile(join(model, 'MODEL_CARD.md'), 'utf8');
    expect(card).toContain('| poles | en | sentiment | 60 | 100.0 |');
    expect(card).toMatch(/Never trained on[\s\S]*fpb \(dev\)/);
    expect(card).toContain('| spaced letters | 1 | 0.0 | 100.0 |');
    const { reference } = await loadArtifact(model);
    expect(reference?.sentiment['negative']).toBeGreaterThan(0.2);
  });

  it('writes beside an evaluation that knows nothing but what drift is measured against', async () => {
    const { reference, ...evaluation } = await evaluate();
    const bare = {
      model: evaluation.model,
      split: 'dev',
      files: [],
      skipped: {},
      groups: [],
      calibration: {},
      reference,
    };
    await writeFile(join(model, 'evaluation.json'), JSON.stringify({ dev: bare }));
    writeToModel(model, { ...evaluation, reference, split: 'test' });
    expect(await readFile(join(model, 'MODEL_CARD.md'), 'utf8')).toContain('| spaced letters | 1 | 0.0 | 100.0 |');
    expect((await loadArtifact(model)).reference).toEqual(reference);
  });

  it('has nothing to measure drift against where no whole text was asked', async () => {
    const { reference: _, ...evaluation } = await evaluate();
    writeToModel(model, { ...evaluation, reference: { sentiment: {}, topic: {}, confidence: {} } });
    expect((await loadArtifact(model)).reference).toBeNull();
  });

  it('refuses lines that ask the model nothing', async () => {
    const file = join(folder, 'capitals.jsonl');
    await writeFile(file, '{"text":"profit","sentiment":"Positive"}\n{"id":"7","sentiment":"positive"}\n');
    const asked = evaluateModel({
      folder: model,
      files: [file],
      split: 'dev',
      cases: [],
      threads: 1,
      progress: () => undefined,
    });
    await expect(asked).rejects.toMatchObject({
      code: 'input.invalid',
      hint: expect.stringContaining('--texts') as string,
    });
  });

  it('refuses a path that is not there beside one that is, and asks a file once that is named twice', () => {
    const file = join(data, 'dev/poles.jsonl');
    expect(() => findFiles([data, join(data, 'typo')], 'dev')).toThrow(`--data: ${join(data, 'typo')} is no`);
    expect(() => findFiles([file, file.replace('poles', 'pole')], 'dev')).toThrow('pole.jsonl is no *.jsonl file');
    expect(
      findFiles([file, data, join(data, 'dev', '..')], 'dev').filter((one) => one.endsWith('poles.jsonl')),
    ).toEqual([file]);
  });

  it('refuses a folder without the split', () => {
    expect(() => findFiles([model], 'dev')).toThrow(/no \*\.jsonl files for dev/);
  });
});

describe('the robustness set', () => {
  it('has at least 300 texts in both languages, every sentiment, and every trouble', () => {
    const cases = readCases('classifier/evaluation/robustness.jsonl');
    expect(cases.length).toBeGreaterThanOrEqual(300);
    expect(new Set(cases.map(({ text }) => text)).size).toBe(cases.length);
    for (const lang of ['en', 'zh']) {
      const own = cases.filter((one) => one.lang === lang);
      expect(own.length).toBeGreaterThan(100);
      expect(new Set(own.map(({ sentiment }) => sentiment)).size).toBe(3);
    }
    expect(new Set(cases.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(12);
  });
});
