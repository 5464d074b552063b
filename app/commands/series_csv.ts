/**
 * A series as comma-separated values, row by row: a header that names `timestamp` and `value` (in any order, other
 * columns ignored), then one row a measurement. A bad row ends the reading with its line number: a detector that skipped
 * rows would learn a rhythm that is not there.
 */
import { parse, CsvError } from 'csv-parse';
import type { Readable } from 'node:stream';
import { TidewatchError } from '../../core/errors.ts';

export interface SeriesRow {
  /** As written in the file. */
  readonly timestamp: string;
  readonly value: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly number: number;
}

const MOST_ROW_BYTES = 65_536;
/** 2014-07-01, 2014-07-01 00:00[:00[.000]], with T and a zone or without; without one it is UTC. */
const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
/** Seconds or milliseconds since 1970. */
const EPOCH = /^\d{9,13}(?:\.\d+)?$/;
const MOST_SECONDS = 1e11;

/** Epoch milliseconds of a timestamp, or null if it is none. */
export function timeOf(text: string): number | null {
  if (EPOCH.test(text)) {
    const number = Number(text);
    return number < MOST_SECONDS ? number * 1000 : number;
  }
  const match = TIMESTAMP.exec(text);
  if (match === null) return null;
  const [, date, clock = '00:00', zone = 'Z'] = match;
  const time = Date.parse(`${date}T${clock}${zone.toUpperCase()}`);
  return Number.isNaN(time) ? null : time;
}

/** Rows in the order of the file. `name` is what messages call it. */
export async function* readSeries(input: Readable, name: string): AsyncGenerator<SeriesRow> {
  const bad = (line: number, what: string, hint?: string): TidewatchError =>
    new TidewatchError('input.invalid', `${name}, line ${line}: ${what}`, hint === undefined ? {} : { hint });
  const parser = parse({ bom: true, info: true, skip_empty_lines: true, trim: true, max_record_size: MOST_ROW_BYTES });
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);
  let columns: { timestamp: number; value: number } | null = null;
  let line = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      line = info.lines;
      if (columns === null) {
        const names = record.map((cell) => cell.toLowerCase());
        columns = { timestamp: names.indexOf('timestamp'), value: names.indexOf('value') };
        if (columns.timestamp < 0 || columns.value < 0) {
          throw bad(
            line,
            `the header has no column ${columns.timestamp < 0 ? 'timestamp' : 'value'} (${record.join(', ').slice(0, 200)})`,
            'The first line must name the columns timestamp and value.',
          );
        }
        continue;
      }
      const timestamp = record[columns.timestamp] ?? '';
      const value = record[columns.value] ?? '';
      const time = timeOf(timestamp);
      if (time === null) {
        throw bad(
          line,
          `timestamp is not a time: ${JSON.stringify(timestamp.slice(0, 80))}`,
          'Use 2026-03-02 09:30:00 (UTC), ISO 8601, or seconds since 1970.',
        );
      }
      const number = value === '' ? Number.NaN : Number(value);
      if (!Number.isFinite(number)) {
        throw bad(
          line,
          `value is not a finite number: ${JSON.stringify(value.slice(0, 80))}`,
          'Leave rows without a measurement out.',
        );
      }
      yield { timestamp, value, time, number };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw bad(typeof error['lines'] === 'number' ? error['lines'] : line + 1, error.message);
  }
  if (columns === null) throw new TidewatchError('input.invalid', `${name} is empty: not even a header line`);
}
