/**
 * Where reading a file stands, and whether that still belongs to the file that lies there now: a line number beside a
 * fingerprint of the file's beginning. A file that was replaced is read anew, a file that grew is read on.
 * Rejected: the modification time (copying a folder changes it) and a hash of the whole (a file that grew is not new).
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';

/** Kept in the state. */
export interface FileCursor {
  readonly path: string;
  /** Place of the last record that is durable in the stream. */
  readonly place: number;
  /** SHA-256 of the file's first `head_bytes` bytes. */
  readonly head: string;
  readonly head_bytes: number;
  readonly size: number;
  /** Added to every item's time, milliseconds. */
  readonly shift_ms: number;
}

/** The stored cursor where it belongs to this very file; else null. */
export async function resumeCursor(path: string, stored: FileCursor | undefined): Promise<FileCursor | null> {
  const { size } = await stat(path);
  if (stored === undefined || stored.path !== path || size < stored.size) return null;
  const { head } = await beginningOf(path, stored.head_bytes);
  return head === stored.head ? { ...stored, size } : null;
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
