/** Lines that are no use, as training and evaluating meet them in one file with good ones: counted by reason, never the end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readQuestions } from '../../../classifier/evaluation/sets.ts';
import type { Heads } from '../../../classifier/labels.ts';
import { readRows } from '../../../classifier/train/data.ts';
import { PLAIN_SET, readRecipe } from '../../../classifier/train/recipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-lines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const GOOD = '{"text":"利润下滑","sentiment":"negative","topics_zh":[]}';
const head = (labels: string[]) => ({ labels, temperature: 1 });
const HEADS = {
  sentiment: head(['negative', 'neutral', 'positive']),
  topic: head(['Earnings']),
  topics_zh: { ...head(['公司']), thresholds: [0.5] },
  event: null,
  entity_sentiment: head(['negative', 'neutral', 'positive']),
} as unknown as Heads;

test.each([
  ['null', 'that are no object'],
  ['42', 'that are no object'],
  ['{"text":"利润","topics_zh":"公司"}', 'whose topics_zh is no list'],
  ['{"text":"profit","sentiment":"positive","entities":[null]}', 'whose entities are no list of objects'],
  ['{"text":"profit","sentiment":"positive","entities":{"target":"Acme"}}', 'whose entities are no list of objects'],
  ['{"text":"profit","entities":[{"sentiment":"positive"}]}', 'without a label that is used'],
  ['{"text":"profit","sentiment":"positive","weight":"high"}', 'whose weight is no number above 0'],
  ['{"text":"profit","sentiment":"positive","weight":0}', 'whose weight is no number above 0'],
  ['{"text":"profit","sentiment":"positive","copies":-1}', 'whose copies is no number above 0'],
])('%s is a line to leave out, with its reason', (line, reason) => {
  const file = join(folder, 'lines.jsonl');
  writeFileSync(file, `${line}\n${GOOD}\n`);
  const settings = { ...PLAIN_SET, entities_rate: 1 };
  const { rows, skipped } = readRows(file, 'own', () => Int32Array.of(0, 2), settings);
  expect(skipped).toEqual({ [reason]: 1 });
  expect(rows.map(({ targets }) => targets.topics_zh?.allowed)).toEqual([[]]);
  const asked = readQuestions([file], HEADS);
  expect(asked.skipped).toEqual({ lines: 1 });
  expect(asked.questions.map(({ task }) => task)).toEqual(['sentiment', 'topics_zh']);
});

test('a recipe that is not there is not called one that is no JSON', () => {
  expect(() => readRecipe(join(folder, 'absent.json'))).toThrow('absent.json is not there');
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(() => readRecipe(join(folder, 'broken.json'))).toThrow('broken.json cannot be read as JSON');
});
