/**
 * Rewriting an LMDB folder so that it holds its records and nothing else. LMDB keeps freed pages in the file and writes into
 * them later: until then a removed record can be read off the raw bytes. Only for a folder that nobody has open.
 */
import { mkdir, open as openFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { toTidewatchError } from '../errors.ts';
import { storageError } from './environment.ts';

const FILE = 'data.mdb';
const CHUNK = 8 * 1024 * 1024;

/** Resolves when the smaller file is in place; a folder without an LMDB file is left alone. @throws TidewatchError storage.* */
export async function compactFolder(folder: string): Promise<void> {
  const file = join(folder, FILE);
  if ((await stat(file).catch(() => null)) === null) return;
  const copy = join(folder, 'compacted');
  try {
    await rm(copy, { recursive: true, force: true });
    await mkdir(copy);
    const root = open({ path: folder, noSubdir: false, maxDbs: 256, encoding: 'binary' });
    try {
      await root.backup(copy, true);
    } finally {
      await root.close();
    }
    // LMDB leaves the copy to the system: the name must not reach the disk before what it names.
    await sync(join(copy, FILE));
    await rename(join(copy, FILE), file);
    await sync(folder);
    await rm(join(folder, 'lock.mdb'), { force: true });
    await rm(copy, { recursive: true, force: true });
  } catch (error) {
    await rm(copy, { recursive: true, force: true }).catch(() => undefined);
    throw storageError(toTidewatchError(error, 'storage.unavailable'), folder);
  }
}

async function sync(path: string): Promise<void> {
  const handle = await openFile(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** How many of `needles` stand anywhere in the folder's raw file. */
export async function findInFile(folder: string, needles: readonly string[]): Promise<number> {
  const file = needles.length === 0 ? null : await openFile(join(folder, FILE), 'r').catch(() => null);
  if (file === null) return 0;
  const wanted = new Map(needles.map((needle) => [needle, Buffer.from(needle)]));
  const overlap = Math.max(...[...wanted.values()].map((bytes) => bytes.length));
  const buffer = Buffer.alloc(CHUNK + overlap);
  let found = 0;
  try {
    for (let at = 0; wanted.size > 0; at += CHUNK) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      for (const [needle, bytes] of wanted) {
        if (!chunk.includes(bytes)) continue;
        wanted.delete(needle);
        found += 1;
      }
    }
  } finally {
    await file.close();
  }
  return found;
}
