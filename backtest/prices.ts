/**
 * Closing prices: a CSV of date, symbol (or entity) and close, or of date and one column a symbol. One series an entity, of one
 * symbol: a company that is listed twice, in New York and in Hong Kong, has two prices, and a day of one after a day of the
 * other is no return.
 */
import { parse } from 'csv-parse/sync';
import { TidewatchError } from '../core/errors.ts';
import { simplified } from '../core/simplified.ts';
import { isDay } from './moment.ts';

export interface Close {
  /** UTC date, as 2020-01-31. */
  readonly day: string;
  readonly close: number;
}
export type Prices = ReadonlyMap<string, readonly Close[]>;

/** What a file of prices holds. */
export interface PriceFile {
  readonly prices: Prices;
  /** Of each entity that the file has several symbols of: which one is used and which are not, in a sentence. */
  readonly notes: readonly string[];
  /** Symbols of no watched entity, in the order of the file. */
  readonly unwatched: readonly string[];
}

/** What the market did: its symbol and closes. */
export interface Market {
  readonly symbol: string;
  readonly closes: readonly Close[];
}

/** In simplified characters and small letters; ts_code and trade_date are Tushare's. */
const DATES = ['date', 'trade_date', 'trading_date', 'day', 'time', 'timestamp', '日期', '交易日期', '交易日', '时间'];
const SYMBOLS = ['entity', 'symbol', 'ticker', 'code', 'ts_code', '股票代码', '证券代码', '代码', '股票名称', '名称'];
const CLOSES = [
  'adj_close',
  'adj close',
  'adjclose',
  'adjusted_close',
  'close',
  'closing_price',
  'close_price',
  'price',
  '复权收盘价',
  '收盘价',
  '收盘',
];

/**
 * @param entityOf id of the watched entity of this symbol; symbols of none are left out
 * @throws TidewatchError input.invalid naming line and column
 */
export function readPrices(text: string, file: string, entityOf: (name: string) => string | null): PriceFile {
  const { columns, rows } = readTable(text, file);
  const pick = (wanted: readonly string[]): string | undefined =>
    wanted.flatMap((name) => columns.find((column) => simplified(normal(column)) === name) ?? [])[0];
  const date = pick(DATES);
  const symbol = pick(SYMBOLS);
  const close = pick(CLOSES);
  if (date === undefined || (symbol !== undefined && close === undefined)) {
    throw new TidewatchError(
      'input.invalid',
      `${file} has the columns ${columns.join(', ')}; date, symbol and close are needed`,
      {
        hint: 'Or a date column and one column of closes for each symbol. In Chinese: 日期, 代码, 收盘价.',
      },
    );
  }
  // By entity, then by symbol, however its letters were written.
  const series = new Map<string, Map<string, Listing>>();
  const unwatched = new Set<string>();
  const add = (name: string, day: string, value: string | undefined, line: number): void => {
    const entity = entityOf(name);
    if (entity === null) unwatched.add(name);
    if (entity === null || value === undefined || value === '') return;
    const price = Number(value);
    if (!Number.isFinite(price) || price <= 0) {
      throw new TidewatchError('input.invalid', `${file}:${line}: the close "${value}" of ${name} is no price`);
    }
    const listings = series.get(entity) ?? new Map<string, Listing>();
    const listing = listings.get(normal(name)) ?? { symbol: name, days: new Map() };
    listing.days.set(day, price);
    series.set(entity, listings.set(normal(name), listing));
  };
  for (const [index, row] of rows.entries()) {
    const day = dayOf(row[date] ?? '');
    if (day === null) {
      throw new TidewatchError(
        'input.invalid',
        `${file}:${index + 2}: "${row[date] ?? ''}" is no date such as 2020-01-31`,
      );
    }
    if (symbol !== undefined && close !== undefined) add(row[symbol] ?? '', day, row[close], index + 2);
    else for (const column of columns) if (column !== date) add(column, day, row[column], index + 2);
  }
  // The listing with the most closes covers the most alerts; the first in the file among equals.
  const chosen = [...series].flatMap(([entity, listings]) => {
    const [used, ...others] = [...listings.values()].toSorted((a, b) => b.days.size - a.days.size);
    return used === undefined ? [] : [{ entity, used, unused: others.map(({ symbol: one }) => one) }];
  });
  return {
    prices: new Map(chosen.map(({ entity, used }) => [entity, closesOf(used)])),
    notes: chosen
      .filter(({ unused }) => unused.length > 0)
      .map(
        ({ entity, used, unused }) =>
          `${file} has several prices of ${entity}: those of ${used.symbol} are used, those of ${unused.join(', ')} are not.`,
      ),
    unwatched: [...unwatched],
  };
}

interface Listing {
  readonly symbol: string;
  readonly days: Map<string, number>;
}

function closesOf({ days }: Listing): Close[] {
  return [...days].map(([day, close]) => ({ day, close })).toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

/** Exchanges and Excel write 20200131, 2020/1/31 and 2020年1月31日 as well; a time behind it is passed over. */
function dayOf(written: string): string | null {
  const [, year = '', month = '', day = ''] =
    /^(\d{4})(\d{2})(\d{2})(?!\d)/.exec(written) ??
    /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)/.exec(written) ??
    [];
  const found = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(found) ? found : null;
}

/** A symbol as it is compared: width and capitals make no difference. */
export function normal(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/** Columns as they are written; rows by column. */
function readTable(text: string, file: string): { columns: string[]; rows: Record<string, string>[] } {
  let columns: string[] = [];
  try {
    const rows = parse<Record<string, string>>(text, {
      bom: true,
      columns: (names: string[]) => (columns = names.map((name) => name.trim())),
      skip_empty_lines: true,
      trim: true,
    });
    return { columns, rows };
  } catch (error) {
    throw new TidewatchError('input.invalid', `${file}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The closes of one symbol, watched or not: an index that stands for the market is seldom on a watchlist.
 * @throws TidewatchError input.invalid where the file has none
 */
export function readMarket(text: string, file: string, symbol: string): Market {
  const { prices } = readPrices(text, file, (name) => (normal(name) === normal(symbol) ? symbol : null));
  const closes = prices.get(symbol);
  if (closes === undefined) {
    throw new TidewatchError('input.invalid', `--market: ${file} has no closes of ${symbol}`, {
      hint: 'Name a symbol (or a column) of the price file.',
    });
  }
  return { symbol, closes };
}
