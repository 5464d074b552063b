/**
 * How forgetting is asked of a process that runs: `tidewatch forget` on a folder in use leaves a request in
 * `<data_dir>/forget`, and finds the answer beside it. Who may write into the data folder may ask; there is no port and no
 * token to guard. Every file takes its name when it is whole and on the disk.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import type { Elsewhere } from './forget_answers.ts';
import { forgetRequestSchema, type ForgetRequest, type Forgotten } from './forgetting.ts';
import { ANSWER_END, ANSWER_WITHIN_MS, askInFolder, REQUEST_END } from './folder_request.ts';
import { writeWhole } from './replace_file.ts';

const FOLDER = 'forget';

interface Done extends Forgotten {
  readonly elsewhere: readonly Elsewhere[];
  readonly audit: string;
}

interface Unreadable {
  readonly error: string;
}

/** A file that asks: what for, or why that cannot be read. */
interface Asked {
  readonly path: string;
  /** Name of the file in which whoever asked waits to be told. */
  readonly answer: string;
  readonly wanted: ForgetRequest | Unreadable;
}

/** Folder of requests and answers within the data folder. */
export function requestsFolder(dataDir: string): string {
  return join(dataDir, FOLDER);
}

/** Asks the process that has the folder, and waits. @throws TidewatchError storage.unavailable */
export async function askToForget(
  dataDir: string,
  request: ForgetRequest,
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<Done> {
  const hint = (answered: string): string =>
    `It goes on: documents wait to be labelled, or the store is away. The answer will be in ${answered} and in the table removals.`;
  const answer = (await askInFolder({ dataDir, folder: FOLDER, request, withinMs: answerWithinMs, hint })) as
    | Done
    | Unreadable;
  if ('error' in answer) throw new TidewatchError('storage.unavailable', answer.error);
  return answer;
}

/** The requests that lie there. */
export async function requestsIn(dataDir: string): Promise<readonly Asked[]> {
  const folder = requestsFolder(dataDir);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(REQUEST_END));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, answer: name.replace(REQUEST_END, ANSWER_END), wanted: await read(path) };
    }),
  );
}

export function writeAnswer(dataDir: string, name: string, answer: Done | Unreadable): Promise<void> {
  return writeWhole(join(requestsFolder(dataDir), name), JSON.stringify(answer));
}

/** Nothing that somebody left there keeps others waiting: whoever did is told. */
async function read(path: string): Promise<ForgetRequest | Unreadable> {
  try {
    return forgetRequestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (thrown) {
    const why = thrown instanceof z.ZodError ? z.prettifyError(thrown) : toTidewatchError(thrown).message;
    return { error: `The request cannot be read: ${why}` };
  }
}
