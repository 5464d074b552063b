import { describe, expect, it } from 'vitest';
import { createEntityMatcher, type NamedEntity } from '../../ingest/entities.ts';
import type { WatchedEntity } from '../../ingest/watchlist.ts';

const entity = (id: string, over: Partial<WatchedEntity>): WatchedEntity => ({
  id, name: id, kind: 'company', tickers: [], codes: [], aliases: [], aliases_zh: [], ambiguous: [], cased: [], context: [], not: [], ...over,
}); // prettier-ignore

const match = createEntityMatcher([
  entity('apple', {
    name: 'Apple',
    name_zh: '苹果公司',
    tickers: ['AAPL'],
    codes: ['AAPL.O'],
    aliases: ['Apple Inc'],
    ambiguous: ['Apple', '苹果'],
  }),
  entity('bofa', { name: 'Bank of America', name_zh: '美国银行', tickers: ['BAC'], aliases: ['BofA'] }),
  entity('boc', { name: 'Bank of China', name_zh: '中国银行', codes: ['601988', '3988.HK'] }),
  entity('pboc', { name: "People's Bank of China", name_zh: '中国人民银行', kind: 'institution' }),
  entity('ping_an', { name: 'Ping An Insurance', name_zh: '中国平安', aliases_zh: ['平安'], codes: ['601318'] }),
  entity('ping_an_bank', { name: 'Ping An Bank', name_zh: '平安银行', codes: ['000001'] }),
  entity('tencent', { name: 'Tencent', name_zh: '腾讯', codes: ['0700.HK'], tickers: ['TCEHY'] }),
  entity('tcl', { name: 'TCL Technology', name_zh: 'TCL科技' }),
  entity('jnj', { name: 'Johnson & Johnson', tickers: ['JNJ'], ambiguous: ['J&J'] }),
  entity('ford', { name: 'Ford Motor', tickers: ['F'] }),
  entity('all_state', { name: 'Allstate', tickers: ['ALL'] }),
]);

const named = (text: string, over: { title?: string; links?: string[]; cashtags?: string[] } = {}): NamedEntity[] =>
  match({ title: null, text, links: [], cashtags: [], ...over });
const ids = (text: string, over = {}): string[] => named(text, over).map(({ id }) => id).sort(); // prettier-ignore

describe('naming entities', () => {
  it.each([
    ['Bank of America cuts jobs', ['bofa']],
    ['BANK OF AMERICA and bofa', ['bofa']],
    ['The bofas are out', []],
    ['Tencents worth', []],
    ["Tencent's profit", ['tencent']],
    ['People’s Bank of China eases', ['pboc']],
    ['Bank of Chinatown', []],
    ['腾讯控股业绩', ['tencent']],
    ['中国人民银行与中国银行', ['boc', 'pboc']],
    ['平安银行股价', ['ping_an_bank']],
    ['中国平安银行业务', ['ping_an']],
    ['买入TCL科技股票', ['tcl']],
    ['XTCL科技', []],
  ])('%s → %j', (text, expected) => {
    expect(ids(text)).toEqual(expected);
  });

  it('gives one entry an entity, with the words as they stand in the text', () => {
    expect(named('BofA, Bank of America, 美国银行')).toEqual([{ id: 'bofa', surface: 'BofA', relevance: 100 }]);
    expect(named('later', { title: 'TENCENT up' })).toEqual([{ id: 'tencent', surface: 'TENCENT', relevance: 100 }]);
  });

  it('takes a ticker only where it is written as one', () => {
    expect(ids('ALL of them, F as in fail')).toEqual([]);
    expect(ids('buy now', { cashtags: ['F', 'ALL'] })).toEqual(['all_state', 'ford']);
    expect(ids('Allegedly (ALL) and NYSE: F, NASDAQ:AAPL')).toEqual(['all_state', 'apple', 'ford']);
    expect(ids('the grade was (F)')).toEqual([]);
  });

  it.each([
    ['601988跌停', ['boc']],
    ['SH601988 and 601318.SH', ['boc', 'ping_an']],
    ['sz000001', ['ping_an_bank']],
    ['00700.HK rises, 700.hk too', ['tencent']],
    ['HK:0700', ['tencent']],
    ['(AAPL.O)', ['apple']],
    ['it sold 1601988 units, 0.601988, 601988.5, 601,988 or 601988%', []],
    ['601988,601318两股', ['boc', 'ping_an']],
  ])('knows exchange codes in their common forms, and numbers that are none: %s', (text, expected) => {
    expect(ids(text).filter((id) => expected.includes(id) || expected.length === 0)).toEqual(expected);
  });

  it('counts an ambiguous name only beside other evidence for the same entity', () => {
    expect(ids('An apple a day')).toEqual([]);
    expect(ids('苹果丰收')).toEqual([]);
    expect(named('Apple slips', { cashtags: ['AAPL'] })).toEqual([{ id: 'apple', surface: 'Apple', relevance: 100 }]);
    expect(ids('Apple Inc slips')).toEqual(['apple']);
    expect(ids('J&J and Bank of America')).toEqual(['bofa']);
    expect(ids('J&J (JNJ)')).toEqual(['jnj']);
  });

  it('does not take a name in an address for a mention', () => {
    expect(ids('look https://tencent.com/a', { links: ['https://tencent.com/a'] })).toEqual([]);
  });

  it('is the same for any text as trying every name by itself', () => {
    const words = [
      'Bank',
      'of',
      'America',
      'China',
      'Tencent',
      '中国',
      '银行',
      '平安',
      'x',
      ' ',
      ' ',
      "People's",
      'BofA',
    ];
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: 8 }, () => words[random(words.length)]).join(round % 2 === 0 ? ' ' : '');
      const expected = /(?<![A-Za-z])Tencent(?![A-Za-z'])/.test(text);
      expect(ids(text).includes('tencent')).toBe(expected || /(?<![A-Za-z])Tencent'/.test(text));
    }
  });
});
