/**
 * A file → items with their places, read by streaming, in whatever encoding it was saved. JSONL by lines, CSV by rows (file_csv.ts), feeds whole (they
 * are small) by the same parser as the rss source. A broken line is a refusal with its line number, never an end.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';
import { decodeFeed, isGarbled } from '../encoding.ts';
import { parseFeed } from '../feed.ts';
import { KNOWN_TEXT_NAMES, fieldName, isTextName, itemFromRecord, removalFromRecord } from '../fields.ts';
import type { RawItem, Refusal, Removal } from '../source.ts';
import { readCsvRows, withLineFeeds, type CsvRow } from './file_csv.ts';
import { asUtf8 } from './file_text.ts';
import { readLines, type Line } from './lines.ts';

export type FileFormat = 'jsonl' | 'csv' | 'rss';

/** One line of a file: an item, what was taken back (JSON lines only), or why it is neither. `place` grows through the file, and is what the cursor holds. */
export interface FileRecord {
  readonly place: number;
  readonly item?: RawItem;
  readonly removal?: Removal;
  readonly refusal?: Refusal;
  /** It stands at an end that may still be being written: what is added to the file may change it. */
  readonly isOpen?: boolean;
}

const MAX_FEED_BYTES = 50_000_000;

/** Of JSON Feed, whose one object holds all items: as lines of JSON it would be one item, or broken ones. */
const JSON_FEED = /"version"\s*:\s*"https?:\/\/(?:www\.)?jsonfeed\.org\//;

/** The format that the name says; else that its beginning says. */
export async function detectFormat(path: string): Promise<FileFormat> {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (/\.(?:jsonl|ndjson|jsonlines)$/.test(name)) return 'jsonl';
  if (/\.(?:csv)$/.test(name)) return 'csv';
  if (/\.(?:rss|xml|atom|rdf)$/.test(name)) return 'rss';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    const start = buffer
      .subarray(0, bytesRead)
      .toString('latin1')
      .replace(/^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff\0)/, '')
      .trimStart();
    if (start.startsWith('{')) return JSON_FEED.test(start) ? 'rss' : 'jsonl';
    return start.startsWith('<') ? 'rss' : 'csv';
  } finally {
    await handle.close();
  }
}

/**
 * Yields the records of a file in order, some at a time.
 * @throws TidewatchError input.invalid (absent, unreadable, not of that format as a whole), input.too_large (a feed)
 */
export async function* readRecords(
  path: string,
  format: FileFormat,
  options: { maxRecordBytes: number; signal: AbortSignal },
): AsyncGenerator<FileRecord[]> {
  const bytes = readBytes(path, options.signal);
  if (format === 'jsonl') {
    for await (const lines of readLines(asUtf8(bytes), options.maxRecordBytes)) {
      yield lines.filter(({ text }) => text.trim() !== '').map((line) => jsonRecord(line, options.maxRecordBytes));
    }
  } else if (format === 'csv') {
    yield* readCsv(asUtf8(bytes), path, options.maxRecordBytes);
  } else {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of bytes) {
      size += chunk.length;
      if (size > MAX_FEED_BYTES) {
        throw new TidewatchError('input.too_large', `${path} is a feed of more than ${MAX_FEED_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
    const { items } = await parseFeed(decodeFeed(Buffer.concat(chunks)));
    yield items.map((item, index) => ({ place: index + 1, item }));
  }
}

async function* readBytes(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { signal, highWaterMark: 256 * 1024 });
  if (!path.toLowerCase().endsWith('.gz')) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const unzipped = createGunzip();
  file.on('error', (error) => unzipped.destroy(error));
  try {
    yield* file.pipe(unzipped) as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
  }
}

function jsonRecord({ number, text, isTooLong, hasEnd }: Line, maxBytes: number): FileRecord {
  if (isTooLong) {
    const reason = `Line ${number}: it is longer than max_document_bytes (${maxBytes}).`;
    return { place: number, refusal: { code: 'input.too_large', reason, value: text } };
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    const reason = `Line ${number}: it is not JSON: ${(error as Error).message}`;
    const refusal: Refusal = { code: 'input.invalid', reason, value: text };
    return { place: number, refusal, ...(hasEnd ? {} : { isOpen: true }) };
  }
  const found = removalFromRecord(record) ?? { item: itemFromRecord(record) };
  if (typeof found !== 'string' && !('item' in found)) return { place: number, removal: found };
  const item = typeof found === 'string' ? found : readable(found.item);
  if (typeof item !== 'string') return { place: number, item };
  return { place: number, refusal: { code: 'input.invalid', reason: `Line ${number}: ${item}`, value: text } };
}

/** The item, or why it is none: a file that is put together of two encodings has lines that nobody can read. */
function readable(item: RawItem | string): RawItem | string {
  if (typeof item === 'string' || !isGarbled(`${item.title ?? ''} ${item.text}`)) return item;
  return 'its words cannot be decoded: they are in another encoding than most of the file. Save the whole file as UTF-8.';
}

async function* readCsv(bytes: AsyncIterable<Buffer>, path: string, maxBytes: number): AsyncGenerator<FileRecord[]> {
  let columns: readonly string[] | null = null;
  for await (const rows of readCsvRows(readLines(withLineFeeds(bytes), maxBytes), maxBytes)) {
    const records: FileRecord[] = [];
    for (const row of rows) {
      if (columns === null) columns = columnsOf(row, path);
      else records.push(csvRecord(row, columns));
    }
    yield records;
  }
}

/** @throws TidewatchError input.invalid where the first row names no column that holds a text */
function columnsOf({ fields, problem }: CsvRow, path: string): readonly string[] {
  if (problem !== undefined)
    throw new TidewatchError(problem.code, `${path}: its header cannot be read. ${problem.reason}`);
  const names = fields.map(fieldName);
  if (names.some(isTextName)) return names;
  throw new TidewatchError('input.invalid', `${path}: no column holds the text; its columns are ${fields.join(', ')}`, {
    hint: `Call one of them by a name that is known: ${KNOWN_TEXT_NAMES}.`,
  });
}

function csvRecord({ line, lastLine, fields, problem, text, isOpen }: CsvRow, columns: readonly string[]): FileRecord {
  const placed = { place: lastLine, ...(isOpen ? { isOpen } : {}) };
  const refused = (reason: string, value: unknown): FileRecord => {
    return { ...placed, refusal: { code: 'input.invalid', reason: `Line ${line}: ${reason}`, value } };
  };
  if (problem !== undefined) return { ...placed, refusal: { ...problem, value: text } };
  if (fields.length !== columns.length) {
    const counts = `it has another number of fields (${fields.length}) than the header (${columns.length}).`;
    return refused(`${counts} Put a text with a comma in it into quotes, and quotes within it twice.`, text);
  }
  const record = Object.fromEntries(columns.map((name, index) => [name, fields[index]]));
  const item = readable(itemFromRecord(record));
  return typeof item === 'string' ? refused(item, record) : { ...placed, item };
}
