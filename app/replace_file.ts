/**
 * A file of settings read and written anew while the process runs: what was there before is kept beside it as `.before`, then the new text
 * is written whole, reaches the disk, and takes the name. Who reads meanwhile, or starts after a power cut, finds the old text or
 * the new one.
 */
import { constants } from 'node:fs';
import { access, copyFile, open, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { configText } from '../core/config_text.ts';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';

/** Whether this process may write `path` and beside it. */
export async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    await access(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What is to be shown, changed and written back.
 * @throws TidewatchError input.conflict where it is not UTF-8: written back it would be lost
 */
export async function readToReplace(path: string): Promise<string> {
  const bytes = await readFile(path);
  try {
    return configText(bytes, basename(path));
  } catch (thrown) {
    const { message, hint } = toTidewatchError(thrown);
    throw new TidewatchError('input.conflict', message, { cause: thrown, ...(hint !== undefined && { hint }) });
  }
}

/** @throws TidewatchError storage.read_only */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    const { mode } = await stat(path);
    await copyFile(path, `${path}.before`);
    await writeWhole(path, text, mode & 0o777);
  } catch (cause) {
    throw new TidewatchError('storage.read_only', `${path} cannot be written: it stays as it was`, { cause });
  }
}

/** Whole or not at all: the file takes its name when its bytes are on the disk. */
export async function writeWhole(path: string, text: string, mode?: number): Promise<void> {
  const draft = `${path}.part`;
  const file = await open(draft, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
