/** Traditional and simplified characters are one writing to whoever looks for names. */
import { describe, expect, it } from 'vitest';
import { createEntityMatcher } from '../../ingest/entities.ts';
import { simplified } from '../../core/simplified.ts';
import { SIMPLIFIED_PAIRS } from '../../core/simplified_table.ts';
import type { WatchedEntity } from '../../ingest/watchlist.ts';
import { watched } from '../ingest/watched.ts';

const namedBy = (entities: WatchedEntity[], text: string, title: string | null = null) =>
  createEntityMatcher(entities)({ title, text, links: [], cashtags: [] }).map(({ id, surface }) => [id, surface]);

describe('a name in the one writing', () => {
  it.each([
    ['台积电', '台積電'],
    ['台积电', '臺積電'],
    ['腾讯', '騰訊'],
    ['贵州茅台', '貴州茅台'],
    ['汇丰', '滙豐'],
    ['卫龙', '衞龍'],
    ['恒大', '恆大'],
    ['TCL电子', 'TCL電子'],
    ['钟薛高', '鍾薛高'],
    ['后海资本', '後海資本'],
    ['里程发展', '里程發展'],
    ['乾照光电', '乾照光電'],
    ['干细胞集团', '幹細胞集團'],
  ])('is found in a text in the other, with the words as they stand there: %s / %s', (simple, traditional) => {
    for (const [name, written] of [
      [simple, traditional],
      [traditional, simple],
      [simple, simple],
      [traditional, traditional],
    ] as const) {
      const text = `今早,${written}股價大跌5%。`;
      expect(namedBy([watched('it', { name_zh: name })], text)).toEqual([['it', written]]);
    }
  });

  it('is found at its own place: what stands in the title, and early, weighs the same in both', () => {
    const relevance = (title: string, text: string): number[] =>
      createEntityMatcher([watched('tsmc', { name_zh: '台积电' }), watched('tencent', { name_zh: '騰訊' })])({
        title,
        text,
        links: [],
        cashtags: [],
      }).map((entity) => entity.relevance);
    expect(relevance('台積電發佈財報', '與騰訊後來的合作')).toEqual(relevance('台积电发布财报', '与腾讯后来的合作'));
  });

  it('that is also a word counts where the words around it say so, in either writing', () => {
    const entities = [
      watched('apple', { ambiguous: ['苹果'] }),
      watched('unity', { ambiguous: ['統一'], context: ['便利商店'] }),
    ];
    expect(namedBy(entities, '蘋果股價大跌,投資者擔憂')).toEqual([['apple', '蘋果']]);
    expect(namedBy(entities, '我每天吃一顆蘋果')).toEqual([]);
    expect(namedBy(entities, '统一的便利商店')).toEqual([['unity', '统一']]);
    expect(namedBy([watched('unity', { ambiguous: ['统一'], context: ['連鎖門店'] })], '統一旗下的连锁门店')).toEqual([
      ['unity', '統一'],
    ]);
  });

  it('keeps what the list says of it: phrases that mean something else, capitals, two owners', () => {
    const excluded = watched('taiwan', { name_zh: '台灣', not: ['台湾海峡'] });
    expect(namedBy([excluded], '臺灣海峽風浪大')).toEqual([]);
    const cased = watched('tcl', { name: 'TCL Technology', cased: ['TCL电子'] });
    expect(namedBy([cased], 'TCL電子跌停')).toEqual([['tcl', 'TCL電子']]);
    expect(namedBy([cased], 'tcl電子跌停')).toEqual([]);
    const two = [watched('a', { name_zh: '华润' }), watched('b', { name_zh: '華潤' })];
    expect(namedBy(two, '華潤公告')).toEqual([
      ['a', '華潤'],
      ['b', '華潤'],
    ]);
  });

  it('and codes after the exchanges’ names are found in both, amounts in neither', () => {
    const entities = [
      watched('tencent', { codes: ['0700.HK'] }),
      watched('apple', { tickers: ['AAPL'] }),
      watched('moutai', { codes: ['600519'] }),
    ];
    expect(namedBy(entities, '納斯達克:AAPL 與 聯交所:0700')).toHaveLength(2);
    expect(namedBy(entities, '共600519萬股')).toEqual([]);
  });
});

describe('simplified', () => {
  it('keeps the length of every text, and is done after once', () => {
    const pairs = Array.from(SIMPLIFIED_PAIRS.replaceAll('\n', ''));
    // Each is one UTF-16 unit.
    expect(pairs.join('')).toHaveLength(pairs.length);
    const written = pairs.filter((_, at) => at % 2 === 0).join('');
    const read = simplified(written);
    expect(read).toHaveLength(written.length);
    expect(read).toBe(pairs.filter((_, at) => at % 2 === 1).join(''));
    expect(simplified(read)).toBe(read);
    expect(simplified('👍台積電👍 𠮷野家 Apple')).toBe('👍台积电👍 𠮷野家 Apple');
  });
});
