import { describe, expect, it } from 'vitest';
import { createResolver } from '../../../app/backtest/resolve.ts';
import { watched as entity } from '../../ingest/watched.ts';

describe('names in lists of events and prices', () => {
  const idOf = createResolver([
    entity('meta', { name: 'Meta Platforms', tickers: ['META'], aliases: ['Facebook'], cased: ['Meta'] }),
    entity('kweichow', {
      name: 'Kweichow Moutai',
      name_zh: '贵州茅台',
      codes: ['600519', '600519.SH'],
      aliases_zh: ['茅台'],
    }),
    entity('tencent', { name: 'Tencent', name_zh: '腾讯控股', codes: ['00700'] }),
    entity('hsbc', { name: 'HSBC', tickers: ['HSBC'], codes: ['0005.HK'] }),
    entity('pingan', { name: 'Ping An Bank', codes: ['000001'] }),
    entity('ford', { name: 'Ford Motor', tickers: ['F'], ambiguous: ['Ford'] }),
    // Another company's ticker is this one's id.
    entity('f', { name: 'Effe', aliases: ['facebook'] }),
  ]);

  it.each([
    ['meta', 'meta'],
    ['META', 'meta'],
    ['$META', 'meta'],
    [' meta platforms ', 'meta'],
    ['Facebook', 'meta'],
    ['600519', 'kweichow'],
    ['600519.sh', 'kweichow'],
    ['茅台', 'kweichow'],
    ['６００５１９', 'kweichow'],
    ['Ford', 'ford'],
  ])('%s is found by id, ticker, code, name or alias, in any case and width', (name, id) => {
    expect(idOf(name)).toBe(id);
  });

  it.each([
    ['600519.SH', 'kweichow'],
    ['600519.SS', 'kweichow'],
    ['SH600519', 'kweichow'],
    ['sh600519', 'kweichow'],
    ['600519.XSHG', 'kweichow'],
    ['貴州茅台', 'kweichow'],
    ['騰訊控股', 'tencent'],
    ['0700.HK', 'tencent'],
    ['00700.HK', 'tencent'],
    ['HK00700', 'tencent'],
    ['700', 'tencent'],
    ['5', 'hsbc'],
    ['00005', 'hsbc'],
    ['000001.SZ', 'pingan'],
  ])('%s is found in the forms of exchanges, and in traditional characters', (name, id) => {
    expect(idOf(name)).toBe(id);
  });

  it('are nobody where the exchange is another: 000001 of Shanghai is an index', () => {
    expect(idOf('000001.SH')).toBeNull();
    expect(idOf('sh000001')).toBeNull();
  });

  it('mean the id before a ticker, and the first entry before later ones', () => {
    expect(idOf('F')).toBe('f');
    expect(idOf('facebook')).toBe('meta');
  });

  it('are nobody where only a part of a name stands', () => {
    expect(idOf('Platforms')).toBeNull();
    expect(idOf('')).toBeNull();
  });
});
