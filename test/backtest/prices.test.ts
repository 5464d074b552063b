import { describe, expect, it } from 'vitest';
import { readPrices } from '../../backtest/prices.ts';

const IDS: Readonly<Record<string, string>> = { baba: 'alibaba', '9988.hk': 'alibaba', acm: 'acme' };
const entityOf = (name: string): string | null => IDS[name.toLowerCase()] ?? null;

describe('a company that is listed twice', () => {
  const usd = [
    { day: '2022-01-03', close: 120 },
    { day: '2022-01-04', close: 121 },
    { day: '2022-01-05', close: 122 },
  ];

  it.each([
    [
      'a row a close',
      'date,symbol,close\n2022-01-03,9988.HK,15\n2022-01-05,9988.HK,15.2\n2022-01-03,BABA,120\n2022-01-04,baba,121\n2022-01-05,BABA,122\n',
    ],
    ['a column a symbol', 'date,9988.HK,BABA\n2022-01-03,15,120\n2022-01-04,,121\n2022-01-05,15.2,122\n'],
  ])('has the prices of one listing, that with the most closes, and the other is named: %s', (_, text) => {
    const { prices, notes } = readPrices(text, 'p.csv', entityOf);
    expect(prices).toEqual(new Map([['alibaba', usd]]));
    expect(notes).toEqual(['p.csv has several prices of alibaba: those of BABA are used, those of 9988.HK are not.']);
  });

  it('has those of the first in the file where both have as many', () => {
    const { prices } = readPrices('date,9988.HK,BABA\n2022-01-03,15,120\n', 'p.csv', entityOf);
    expect(prices.get('alibaba')).toEqual([{ day: '2022-01-03', close: 15 }]);
  });
});

describe('a file of prices', () => {
  it.each([
    ['date,symbol,close\n2022-01-03,BABA\n', /^p\.csv: .*line 2/],
    ['date,symbol,close\n2022-01-03,BABA,1\n"x', /^p\.csv: .*line 3/],
    ['date,symbol,close\n2022-02-30,BABA,1\n', /^p\.csv:2: "2022-02-30" is no date/],
  ])('that is broken is refused with its name and line: %j', (text, message) => {
    expect(() => readPrices(text, 'p.csv', entityOf)).toThrow(
      expect.objectContaining({ code: 'input.invalid', message: expect.stringMatching(message) as string }),
    );
  });

  it.each([
    ['日期,代码,收盘价\n2022/1/3,ACM,1\n', 'of a terminal in China'],
    ['交易日期,股票代碼,收盤價\n2022年1月3日,ACM,1\n', 'in traditional characters'],
    ['trade_date,ts_code,close\n20220103,ACM,1\n', 'of Tushare'],
    ['Trade_Date,Ticker,Adj Close\n2022-01-03T16:00:00,ACM,1\n', 'in English'],
  ])('is read by the columns and dates that are usual: %j, %s', (text) => {
    expect(readPrices(text, 'p.csv', entityOf).prices.get('acme')).toEqual([{ day: '2022-01-03', close: 1 }]);
  });

  it('tells which of its symbols nobody watches, as they are written', () => {
    expect(readPrices('Date,ACM,Spy\n2022-01-03,1,2\n', 'p.csv', entityOf).unwatched).toEqual(['Spy']);
  });
});
