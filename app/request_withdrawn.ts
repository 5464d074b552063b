/**
 * A request in a data folder that nobody took in time. Whoever takes one removes or renames its file, so a file that can be
 * removed was not taken; left there, it would be carried out at some later start, when nobody expects it any more.
 */
import { unlink } from 'node:fs/promises';
import { TidewatchError } from '../core/errors.ts';

/** Takes the request back; false where somebody has taken it. */
export async function isWithdrawn(request: string): Promise<boolean> {
  try {
    await unlink(request);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export function notTaken(folder: string, waitedMs: number): TidewatchError {
  return new TidewatchError(
    'storage.unavailable',
    `The process that has ${folder} did not take the request within ${waitedMs / 1000} s; it was withdrawn, and nothing was done`,
    {
      hint: 'It may be carrying out a request that came before, be starting or stopping, or its store may be away: look at its log, then ask again.',
    },
  );
}
