/**
 * A data folder: creating it, and whether there is room in it. With the right reason where it cannot be had: Node's
 * recursive mkdir says ENOENT on a read-only disk, and engines say little when they fail to open.
 */
import { statfsSync } from 'node:fs';
import { access, constants, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TidewatchError, toTidewatchError } from '../errors.ts';

/** Engines fail with less room than this in ways that do not name the disk (LMDB: EIO; chdb: no reason at all). */
const ROOM_BYTES = 16 * 1024 * 1024;

/** Whether the disk of `folder` is as good as full. */
export function isOutOfRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < ROOM_BYTES;
  } catch {
    return false;
  }
}

export function fullDiskError(folder: string, cause: unknown): TidewatchError {
  return new TidewatchError('storage.full', `The disk of ${folder} is full`, {
    cause,
    hint: 'Free some space or point data_dir at a larger disk. Nothing is lost: work goes on by itself, or at the next start.',
  });
}

/**
 * Creates `folder` and its parents where they are absent, and makes sure that it can be written.
 * @throws TidewatchError storage.read_only, storage.full, storage.unavailable
 */
export async function createFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'EEXIST') {
      throw new TidewatchError(
        'storage.read_only',
        `The data folder ${folder} cannot be: a part of its path is a file`,
        {
          cause: error,
          hint: 'Point data_dir (or --data) at a folder.',
        },
      );
    }
    throw toTidewatchError((await whyNotWritable(folder)) ?? error, 'storage.unavailable');
  }
}

/** What the system says about writing to the folder, or to the nearest parent that exists where it does not. */
async function whyNotWritable(folder: string): Promise<unknown> {
  for (let nearest = folder; ; nearest = dirname(nearest)) {
    try {
      await access(nearest, constants.W_OK);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || nearest === dirname(nearest)) return error;
    }
  }
}
