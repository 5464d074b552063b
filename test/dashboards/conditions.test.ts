import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../core/store/store.ts';
import { cleanText } from '../../core/text.ts';
import { opinionConditions } from '../../dashboards/conditions.ts';
import { writingsOf } from '../../dashboards/either_writing.ts';
import { sampleOpinions } from './sample.ts';
import { storeOf } from './stored.ts';

describe('the words that a list is filtered by', () => {
  it('are cleaned as stored texts are, so that what a Chinese keyboard types is found', () => {
    const stored = cleanText('Ａ股集体收跌，油价上涨（快讯）');
    for (const q of ['集体收跌，油价', ' Ａ股 ', '（快讯）']) {
      const writings = opinionConditions({ q }).params['q']?.split('\n') ?? [];
      expect(
        writings.some((words) => stored.includes(words)),
        q,
      ).toBe(true);
    }
  });

  it('are no condition where nothing is left of them', () => {
    for (const q of ['', '　', '\u200b']) expect(opinionConditions({ q })).toEqual({ sql: '', params: {} });
  });

  it('are spelt out in every writing, or in the whole ones where those would be too many', () => {
    expect(writingsOf('Norvale')).toEqual(['Norvale']);
    expect(writingsOf('頭发').toSorted()).toEqual(['头发', '头發', '头髮', '頭发', '頭發', '頭髮'].toSorted());
    expect(writingsOf('诺维银行发生风险与业绩监管')).toEqual(
      expect.arrayContaining(['诺维银行发生风险与业绩监管', '諾維銀行發生風險與業績監管']),
    );
    expect(writingsOf('维'.repeat(200)).length).toBeLessThanOrEqual(64);
  });
});

describe('a list of opinions filtered by words', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-conditions-'));
  let store: Store;
  beforeAll(async () => {
    const [first, ...others] = sampleOpinions(Date.parse('2026-03-16T00:00:00.000Z'));
    if (first === undefined) throw new Error('The sample is empty.');
    const traditional = { ...first.document, id: 'traditional', title: null, text: '諾維銀行的存款戶擔心風險' };
    store = await storeOf(join(folder, 'store'), [{ ...first, document: traditional }, ...others], []);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const found = async (q: string): Promise<string[]> => {
    const { sql, params } = opinionConditions({ q });
    const rows = await store.query<{ id: string }>(
      `SELECT document_id AS id FROM opinions WHERE true ${sql} ORDER BY id`,
      params,
    );
    return rows.map(({ id }) => id);
  };

  it('finds the same by traditional as by simplified words, in texts of either writing', async () => {
    const simplified = await found('诺维');
    expect(simplified.length).toBeGreaterThan(10);
    expect(simplified).toContain('traditional');
    expect(await found('諾維')).toEqual(simplified);
    expect(await found('诺維')).toEqual(simplified);
    expect(await found('存款户担心风险')).toEqual(['traditional']);
  });

  it('finds words in any case, and signs of a pattern as they stand', async () => {
    expect((await found('NORVALE')).length).toBeGreaterThan(10);
    for (const q of ['.*诺维', '\\n', "诺维'"]) expect(await found(q), q).toEqual([]);
  });
});
