import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readQuestions } from '../../../classifier/evaluation/sets.ts';
import type { Heads } from '../../../classifier/labels.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-mark-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADS: Heads = {
  sentiment: { labels: ['negative', 'neutral', 'positive'], temperature: 1 },
  topic: { labels: ['Energy'], temperature: 1 },
  topics_zh: null,
  event: null,
  entity_sentiment: null,
};

it('asks the first line too of a file that begins with the byte order mark of Windows', () => {
  const file = join(folder, 'own.jsonl');
  writeFileSync(file, '\ufeff{"text":"亏损","sentiment":"negative"}\r\n{"text":"profit","sentiment":"positive"}\r\n');
  const { questions, skipped } = readQuestions([file], HEADS);
  expect(questions.map(({ text }) => text)).toEqual(['亏损', 'profit']);
  expect(skipped).toEqual({});
});
