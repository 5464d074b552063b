import { readFileSync } from 'node:fs';
import wordListPath from 'word-list';
import { describe, expect, it } from 'vitest';
import { createEntityMatcher } from '../../../ingest/entities.ts';
import { pressCapitals, shortName, watchlistOf } from '../../../ingest/entity_import/company.ts';
import { readList } from '../../../ingest/entity_import/lists.ts';

const words = new Set(readFileSync(wordListPath, 'utf8').split('\n'));
const SEC = JSON.stringify({
  0: { cik_str: 1, ticker: 'AAPL', title: 'Apple Inc.' },
  1: { cik_str: 2, ticker: 'BRK-B', title: 'BERKSHIRE HATHAWAY INC' },
  2: { cik_str: 2, ticker: 'BRK-A', title: 'BERKSHIRE HATHAWAY INC' },
  3: { cik_str: 3, ticker: 'TGT', title: 'TARGET CORP' },
  4: { cik_str: 4, ticker: 'ZTS', title: 'Zoetis Inc.' },
  5: { cik_str: 5, ticker: '', title: 'No Ticker Inc' },
});

const idsIn = (list: ReturnType<typeof readList>, text: string, cashtags: string[] = []): string[] =>
  createEntityMatcher(watchlistOf(list.companies, words))({ title: null, text, links: [], cashtags }).map(
    ({ id }) => id,
  );

describe('names of companies', () => {
  it.each([
    ['Apple Inc.', 'Apple'],
    ['JPMORGAN CHASE & CO', 'JPMORGAN CHASE'],
    ['Royal Dutch Shell plc', 'Royal Dutch Shell'],
    ['Alphabet Inc. Class A', 'Alphabet'],
    ['Li Auto Inc. ADR', 'Li Auto'],
    ['Trust Co', 'Trust'],
  ])('lose their legal form as the press drops it: %s → %s', (name, short) => {
    expect(shortName(name)).toBe(short);
  });

  it('that shout get the press’s capitals, short words kept', () => {
    expect(pressCapitals('BERKSHIRE HATHAWAY INC')).toBe('Berkshire Hathaway INC');
    expect(pressCapitals('eBay Inc.')).toBe('eBay Inc.');
    for (const name of ['TCL科技', '京东方A', '*ST康美']) expect(pressCapitals(name)).toBe(name);
  });
});

describe('an SEC company list', () => {
  it('joins share classes, counts what it leaves out, and tells words from names', () => {
    const list = readList(SEC, 'sec');
    expect(list.companies.map(({ tickers }) => tickers)).toEqual([['AAPL'], ['BRK.B', 'BRK.A'], ['TGT'], ['ZTS']]);
    expect(list.refused).toEqual([{ row: 6, reason: expect.stringContaining('ticker') as string }]);
    expect(idsIn(list, 'Berkshire Hathaway and Zoetis report')).toEqual(['brk.b', 'zts']);
    expect(idsIn(list, 'buying more', ['BRK.A'])).toEqual(['brk.b']);
    expect(idsIn(list, 'The central bank met its target for apples')).toEqual([]);
    expect(idsIn(list, 'Target shares fall after earnings')).toEqual(['tgt']);
  });

  it('is read in its table form too', () => {
    const table = JSON.stringify({
      fields: ['cik', 'name', 'ticker', 'exchange'],
      data: [[9, 'Zoetis Inc.', 'ZTS', 'NYSE']],
    });
    expect(readList(table, 'sec').companies).toMatchObject([{ name: 'Zoetis Inc.', tickers: ['ZTS'] }]);
  });

  it('that is a web page is refused with what to do', () => {
    expect(() => readList('<html>', 'sec')).toThrow(expect.objectContaining({ code: 'input.invalid' }));
    expect(() => readList('{}', 'sec')).toThrow(/company list/);
  });
});

describe('a CSV of codes and names', () => {
  it('is read under Chinese headers, with codes in the house’s form', () => {
    const list = readList(
      '\uFEFF证券代码,证券简称,英文名称\n600519,贵州茅台,Kweichow Moutai\n1,平安银行,Ping An Bank\n00700,腾讯控股,Tencent\n,,\n',
      'csv',
    );
    expect(list.companies.map(({ codes }) => codes)).toEqual([['600519'], ['000001'], ['0700.HK']]);
    expect(list.refused).toHaveLength(1);
    expect(idsIn(list, '贵州茅台公告，sz000001 与 0700.HK')).toHaveLength(3);
  });

  it('of short Chinese names, with letters in them or without, finds each as it is written', () => {
    const list = readList(
      '证券代码,证券简称\n000100,TCL科技\n000725,京东方A\n600518,*ST康美\n000858,五粮液\n002594,比亚迪\n',
      'csv',
    );
    expect(watchlistOf(list.companies, words).map(({ name }) => name)).toEqual([
      'TCL科技', '京东方A', '*ST康美', '五粮液', '比亚迪',
    ]); // prettier-ignore
    expect(idsIn(list, 'TCL科技跌停')).toEqual(['000100']);
    expect(idsIn(list, '京东方A大跌')).toEqual(['000725']);
    expect(idsIn(list, '*ST康美被立案')).toEqual(['600518']);
    expect(idsIn(list, '五粮液真难喝')).toEqual(['000858']);
    expect(idsIn(list, '比亚迪在深圳开了家新餐厅')).toEqual(['002594']);
  });

  it('drops the legal form of a Chinese name under an English header, too', () => {
    const list = readList('code,name\n000725,京东方科技集团股份有限公司\n', 'csv');
    expect(idsIn(list, '京东方科技集团大跌')).toEqual(['000725']);
  });

  it('refuses a row whose name was lost in decoding', () => {
    const list = readList('code,name_zh\n600519,贵州\ufffd台\n000858,五粮液\n', 'csv');
    expect(list.companies).toHaveLength(1);
    expect(list.refused).toEqual([{ row: 2, reason: expect.stringContaining('cannot be decoded') as string }]);
  });

  it('is read with semicolons, English headers and aliases', () => {
    const list = readList(
      'Symbol;Company Name;Aliases;Sector\nRDS.A;Royal Dutch Shell plc;Shell|壳牌石油;oil\n',
      'csv',
    );
    expect(list.companies).toMatchObject([
      { tickers: ['RDS.A'], aliases: ['Shell'], aliases_zh: ['壳牌石油'], sector: 'oil' },
    ]);
  });

  it.each([
    ['代码,名称,英文名', '600519', '贵州茅台', 'Kweichow Moutai'],
    ['证券代码,证券简称,英文名称', '600519', '贵州茅台', 'Kweichow Moutai'],
    ['股票代码,股票简称,英文全称', '600519', '贵州茅台', 'Kweichow Moutai'],
    ['代码,简称,英文名', '600519', '贵州茅台', 'Kweichow Moutai'],
    ['证券代码,证券名称,英文名', '600519', '贵州茅台', 'Kweichow Moutai'],
    ['code,name_zh,name', '600519', '贵州茅台', 'Kweichow Moutai'],
  ])('is read under %s', (header, ...values) => {
    const { companies, refused } = readList(`${header}\n${values.join(',')}\n`, 'csv');
    expect(companies).toMatchObject([{ name: values[2], name_zh: values[1], codes: [values[0]] }]);
    expect(refused).toEqual([]);
  });

  it('finds a company by its full name too, where the list has a short one beside it', () => {
    for (const header of [
      '代码,简称,全称',
      '证券代码,证券简称,公司全称',
      '股票代码,股票简称,公司名称',
      '代码,简称,名称',
    ]) {
      const list = readList(`${header}\n600519,贵州茅台,贵州茅台酒股份有限公司\n`, 'csv');
      expect(idsIn(list, '贵州茅台酒股份有限公司公告')).toEqual(['600519']);
      expect(idsIn(list, '贵州茅台公告')).toEqual(['600519']);
    }
    expect(readList('代码,全称\n600519,贵州茅台酒股份有限公司\n', 'csv').companies).toMatchObject([
      { name_zh: '贵州茅台酒股份有限公司', aliases_zh: [] },
    ]);
  });

  it('finds codes that stand in a column of symbols, as Tushare and Yahoo write them', () => {
    const tushare = readList(
      'ts_code,symbol,name,industry\n600519.SH,600519,贵州茅台,白酒\n000858.SZ,000858,五粮液,白酒\n',
      'csv',
    );
    expect(tushare.companies.map(({ tickers, codes }) => [tickers, codes])).toEqual([
      [[], ['600519']],
      [[], ['000858']],
    ]);
    for (const text of ['600519 跌停', '(600519.SH) 公告', 'SH600519今日大跌'])
      expect(idsIn(tushare, text)).toEqual(['600519']);
    const yahoo = readList(
      'Symbol,Company Name\n0700.HK,Tencent Holdings\n600519.SS,Kweichow Moutai\n00005,HSBC Holdings\n7203,Toyota\nAAPL,Apple Inc.\n',
      'csv',
    );
    expect(yahoo.companies.map(({ tickers, codes }) => [...tickers, codes.join()].filter(Boolean))).toEqual([
      ['0700.HK'], ['600519'], ['0005.HK'], ['7203'], ['AAPL'],
    ]); // prettier-ignore
    expect(idsIn(yahoo, '0700.HK fell, as 600519.SS did; (AAPL) rose')).toEqual(['0700.hk', '600519', 'aapl']);
  });

  it('keeps the exchange of a code whose digits alone are another’s', () => {
    const list = readList(
      '代码,symbol,名称\n000001.SH,000001,上证指数\n000688.SH,,科创50\n600519.SH,,贵州茅台\n',
      'csv',
    );
    expect(list.companies.map(({ codes }) => codes)).toEqual([['000001.SH'], ['000688.SH'], ['600519']]);
    expect(idsIn(list, '平安银行 000001 跌停')).toEqual([]);
    expect(idsIn(list, '平安银行(000001.SZ)业绩下滑')).toEqual([]);
    expect(idsIn(list, '000001.SH 收跌')).toHaveLength(1);
  });

  it('is read under traditional headers, where a short number is no mainland code without its zeros', () => {
    const list = readList('股票代碼,名稱,公司全稱,產業\n2330,台積電,台灣積體電路製造股份有限公司,半導體\n', 'csv');
    expect(list.companies).toMatchObject([{ name_zh: '台積電', codes: [] }]);
    expect(idsIn(list, '台积电公告')).toHaveLength(1);
  });

  it('without a column of names is refused with the columns that it has, and the names that are known in both languages', () => {
    expect(() => readList('a,b\n1,2\n', 'csv')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('its columns are a, b') as string,
        hint: expect.stringMatching(/name, .*英文名.*name_zh, 名称.*code, .*代码/) as string,
      }),
    );
  });
});

describe('Wikidata', () => {
  it('gives companies from entities, with tickers by exchange', () => {
    const entity = {
      id: 'Q1',
      labels: { en: { value: 'Tencent' }, 'zh-hans': { value: '腾讯' } },
      aliases: { zh: [{ value: '腾讯控股' }], fr: [{ value: 'Le Tencent' }] },
      claims: {
        P414: [
          {
            mainsnak: { datavalue: { value: { id: 'Q496672' } } },
            qualifiers: { P249: [{ datavalue: { value: '700' } }] },
          },
        ],
      },
    };
    const list = readList(JSON.stringify({ entities: { Q1: entity } }), 'wikidata');
    expect(list.companies).toMatchObject([
      { name: 'Tencent', name_zh: '腾讯', codes: ['0700.HK'], aliases_zh: ['腾讯控股'] },
    ]);
  });

  it('joins SPARQL rows of one item, and leaves out what has no label', () => {
    const cell = (value: string, language?: string) => ({
      value,
      ...(language === undefined ? {} : { 'xml:lang': language }),
    });
    const bindings = [
      { item: cell('http://e/Q1'), itemLabel: cell('Nvidia', 'en'), ticker: cell('NVDA') },
      { item: cell('http://e/Q1'), itemLabel: cell('英伟达', 'zh') },
      { item: cell('http://e/Q2'), itemLabel: cell('Q2') },
    ];
    const list = readList(JSON.stringify({ results: { bindings } }), 'wikidata');
    expect(list.companies).toMatchObject([{ name: 'Nvidia', name_zh: '英伟达', tickers: ['NVDA'] }]);
    expect(list.refused).toHaveLength(1);
  });

  it('takes for names only the columns that name the company, not those of its people, places and trades', () => {
    const cell = (value: string) => ({ value, 'xml:lang': 'en' });
    const tesla = {
      item: cell('http://www.wikidata.org/entity/Q478214'), itemLabel: cell('Tesla, Inc.'), ticker: cell('TSLA'),
      itemAltLabel: cell('Tesla Motors'), shortName: cell('Tesla'), itemLabelZh: cell('特斯拉'),
      industryLabel: cell('automotive industry'), ceoLabel: cell('Elon Musk'), headquartersLabel: cell('Austin'),
      ceoAltLabel: cell('Technoking'), namedAfterLabel: cell('Nikola Tesla'),
    }; // prettier-ignore
    const list = readList(JSON.stringify({ results: { bindings: [tesla] } }), 'wikidata');
    expect(list.companies).toMatchObject([
      { name: 'Tesla, Inc.', name_zh: '特斯拉', aliases: ['Tesla Motors', 'Tesla'], aliases_zh: [] },
    ]);
    expect(idsIn(list, 'A storm flooded streets in Austin on Monday.')).toEqual([]);
    expect(idsIn(list, 'Elon Musk lost a lawsuit about a dog.')).toEqual([]);
  });

  it('two companies with one short name both keep it as ambiguous', () => {
    const list = readList('name,code\nPanther Holdings,PNT\nPanther Group,PTH\n', 'csv');
    const made = watchlistOf(list.companies, new Set());
    expect(made.map(({ cased, ambiguous }) => [cased, ambiguous])).toEqual([
      [[], ['Panther']],
      [[], ['Panther']],
    ]);
  });
});
