/**
 * Where reading a file stands, and whether that still belongs to the file that lies there now: a line number beside a
 * fingerprint of the file's beginning. A file that was replaced is read anew, a file that grew is read on.
 * Rejected: the modification time (copying a folder changes it) and a hash of the whole (a file that grew is not new).
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import type { RawItem } from '../source.ts';
import type { FileFormat, FileRecord } from './file_records.ts';

/** What counts the places in a file of each format; another name wherever the same file has got other places. */
export const READERS = { jsonl: 'jsonl', csv: 'csv2', rss: 'rss' } as const satisfies Record<FileFormat, string>;

/** Kept in the state. */
export interface FileCursor {
  readonly path: string;
  /** Absent in what earlier versions kept, where only the places of JSON lines are those of today. */
  readonly reader?: (typeof READERS)[FileFormat];
  /** Place of the last record that is durable in the stream, and that nothing added to the file can change. */
  readonly place: number;
  /** SHA-256 of the file's first `head_bytes` bytes. */
  readonly head: string;
  readonly head_bytes: number;
  readonly size: number;
  /** Added to every item's time, milliseconds. */
  readonly shift_ms: number;
  /** Of an end that may still have been being written: up to which place it was handed on, and how large the file was then. */
  readonly open_end?: { readonly place: number; readonly size: number };
}

/**
 * The stored cursor where it belongs to this very file, with the fingerprint of as much of it as there is by now; else null. Where
 * another reader counted its place, it begins anew: what comes again is recognised, what is skipped would be lost.
 */
export async function resumeCursor(
  path: string,
  format: FileFormat,
  stored: FileCursor | undefined,
): Promise<FileCursor | null> {
  const { size } = await stat(path);
  if (stored === undefined || stored.path !== path || size < stored.size) return null;
  const { head } = await beginningOf(path, stored.head_bytes);
  if (head !== stored.head) return null;
  // By its header alone, which was all there was at first, every later table of that form would be this one.
  const beginning = await beginningOf(path);
  const reader = READERS[format];
  if ((stored.reader ?? READERS.jsonl) === reader) return { ...stored, reader, ...beginning };
  return { path, reader, place: 0, ...beginning, shift_ms: stored.shift_ms };
}

/** The fingerprint of a file's first `bytes` bytes, and its size. */
export async function beginningOf(
  path: string,
  bytes = 4096,
): Promise<Pick<FileCursor, 'head' | 'head_bytes' | 'size'>> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
    return { head, head_bytes: bytesRead, size: (await handle.stat()).size };
  } finally {
    await handle.close();
  }
}

/** The cursor behind this record; before it, where the file's end is open there. */
export function cursorBehind(cursor: FileCursor, { place, isOpen }: FileRecord): FileCursor {
  return isOpen === true ? { ...cursor, open_end: { place, size: cursor.size } } : { ...cursor, place };
}

/** Whether a record needs no handing on: the cursor is past it, or it stands at an open end to which nothing was added since. */
export function isHandedOn({ place, size, open_end }: FileCursor, record: FileRecord): boolean {
  if (record.place <= place) return true;
  return record.isOpen === true && size === open_end?.size && record.place <= open_end.place;
}

/**
 * The record's item; at an open end, and where one was when the file was last read, under a revision that its content gives: if
 * the row is another one by then it takes the first one's place, else it is known. `before`: the place of the record before it.
 */
export function itemOf({ item, isOpen }: FileRecord, { open_end }: FileCursor, before: number): RawItem | undefined {
  if (item === undefined || !(isOpen === true || before < (open_end?.place ?? 0))) return item;
  return { revision: createHash('sha256').update(JSON.stringify(item)).digest('hex'), ...item };
}
