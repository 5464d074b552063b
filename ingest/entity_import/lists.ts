/**
 * The formats that lists of companies come in, each as a pure reader from text to companies:
 *
 * - `sec`: the SEC's company_tickers.json ({"0": {cik_str, ticker, title}}) or company_tickers_exchange.json ({fields,
 *   data}), https://www.sec.gov/search-filings/edgar-search-assistance/accessing-edgar-data; share classes of one company
 *   (same CIK) become one;
 * - `csv`: codes and names under a header in English or Chinese, as exchanges and data vendors export them;
 * - `wikidata`: SPARQL results JSON (item, itemLabel, …) or an array of entities as Special:EntityData and dumps give
 *   them (labels, aliases, P249 ticker, P414 exchange with its P249).
 */
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { simplified } from '../../core/simplified.ts';
import type { Company } from './company.ts';
import { exchangeCode, isExchangeCode } from './exchange_code.ts';
import { readWikidata } from './wikidata.ts';

export const LIST_FORMATS = ['sec', 'csv', 'wikidata'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

export interface ReadList {
  readonly companies: readonly Company[];
  /** Rows that name no company, with the reason; nothing is left out silently. */
  readonly refused: readonly { readonly row: number; readonly reason: string }[];
}

/** @throws TidewatchError input.invalid where the text is not of that format at all */
export function readList(text: string, format: ListFormat): ReadList {
  if (format === 'csv') return readCsv(text);
  const json = readJson(text, format);
  return format === 'sec' ? readSec(json) : readWikidata(json);
}

function readJson(text: string, format: ListFormat): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TidewatchError('input.invalid', `The ${format} list is not JSON: ${String(error)}`, {
      cause: error,
      hint: 'A web page instead of the file? The SEC answers with one where the user agent names no contact: give --contact.',
    });
  }
}

const secRow = z.object({ cik_str: z.number(), ticker: z.string().min(1), title: z.string().min(1) });
const secTable = z.object({ fields: z.array(z.string()), data: z.array(z.array(z.unknown())) });

function readSec(json: unknown): ReadList {
  const table = secTable.safeParse(json);
  const rows: unknown[] = table.success
    ? table.data.data.map((values) => {
        const row = Object.fromEntries(table.data.fields.map((field, index) => [field, values[index]]));
        return { cik_str: row['cik'], ticker: row['ticker'], title: row['name'] };
      })
    : z.record(z.string(), z.unknown()).safeParse(json).success
      ? Object.values(json as Record<string, unknown>)
      : [];
  if (rows.length === 0) {
    throw new TidewatchError(
      'input.invalid',
      'This is not a company list of the SEC: no rows of cik, ticker and name',
      {
        hint: 'company_tickers.json or company_tickers_exchange.json is expected.',
      },
    );
  }
  const byCik = new Map<number, { name: string; tickers: string[] }>();
  const refused: { row: number; reason: string }[] = [];
  for (const [index, value] of rows.entries()) {
    const row = secRow.safeParse(value);
    if (!row.success) {
      refused.push({ row: index + 1, reason: 'it lacks a CIK, a ticker or a name' });
      continue;
    }
    const { cik_str: cik, ticker, title } = row.data;
    const known = byCik.get(cik);
    // The SEC writes share classes BRK-B; the tape and cashtags write BRK.B.
    const symbol = ticker.replace('-', '.');
    if (known === undefined) byCik.set(cik, { name: title, tickers: [symbol] });
    else known.tickers.push(symbol);
  }
  const companies = [...byCik.values()].map(({ name, tickers }) => ({
    name,
    tickers,
    codes: [],
    aliases: [],
    aliases_zh: [],
  }));
  return { companies, refused };
}

type ColumnKind = 'code' | 'ticker' | 'name' | 'nameZh' | 'fullNameZh' | 'aliases' | 'sector';

/** Column names, as `plain` gives them, by what they hold; the first of a kind that the header has counts. */
const COLUMNS: Record<ColumnKind, readonly string[]> = {
  code: [
    'code',
    'securitycode',
    'stockcode',
    'secucode',
    '证券代码',
    '股票代码',
    '公司代码',
    'a股代码',
    '代码',
    'tscode',
  ],
  ticker: ['ticker', 'symbol', 'tickersymbol', '交易代码'],
  name: [
    'name',
    'companyname',
    'nameen',
    'englishname',
    'company',
    'title',
    'securityname',
    '英文名称',
    '英文名',
    '公司英文全称',
    '英文全称',
    '英文简称',
  ],
  nameZh: [
    'namezh',
    'chinesename',
    '证券简称',
    '股票简称',
    '公司简称',
    'a股简称',
    '简称',
    '证券名称',
    '股票名称',
    '名称',
    '中文名称',
    '公司名称',
    '公司全称',
    '全称',
  ],
  fullNameZh: ['公司全称', '全称', '中文全称', '公司名称', '证券名称', '股票名称', '名称', '中文名称'],
  aliases: ['aliases', 'alias', 'shortname', '别名', '曾用名'],
  sector: ['sector', 'industry', '行业', '所属行业'],
};

/**
 * A column's name without what spellings differ in: case, blanks, and 名稱 for 名称. Not so for codes: under 證券代碼 stand those of
 * Taiwan, and 2330 is no mainland code that has lost its zeros.
 */
function plain(written: string, kind: ColumnKind): string {
  const name = written.toLowerCase().replace(/[\s_-]+/g, '');
  return kind === 'code' ? name : simplified(name);
}

function readCsv(text: string): ReadList {
  let rows: Record<string, string>[];
  let header: string[] = [];
  try {
    rows = parse<Record<string, string>>(text, {
      bom: true,
      columns: (names: string[]) => (header = names.map((name) => name.trim())),
      delimiter: [',', ';', '\t'],
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (error) {
    throw new TidewatchError('input.invalid', `The CSV list cannot be read: ${String(error)}`, { cause: error });
  }
  const column = (kind: keyof typeof COLUMNS): string | undefined =>
    COLUMNS[kind]
      .map((wanted) => header.find((name) => plain(name, kind) === wanted))
      .find((name) => name !== undefined);
  const columns = { code: column('code'), ticker: column('ticker'), name: column('name'), nameZh: column('nameZh') };
  const [fullNameZh, aliases, sector] = [column('fullNameZh'), column('aliases'), column('sector')];
  if (columns.name === undefined && columns.nameZh === undefined) {
    throw new TidewatchError(
      'input.invalid',
      `The CSV list has no column of names; its columns are ${header.join(', ')}`,
      {
        hint: 'Call it name, 英文名 or 英文名称 for English names, name_zh, 名称, 简称, 证券简称 or 公司全称 for Chinese ones; codes are found in code, ts_code, symbol, ticker, 代码, 证券代码 or 股票代码.',
      },
    );
  }
  const companies: Company[] = [];
  const refused: { row: number; reason: string }[] = [];
  for (const [index, row] of rows.entries()) {
    const value = (name: string | undefined): string => (name === undefined ? '' : (row[name] ?? '').trim());
    const nameZh = value(columns.nameZh);
    const name = value(columns.name) || nameZh;
    if (name === '') {
      refused.push({ row: index + 2, reason: 'it has no name' });
      continue;
    }
    if (name.includes('\ufffd') || nameZh.includes('\ufffd')) {
      refused.push({ row: index + 2, reason: `its name cannot be decoded (${name}); save the list as UTF-8` });
      continue;
    }
    const code = value(columns.code);
    const fullName = value(fullNameZh);
    const named = split(value(aliases));
    if (fullName !== '' && fullName !== nameZh) named.aliases_zh.push(fullName);
    const symbol = value(columns.ticker);
    // Tushare and Yahoo call 600519 and 0700.HK symbols; only as codes are they looked for in a text.
    const isCode = isExchangeCode(symbol);
    const ticker = (isCode ? '' : symbol) || (/^[A-Za-z]{1,5}(?:[.-][A-Za-z]{1,2})?$/.test(code) ? code : '');
    // Beside 000001.SH the symbol 000001 says less.
    const isNewCode = isCode && !code.startsWith(`${symbol}.`);
    const codes = [code === ticker ? '' : code, isNewCode ? symbol : ''].filter(Boolean).map(exchangeCode);
    companies.push({
      name,
      ...(nameZh === '' ? {} : { name_zh: nameZh }),
      tickers: ticker === '' ? [] : [ticker],
      codes: [...new Set(codes)],
      ...named,
      sector: value(sector),
    });
  }
  return { companies, refused };
}

function split(text: string): { aliases: string[]; aliases_zh: string[] } {
  const all = text
    .split(/[|;；、]/)
    .map((item) => item.trim())
    .filter(Boolean);
  const han = /\p{Script=Han}/u;
  return { aliases: all.filter((item) => !han.test(item)), aliases_zh: all.filter((item) => han.test(item)) };
}
