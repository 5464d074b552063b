/** Creating a data folder, with the right reason where it cannot be: Node's recursive mkdir says ENOENT on a read-only disk. */
import { access, constants, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toTidewatchError } from '../errors.ts';

/**
 * Creates `folder` and its parents where they are absent.
 * @throws TidewatchError storage.read_only, storage.full, storage.unavailable
 */
export async function createFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw toTidewatchError((await whyNotWritable(folder)) ?? error, 'storage.unavailable');
  }
}

/** What the system says about writing to the nearest parent that exists. */
async function whyNotWritable(folder: string): Promise<unknown> {
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    try {
      await access(parent, constants.W_OK);
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === dirname(parent)) return error;
    }
  }
}
