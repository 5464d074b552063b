/**
 * A file → items with their places, read by streaming, in whatever encoding it was saved. JSONL by our own line reader, CSV by csv-parse, feeds whole (they
 * are small) by the same parser as the rss source. A broken line is a refusal with its line number, never an end.
 */
import { parse, type CsvError, type Info } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';
import { decodeFeed, isGarbled } from '../encoding.ts';
import { parseFeed } from '../feed.ts';
import { KNOWN_TEXT_NAMES, fieldName, isTextName, itemFromRecord, removalFromRecord } from '../fields.ts';
import type { RawItem, Refusal, Removal } from '../source.ts';
import { asUtf8 } from './file_text.ts';
import { readLines, type Line } from './lines.ts';

export type FileFormat = 'jsonl' | 'csv' | 'rss';

/** One line of a file: an item, what was taken back (JSON lines only), or why it is neither. `place` grows through the file, and is what the cursor holds. */
export interface FileRecord {
  readonly place: number;
  readonly item?: RawItem;
  readonly removal?: Removal;
  readonly refusal?: Refusal;
}

const MAX_FEED_BYTES = 50_000_000;

/** The format that the name says; else that the first character says. */
export async function detectFormat(path: string): Promise<FileFormat> {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (/\.(?:jsonl|ndjson|jsonlines)$/.test(name)) return 'jsonl';
  if (/\.(?:csv)$/.test(name)) return 'csv';
  if (/\.(?:rss|xml|atom|rdf)$/.test(name)) return 'rss';
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const start = buffer
      .subarray(0, bytesRead)
      .toString('latin1')
      .replace(/^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff\0)/, '')
      .trimStart();
    return start.startsWith('{') ? 'jsonl' : start.startsWith('<') ? 'rss' : 'csv';
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

function jsonRecord({ number, text, isTooLong }: Line, maxBytes: number): FileRecord {
  if (isTooLong) {
    const reason = `Line ${number}: it is longer than max_document_bytes (${maxBytes}).`;
    return { place: number, refusal: { code: 'input.too_large', reason, value: text } };
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    const reason = `Line ${number}: it is not JSON: ${(error as Error).message}`;
    return { place: number, refusal: { code: 'input.invalid', reason, value: text } };
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

interface CsvRow {
  readonly info: Info;
  readonly record: Record<string, unknown>;
}

async function* readCsv(bytes: AsyncIterable<Buffer>, path: string, maxBytes: number): AsyncGenerator<FileRecord[]> {
  // Broken rows are reported while csv-parse reads ahead; each waits here until the rows before it are out.
  const broken: FileRecord[] = [];
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    relax_quotes: true,
    max_record_size: maxBytes,
    columns: (header: string[]) => {
      const names = header.map(fieldName);
      if (names.some(isTextName)) return names;
      throw new TidewatchError(
        'input.invalid',
        `${path}: no column holds the text; its columns are ${header.join(', ')}`,
        {
          hint: `Call one of them by a name that is known: ${KNOWN_TEXT_NAMES}.`,
        },
      );
    },
    on_skip: (error: CsvError | undefined, raw: string | undefined) => {
      const place = Number(error?.['lines'] ?? 0);
      const tooLong = error?.code === 'CSV_MAX_RECORD_SIZE';
      const reason = `Line ${place}: ${error?.message ?? 'the row cannot be read'}`;
      const code = tooLong ? 'input.too_large' : 'input.invalid';
      broken.push({ place, refusal: { code, reason, value: (raw ?? '').slice(0, 200) } });
    },
  });
  const feeding = feed(bytes, parser);
  feeding.catch(() => undefined);
  let records: FileRecord[] = [];
  for await (const { info, record } of parser as AsyncIterable<CsvRow>) {
    while (broken[0] !== undefined && broken[0].place < info.lines) records.push(broken.shift() as FileRecord);
    const item = readable(itemFromRecord(record));
    const refusal = (reason: string): Refusal => ({
      code: 'input.invalid',
      reason: `Line ${info.lines}: ${reason}`,
      value: record,
    });
    records.push(
      typeof item === 'string' ? { place: info.lines, refusal: refusal(item) } : { place: info.lines, item },
    );
    if (records.length >= 200) {
      yield records;
      records = [];
    }
  }
  await feeding;
  yield [...records, ...broken];
}

async function feed(bytes: AsyncIterable<Buffer>, parser: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (parser.destroyed) return;
      if (!parser.write(chunk)) await new Promise((resolve) => parser.once('drain', resolve).once('close', resolve));
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}
