/** Closing prices: a CSV of date, symbol (or entity) and close, or of date and one column a symbol. One series an entity. */
import { parse } from 'csv-parse/sync';
import { TidewatchError } from '../core/errors.ts';

export interface Close {
  /** UTC date, as 2020-01-31. */
  readonly day: string;
  readonly close: number;
}
export type Prices = ReadonlyMap<string, readonly Close[]>;

/** What the market did: its symbol and closes. */
export interface Market {
  readonly symbol: string;
  readonly closes: readonly Close[];
}

const DATES = ['date', 'day', 'time', 'timestamp'];
const SYMBOLS = ['entity', 'symbol', 'ticker', 'code'];
const CLOSES = ['adj_close', 'adj close', 'adjusted_close', 'close', 'price'];

/**
 * @param entityOf id of the watched entity of this symbol; symbols of none are left out
 * @throws TidewatchError input.invalid naming line and column
 */
export function readPrices(text: string, file: string, entityOf: (name: string) => string | null): Prices {
  const rows = parse<Record<string, string>>(text, {
    bom: true,
    columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
    skip_empty_lines: true,
    trim: true,
  });
  const columns = Object.keys(rows[0] ?? {});
  const pick = (wanted: readonly string[]): string | undefined => wanted.find((name) => columns.includes(name));
  const date = pick(DATES);
  const symbol = pick(SYMBOLS);
  const close = pick(CLOSES);
  if (date === undefined || (symbol !== undefined && close === undefined)) {
    throw new TidewatchError(
      'input.invalid',
      `${file} has the columns ${columns.join(', ')}; date, symbol and close are needed`,
      {
        hint: 'Or a date column and one column of closes for each symbol.',
      },
    );
  }
  const series = new Map<string, Map<string, number>>();
  const add = (name: string, day: string, value: string | undefined, line: number): void => {
    const entity = entityOf(name);
    if (entity === null || value === undefined || value === '') return;
    const price = Number(value);
    if (!Number.isFinite(price) || price <= 0) {
      throw new TidewatchError('input.invalid', `${file}:${line}: the close "${value}" of ${name} is no price`);
    }
    const days = series.get(entity) ?? new Map<string, number>();
    series.set(entity, days.set(day, price));
  };
  for (const [index, row] of rows.entries()) {
    const day = (row[date] ?? '').slice(0, 10);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) {
      throw new TidewatchError(
        'input.invalid',
        `${file}:${index + 2}: "${row[date] ?? ''}" is no date such as 2020-01-31`,
      );
    }
    if (symbol !== undefined && close !== undefined) add(row[symbol] ?? '', day, row[close], index + 2);
    else for (const column of columns) if (column !== date) add(column, day, row[column], index + 2);
  }
  return new Map(
    [...series].map(([entity, days]) => [
      entity,
      [...days].map(([day, value]) => ({ day, close: value })).toSorted((a, b) => (a.day < b.day ? -1 : 1)),
    ]),
  );
}

/**
 * The closes of one symbol, watched or not: an index that stands for the market is seldom on a watchlist.
 * @throws TidewatchError input.invalid where the file has none
 */
export function readMarket(text: string, file: string, symbol: string): Market {
  const normal = (name: string): string => name.normalize('NFKC').trim().toLowerCase();
  const closes = readPrices(text, file, (name) => (normal(name) === normal(symbol) ? symbol : null)).get(symbol);
  if (closes === undefined) {
    throw new TidewatchError('input.invalid', `--market: ${file} has no closes of ${symbol}`, {
      hint: 'Name a symbol (or a column) of the price file.',
    });
  }
  return { symbol, closes };
}
