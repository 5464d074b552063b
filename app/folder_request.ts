/**
 * A request to the process that has a data folder: a file in a folder of such requests within it, and the answer beside it. One
 * that nobody took in time is withdrawn; left there, it would be carried out at some later start, when nobody expects it any
 * more. Whoever takes a request removes or renames its file, so a file that can be removed was not taken.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { writeWhole } from './replace_file.ts';

export const REQUEST_END = '.request.json';
export const ANSWER_END = '.answer.json';
export const ANSWER_WITHIN_MS = 120_000;
const LOOK_MS = 200;

export interface FolderRequest {
  readonly dataDir: string;
  /** Name of the folder of such requests. */
  readonly folder: string;
  readonly request: object;
  readonly withinMs: number;
  /** What to do where the request was taken and is not answered in time. */
  hint(answered: string): string;
}

/** Leaves the request and waits for its answer, as JSON. @throws TidewatchError storage.unavailable */
export async function askInFolder({ dataDir, folder, request, withinMs, hint }: FolderRequest): Promise<unknown> {
  const name = join(dataDir, folder, randomUUID());
  const asked = `${name}${REQUEST_END}`;
  const answered = `${name}${ANSWER_END}`;
  await mkdir(join(dataDir, folder), { recursive: true });
  await writeWhole(asked, JSON.stringify(request));
  for (const end = Date.now() + withinMs; !existsSync(answered);) {
    if (Date.now() > end) {
      if (await isWithdrawn(asked)) throw notTaken(dataDir, withinMs);
      throw new TidewatchError(
        'storage.unavailable',
        `The running process took the request but is not done after ${withinMs / 1000} s`,
        { hint: hint(answered) },
      );
    }
    await systemClock.sleep(LOOK_MS);
  }
  const answer: unknown = JSON.parse(await readFile(answered, 'utf8'));
  await unlink(answered);
  return answer;
}

/** Takes the request back; false where somebody has taken it. */
async function isWithdrawn(request: string): Promise<boolean> {
  try {
    await unlink(request);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function notTaken(folder: string, waitedMs: number): TidewatchError {
  return new TidewatchError(
    'storage.unavailable',
    `The process that has ${folder} did not take the request within ${waitedMs / 1000} s; it was withdrawn, and nothing was done`,
    {
      hint: 'It may be carrying out a request that came before, be starting or stopping, or its store may be away: look at its log, then ask again.',
    },
  );
}
