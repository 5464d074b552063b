import { describe, expect, it } from 'vitest';
import { cleanText } from '../../core/text.ts';
import { opinionConditions } from '../../dashboards/conditions.ts';

describe('the words that a list is filtered by', () => {
  it('are cleaned as stored texts are, so that what a Chinese keyboard types is found', () => {
    const stored = cleanText('Ａ股集体收跌，油价上涨（快讯）');
    for (const q of ['集体收跌，油价', ' Ａ股 ', '（快讯）'])
      expect(stored, q).toContain(opinionConditions({ q }).params['q']);
  });

  it('are no condition where nothing is left of them', () => {
    for (const q of ['', '　', '\u200b']) expect(opinionConditions({ q })).toEqual({ sql: '', params: {} });
  });
});
