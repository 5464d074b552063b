/**
 * The one file in a ZIP archive, within a limit. By the central directory (APPNOTE.TXT 4.3.12), since a local header
 * may leave the sizes out; stored or deflated, checked by its CRC-32. Pure.
 * Rejected: an archive library (adm-zip and jszip inflate without a limit; we read one entry of one publisher's files).
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const LONGEST_COMMENT = 65_535;

/**
 * The bytes of the archive's first entry.
 * @throws TidewatchError input.invalid (no archive, cut off, encrypted, wrong checksum), input.too_large
 */
export function readZipEntry(archive: Buffer, maxBytes: number): Buffer {
  const broken = (reason: string): TidewatchError => new TidewatchError('input.invalid', `The ZIP archive ${reason}`);
  const earliest = Math.max(0, archive.length - END_SIZE - LONGEST_COMMENT);
  let end = archive.length - END_SIZE;
  while (end >= earliest && archive.readUInt32LE(end) !== END) end -= 1;
  if (end < earliest || end < 0) throw broken('has no end: it is cut off, or is none');
  const central = archive.readUInt32LE(end + 16);
  if (central + 46 > archive.length || archive.readUInt32LE(central) !== CENTRAL) throw broken('has no directory');
  const flags = archive.readUInt16LE(central + 8);
  const method = archive.readUInt16LE(central + 10);
  const checksum = archive.readUInt32LE(central + 16);
  const packed = archive.readUInt32LE(central + 20);
  const size = archive.readUInt32LE(central + 24);
  const local = archive.readUInt32LE(central + 42);
  if ((flags & 1) !== 0) throw broken('is encrypted');
  if (size > maxBytes) throw tooLarge(size, maxBytes);
  if (local + 30 > archive.length || archive.readUInt32LE(local) !== LOCAL) throw broken('has no entry where it says');
  const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  if (from + packed > archive.length) throw broken('is cut off');
  const bytes = archive.subarray(from, from + packed);
  const content = method === 0 ? bytes : method === 8 ? inflate(bytes, maxBytes) : null;
  if (content === null) throw broken(`is compressed by method ${method}, which is not read here`);
  if (content.length !== size || crc32(content) !== checksum) throw broken('does not match its own checksum');
  return content;
}

function inflate(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes + 1, maxBytes);
    throw new TidewatchError('input.invalid', `The ZIP archive cannot be inflated: ${(error as Error).message}`);
  }
}

function tooLarge(size: number, maxBytes: number): TidewatchError {
  return new TidewatchError('input.too_large', `A ZIP archive holds ${size} bytes; the limit is ${maxBytes}`);
}
