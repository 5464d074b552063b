import { describe, expect, it, vi } from 'vitest';
import { createEntityMatcher, type NamedEntity } from '../../ingest/entities.ts';
import { watched as entity } from './watched.ts';

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

  it.each([
    '(HKEX: 0700) fell', '(SEHK: 700)', '港交所:00700', '港交所:00700今日大跌', '联交所: 700)', '(00700)大跌', '腾讯(0700)', 'HK.00700', 'HK.700',
    '00700-HK', '0700 HK fell', '700 HK', '(700 HK)', '700 HK Equity', 'HK00700',
  ])('knows the digits of Hong Kong where they are written as a code: %s', (text) => {
    expect(ids(text)).toEqual(['tencent']);
  }); // prettier-ignore

  it.each([
    'The Hang Seng fell 700 points', '大盘跌700点', '涨了0700点', 'HKEX: 700 companies listed', '港交所:700家公司申请上市', '港交所:700亿元成交', '港交所:700%',
    'it paid 700 HK dollars', 'about 700 HK residents', '1,700 HK', '(700)', '(0700)8888', 'call (0700) 12345', 'NYSE: 700', '00700手',
  ])('takes no plain number for a code of Hong Kong: %s', (text) => {
    expect(ids(text)).toEqual([]);
  }); // prettier-ignore

  it('knows a mainland code however the watchlist writes it, and an index beside a share of the same digits', () => {
    const written = createEntityMatcher([
      entity('ping_an', { codes: ['601318.SH'] }),
      entity('byd', { codes: ['SZ002594'] }),
      entity('moutai', { codes: ['600519.XSHG'] }),
      entity('anda', { codes: ['920809'] }),
      entity('ping_an_bank', { codes: ['000001'] }),
      entity('composite', { codes: ['000001.SH'] }),
      entity('tencent', { codes: ['00700.HK'] }),
    ]);
    const found = (text: string): string[] =>
      written({ title: null, text, links: [], cashtags: [] }).map(({ id }) => id);
    for (const text of ['601318', 'SH601318', '601318.SH', 'SH:601318']) expect(found(text), text).toEqual(['ping_an']);
    for (const text of ['002594', 'sz002594', '002594.SZ']) expect(found(text), text).toEqual(['byd']);
    for (const text of ['600519', '600519.SS']) expect(found(text), text).toEqual(['moutai']);
    for (const text of ['BJ920809', '920809.BJ', '920809']) expect(found(text), text).toEqual(['anda']);
    expect(found('SH920809')).toEqual([]);
    for (const text of ['000001', 'SZ000001']) expect(found(text), text).toEqual(['ping_an_bank']);
    for (const text of ['000001.SH', 'SH000001']) expect(found(text), text).toEqual(['composite']);
    for (const text of ['0700.HK', '(SEHK: 700)']) expect(found(text), text).toEqual(['tencent']);
  });

  it.each(['。', '!', '?', '! '])('takes a text without a title by its first sentence, which ends with %j', (sign) => {
    const [{ relevance } = { relevance: 0 }] = named(`大盘今天暴跌${sign}腾讯收绿。`);
    expect(relevance).toBeLessThan(65);
    expect(named(`大盘今天暴跌，腾讯收绿${sign}明天再看。`)[0]?.relevance).toBeGreaterThan(85);
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

  it('is the same for any text as trying every name by itself, where names overlap and in both languages', () => {
    const names: Record<string, readonly string[]> = {
      america: ['Bank of America', 'America', '美国银行'],
      china: ['Bank of China', '中国银行', '中国'],
      pboc: ["People's Bank of China", "People's Bank", '中国人民银行', '人民银行'],
      bank: ['Bank', '银行'],
      ping_an: ['中国平安', '平安', 'Ping An'],
      ping_an_bank: ['平安银行', 'Ping An Bank'],
      tcl: ['TCL科技', 'TCL'],
      china_life: ['China Life', '中国人寿'],
    };
    const many = createEntityMatcher(
      Object.entries(names).map(([id, [name = id, ...aliases]]) => entity(id, { name, aliases })),
    );
    const pieces =
      "Bank|of|America|China|People's|People’s|bank|BANK|Ping|An|Life|TCL|TCLs|Chinatown|中国|银行|平安|人民|人寿|科技|美国|中|国|行|x|7|_|,|。|".split(
        '|',
      );
    let seed = 7;
    const random = (below: number): number =>
      Math.floor(((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * below);
    let namings = 0;
    for (let round = 0; round < 4000; round += 1) {
      const text = Array.from(
        { length: 10 },
        () => `${pieces[random(pieces.length)]}${random(2) === 0 ? ' ' : ''}`,
      ).join('');
      const expected = oneByOne(text, names);
      const found = many({ title: null, text, links: [], cashtags: [] });
      expect([text, found.map(({ id }) => id).sort()]).toEqual([text, expected]);
      namings += expected.length;
    }
    expect(namings).toBeGreaterThan(5000);
  });

  it('costs a text of nothing but doubtful names no more than once through it', () => {
    const doubtful = createEntityMatcher([
      entity('target', {
        name: 'Target Corporation',
        ambiguous: ['Target', '平安'],
        context: ['retailer', 'shoppers'],
      }),
      entity('gap', { name: 'Gap Inc', ambiguous: ['Gap'], tickers: ['G'], context: ['jeans'] }),
    ]);
    /** Characters that were lower-cased or searched as a whole while the text was read. */
    const work = (text: string): number => {
      let characters = 0;
      const watch = (method: 'toLowerCase' | 'toUpperCase' | 'match' | 'indexOf'): void => {
        const own = Reflect.get(String.prototype, method) as (...given: unknown[]) => unknown;
        vi.spyOn(String.prototype, method).mockImplementation(function counted(this: string, ...given: unknown[]) {
          characters += this.length;
          return Reflect.apply(own, this, given);
        } as never);
      };
      for (const method of ['toLowerCase', 'toUpperCase', 'match', 'indexOf'] as const) watch(method);
      try {
        doubtful({ title: null, text, links: [], cashtags: ['G'] });
      } finally {
        vi.restoreAllMocks();
      }
      return characters;
    };
    for (const unit of ['Target ', 'target Gap ', '平安，', '$G Target ']) {
      const short = work(unit.repeat(1_000));
      const long = work(unit.repeat(4_000));
      expect(long).toBeLessThan(4.2 * short);
      expect(long).toBeLessThan(40 * unit.length * 4_000);
    }
  });
});

/** Slow and plain: every name by an expression of its own; of overlapping ones the leftmost, then the longest. */
function oneByOne(text: string, names: Readonly<Record<string, readonly string[]>>): string[] {
  const hits = Object.entries(names).flatMap(([id, forms]) =>
    forms.flatMap((form) => {
      const written = form.replaceAll("'", "['’]");
      const before = /^[a-z]/i.test(form) ? '(?<![A-Za-z0-9_])' : '';
      const after = /[a-z]$/i.test(form) ? '(?![A-Za-z0-9_])' : '';
      const all = text.matchAll(new RegExp(`(?=${before}${written}${after})`, 'gi'));
      return Array.from(all, ({ index }) => ({ id, start: index, end: index + form.length }));
    }),
  );
  const found = new Set<string>();
  let free = 0;
  for (const { id, start, end } of hits.sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < free) continue;
    found.add(id);
    free = end;
  }
  return [...found].sort();
}
