/**
 * Redriving dead letters, as `tidewatch redrive` does it. Over Kafka the command goes to the brokers itself. An embedded log
 * belongs to one process: a stopped folder is opened here; a running one is asked through a folder of requests within its
 * data folder, as `forget` does it, and the answer is waited for.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../core/clock.ts';
import { explainError, TidewatchError, toTidewatchError } from '../core/errors.ts';
import type { Service } from '../core/lifecycle.ts';
import { createLogger, type Logger } from '../core/log.ts';
import { persist } from '../core/persist.ts';
import { redrive, type RedriveReport } from '../core/stream/redrive.ts';
import { openStream, type StreamSettings } from '../core/stream/registry.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import type { Settings } from './config.ts';
import { lockUnlessAnswering, requireDataFolder } from './data_folder.ts';
import { ANSWER_END, ANSWER_WITHIN_MS, askInFolder, REQUEST_END } from './folder_request.ts';
import { writeWhole } from './replace_file.ts';

export const REDRIVEN_TOPICS = [TOPICS.documents, TOPICS.opinions] as const;

const requestSchema = z.strictObject({
  topics: z.array(z.enum(REDRIVEN_TOPICS)).min(1),
  stages: z.array(z.string()),
  codes: z.array(z.string()),
  since: z.number().nullable(),
  dry_run: z.boolean(),
});
export type RedriveRequest = z.output<typeof requestSchema>;

const FOLDER = 'redrive';
/** A request that a process works on, or worked on when it was stopped. */
const TAKEN_END = '.taken.json';
const LOOK_MS = 1_000;
const RETRY_MS = 5_000;
/** Nobody reads a stopped folder's log: who waited there for its readers would wait for ever. */
const UNLIMITED = { max_backlog_messages: Number.MAX_SAFE_INTEGER, max_bytes: Number.MAX_SAFE_INTEGER };

async function redriveAll(stream: Stream, request: RedriveRequest, signal: AbortSignal): Promise<RedriveReport[]> {
  const reports: RedriveReport[] = [];
  for (const topic of request.topics) {
    reports.push(await redrive(stream, topic, request, { dryRun: request.dry_run, signal }));
  }
  return reports;
}

async function redriveAndClose(stream: Stream, request: RedriveRequest, signal: AbortSignal): Promise<RedriveReport[]> {
  try {
    return await redriveAll(stream, request, signal);
  } finally {
    await stream.close();
  }
}

/**
 * A report a topic.
 * @throws TidewatchError storage.*, input.invalid (no data folder)
 */
export async function redriveFolder(settings: Settings, request: RedriveRequest): Promise<readonly RedriveReport[]> {
  const folder = settings.data_dir;
  const { signal } = new AbortController();
  const log = createLogger({ level: 'warn', format: 'auto' });
  const open = (chosen: StreamSettings): Promise<Stream> =>
    openStream(chosen, { folder: join(folder, 'stream'), clock: systemClock, log });
  if (settings.stream.type === 'kafka') {
    const stream = await open(settings.stream);
    return redriveAndClose(stream, request, signal);
  }
  requireDataFolder(folder);
  const unlock = await lockUnlessAnswering(folder);
  if (unlock === null) return askToRedrive(folder, request);
  try {
    return await redriveAndClose(await open({ ...settings.stream, ...UNLIMITED }), request, signal);
  } finally {
    await unlock();
  }
}

/** Asks the process that has the folder, and waits. @throws TidewatchError storage.unavailable */
export async function askToRedrive(
  folder: string,
  request: RedriveRequest,
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<readonly RedriveReport[]> {
  const hint = (answered: string): string =>
    `The answer will be in ${answered}. A full log holds back what is sent to it until it is read.`;
  const answer = (await askInFolder({ dataDir: folder, folder: FOLDER, request, withinMs: answerWithinMs, hint })) as {
    reports?: RedriveReport[];
    error?: string;
  };
  if (answer.reports === undefined) throw new TidewatchError('storage.unavailable', answer.error ?? 'It failed there');
  return answer.reports;
}

/** Answers the requests of a running process' own folder. */
export function createRedriving({ stream, dataDir, log }: { stream: Stream; dataDir: string; log: Logger }): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  const folder = join(dataDir, FOLDER);
  /** Answers that are not on disk yet, by request: sending twice would answer that nothing was sent. */
  const unwritten = new Map<string, object>();
  let running: Promise<void> = Promise.resolve();

  async function answer(path: string): Promise<object> {
    try {
      const request = requestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      const reports = await redriveAll(stream, request, signal);
      for (const { topic, sent } of request.dry_run ? [] : reports) {
        if (Object.keys(sent).length > 0) log.info({ topic, sent }, 'dead letters were sent back');
      }
      return { reports };
    } catch (error) {
      return { error: explainError(error) };
    }
  }

  /** Answers what was asked; a request whose answer cannot be written holds up no other one. */
  async function look(): Promise<void> {
    const failures: unknown[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      const end = [REQUEST_END, TAKEN_END].find((one) => name.endsWith(one));
      if (end === undefined) continue;
      await take(name.slice(0, -end.length)).catch((thrown: unknown) => failures.push(thrown));
      if (signal.aborted) return;
    }
    if (failures.length > 0) throw failures[0];
    await systemClock.sleep(LOOK_MS, signal);
  }

  async function take(name: string): Promise<void> {
    const path = join(folder, `${name}${TAKEN_END}`);
    // Whoever asked and waits no longer withdraws what was not taken.
    await rename(join(folder, `${name}${REQUEST_END}`), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (!existsSync(path)) return;
    const said = unwritten.get(name) ?? (await answer(path));
    // Cut short by the stop: it is asked again after the next start.
    signal.throwIfAborted();
    unwritten.set(name, said);
    await writeWhole(join(folder, `${name}${ANSWER_END}`), JSON.stringify(said));
    await unlink(path);
    unwritten.delete(name);
  }

  return {
    name: 'redriving',
    start() {
      running = persist(look, {
        clock: systemClock,
        signal,
        retryMs: RETRY_MS,
        failed: (thrown) =>
          log.error({ code: toTidewatchError(thrown).code }, `Requests to redrive wait: ${explainError(thrown)}`),
      });
      return Promise.resolve();
    },
    async stop() {
      stopping.abort(new Error('Tidewatch is stopping.'));
      await running;
    },
  };
}
