import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { evaluateCommand } from '../../app/commands/evaluate.ts';
import type { EvaluateOptions } from '../../classifier/evaluation/evaluate.ts';
import { readQuestions, type ReadSets } from '../../classifier/evaluation/sets.ts';
import type { Heads } from '../../classifier/labels.ts';
import { gbk } from '../ingest/gbk.ts';

const HEADS: Heads = {
  sentiment: { labels: ['negative', 'neutral', 'positive'], temperature: 1 },
  topic: { labels: ['Energy'], temperature: 1 },
  topics_zh: null,
  event: null,
  entity_sentiment: null,
};
const asked: ReadSets[] = [];
vi.mock('../../classifier/evaluation/evaluate.ts', () => ({
  evaluateModel: ({ files, read }: EvaluateOptions) => {
    asked.push(readQuestions(files, HEADS, new Map(), read));
    throw new Error('asked');
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('asks a set in GBK what it asks of the same set in UTF-8', async () => {
  const text = ['公司巨亏,股价暴跌', '业绩大增,股价上涨', 'profit rose']
    .map((one, index) => JSON.stringify({ text: one, sentiment: index === 0 ? 'negative' : 'positive' }))
    .join('\n');
  for (const [name, bytes] of [
    ['plain', Buffer.from(text)],
    ['gbk', gbk(text)],
  ] as const) {
    const file = join(folder, name, 'own.jsonl');
    mkdirSync(join(folder, name));
    writeFileSync(file, bytes);
    await expect(evaluateCommand().parseAsync(['--data', file], { from: 'user' })).rejects.toThrow('asked');
  }
  expect(asked[0]?.questions.map((question) => question.text)).toContain('公司巨亏,股价暴跌');
  expect(asked[1]).toEqual(asked[0]);
});
