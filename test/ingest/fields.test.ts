import { describe, expect, it } from 'vitest';
import { itemFromRecord, removalFromRecord } from '../../ingest/fields.ts';

describe('a record', () => {
  it('of NewsAPI keeps its time and its outlet', () => {
    const record = {
      source: { id: 'reuters', name: 'Reuters' },
      author: 'Ann',
      title: 'Acme recalls anvils',
      description: 'All of them.',
      url: 'https://r.example/1',
      publishedAt: '2024-03-05T10:00:00Z',
    };
    expect(itemFromRecord(record)).toMatchObject({ source: 'Reuters', published_at: '2024-03-05T10:00:00Z' });
  });

  it.each(['createdAt', 'datePublished', 'date_published', 'pub_date', 'publish_time', '發布時間'])(
    'has its time under %s',
    (name) => {
      expect(itemFromRecord({ text: 'a', [name]: '2024-03-05' })).toMatchObject({ published_at: '2024-03-05' });
    },
  );

  it('has tickers that are numbers, alone or in a list', () => {
    expect(itemFromRecord({ text: '股价今日大跌', 股票代码: 600519 })).toMatchObject({ tickers: ['600519'] });
    expect(itemFromRecord({ text: 'a', tickers: [600519, 'AAPL', null] })).toMatchObject({
      tickers: ['600519', 'AAPL'],
    });
    expect(itemFromRecord({ text: 'a', tickers: true })).not.toHaveProperty('tickers');
  });
});

describe('a record of what was taken back', () => {
  it('names its outlet and its author as an item does, also as objects', () => {
    const written = { source: { name: 'Reuters' }, author: { name: 'A. Writer' } };
    expect(itemFromRecord({ id: 'x', text: 'a', ...written })).toMatchObject({
      source: 'Reuters',
      author: 'A. Writer',
    });
    expect(removalFromRecord({ id: 'x', deleted: true, ...written })).toEqual({
      guid: 'x',
      reason: 'deleted',
      source: 'Reuters',
    });
    expect(removalFromRecord({ deleted: true, ...written })).toMatchObject({ author: 'A. Writer' });
    expect(removalFromRecord({ id: { name: 'x' }, deleted: true })).toContain('neither a guid');
  });
});
