/**
 * The rows of a CSV file, each with the lines that it stands on: RFC 4180, and what people write beside it. A quote opens a
 * field only where another closes it, before a comma or a line's end; within one line it is else a sign like any other
 * (`"Big short" investor warns`). Over several lines nobody can tell what was meant, and the line with the quote is
 * refused alone: reading goes on with the next one, so that a stray quote costs a row and not the file behind it. Where lines
 * behind it close one field and open the next, they are refused with it, up to the one whose quote is left open: read again from
 * each of them, they would cost the square of their number.
 * Rejected: csv-parse, which never leaves a row with such a quote, and drops all rows behind it.
 */
import type { Refusal } from '../source.ts';
import type { Line } from './lines.ts';

export interface CsvRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** Its last line: another one than `line` where a quoted field has a line end in it. */
  readonly lastLine: number;
  readonly fields: readonly string[];
  /** Why the line cannot be read; `fields` is empty then. */
  readonly problem?: Pick<Refusal, 'code' | 'reason'>;
  /** For a message: as it was written, or its beginning. */
  readonly text: string;
  /** What is added to the file may change it: its last line has no line end, or a quote before it is still open. */
  readonly isOpen: boolean;
}

const KEPT_OF_A_ROW = 200;
const neverClosed = (within = ''): string =>
  `a quote opens a field in it, and none before a comma or a line's end closes it${within}. Write quotes within a text twice, or take this one out.`;

/** Yields the rows of each chunk together; lines of nothing but blanks are none. */
export async function* readCsvRows(lines: AsyncIterable<Line[]>, maxBytes: number): AsyncGenerator<CsvRow[]> {
  // From the row in hand on: where it turns out to be broken, the lines behind its first are read again.
  let held: Line[] = [];
  let start = 0;
  let next = 0;
  let open: RowReader | null = null;
  // Of the row in hand: how many lines behind its first the field begins that is still open, and its size so far.
  let opened = 0;
  let bytes = 0;
  let hasOpenEnd = false;

  const row = (fields: readonly string[], problem?: CsvRow['problem']): CsvRow => {
    const { number: line, text } = held[start] as Line;
    const last = held[next - 1] as Line;
    const rest = { fields, text: text.slice(0, KEPT_OF_A_ROW), isOpen: hasOpenEnd || !last.hasEnd };
    return { line, lastLine: last.number, ...rest, ...(problem === undefined ? {} : { problem }) };
  };
  const refuse = (code: Refusal['code'], reason: string): CsvRow => {
    open = null;
    next = start + opened + 1;
    const first = held[start]?.number ?? 0;
    const where = opened === 0 ? `Line ${first}` : `Lines ${first} to ${first + opened}, read as one row`;
    return row([], { code, reason: `${where}: ${reason}` });
  };
  const readHeld = (): CsvRow[] => {
    const rows: CsvRow[] = [];
    while (next < held.length) {
      const line = held[next] as Line;
      if (open === null) [start, opened, bytes] = [next, 0, 0];
      next += 1;
      bytes += Buffer.byteLength(line.text) + 1;
      if (open === null && line.isTooLong) {
        rows.push(refuse('input.too_large', `it is longer than max_document_bytes (${maxBytes}).`));
      } else if (open !== null && (line.isTooLong || bytes > maxBytes)) {
        rows.push(refuse('input.too_large', neverClosed(` within max_document_bytes (${maxBytes})`)));
      } else if (open !== null || line.text.trim() !== '') {
        const reading: RowReader = open ?? readRow(line.text);
        const { done, value } = reading.next(line.text);
        open = done === true ? null : reading;
        if (done !== true) opened = value;
        else rows.push(value === null ? refuse('input.invalid', neverClosed()) : row(value));
      }
    }
    return rows;
  };

  for await (const chunk of lines) {
    const from = open === null ? next : start;
    held = [...held.slice(from), ...chunk];
    [start, next] = [0, next - from];
    yield readHeld();
  }
  while (open !== null) {
    hasOpenEnd = true;
    const refused = refuse('input.invalid', neverClosed());
    yield [refused, ...readHeld()];
  }
}

type RowReader = Generator<number, string[] | null, string>;

/**
 * The fields of a row that begins with this line; each yield takes the next one, and gives how many lines behind the first the
 * field begins that is open. Null: a quote in it is not closed.
 */
function* readRow(first: string): RowReader {
  if (!first.includes('"')) return first.split(',').map((field) => field.trim());
  const fields: string[] = [];
  let text = first;
  let line = 0;
  for (let at = 0; ; at += 1) {
    const quote = behindBlanks(text, at);
    let end: number;
    if (text[quote] === '"') {
      let from = quote + 1;
      let inner = '';
      let close = closingQuote(text, from);
      const isOfOneLine = close !== -1;
      const opened = line;
      while (close === -1) {
        inner += `${text.slice(from)}\n`;
        text = yield opened;
        line += 1;
        from = 0;
        close = closingQuote(text, 0);
      }
      end = behindBlanks(text, close + 1);
      if (end === text.length || text[end] === ',') {
        fields.push((inner + text.slice(from, close)).replaceAll('""', '"'));
      } else if (isOfOneLine) {
        end = nextComma(text, end);
        fields.push(text.slice(quote, end).trim());
      } else return null;
    } else {
      end = nextComma(text, at);
      fields.push(text.slice(at, end).trim());
    }
    if (end === text.length) return fields;
    at = end;
  }
}

/** Of the first quote from there on that is not written twice; -1 where there is none. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function behindBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

function nextComma(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma === -1 ? text.length : comma;
}

const LINE_FEED = 10;
const RETURN = 13;

/** Old programs for the Mac end lines with a carriage return alone: a file whose first line ends so, is read as with line feeds. */
export async function* withLineFeeds(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let hasReturns: boolean | null = null;
  for await (const chunk of chunks) {
    const at: number = hasReturns === null ? chunk.findIndex((byte) => byte === LINE_FEED || byte === RETURN) : -1;
    // A pair that two chunks share is rare enough, and gives empty lines at worst.
    if (at !== -1) hasReturns = chunk[at] === RETURN && chunk[at + 1] !== LINE_FEED;
    yield hasReturns === true ? Buffer.from(chunk.map((byte) => (byte === RETURN ? LINE_FEED : byte))) : chunk;
  }
}
