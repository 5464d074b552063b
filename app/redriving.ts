/**
 * Redriving dead letters, as `tidewatch redrive` does it. Over Kafka the command goes to the brokers itself. An embedded log
 * belongs to one process: a stopped folder is opened here; a running one is asked through a folder of requests within its
 * data folder, as `forget` does it, and the answer is waited for.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../core/clock.ts';
import { explainError, TidewatchError } from '../core/errors.ts';
import type { Service } from '../core/lifecycle.ts';
import { createLogger, type Logger } from '../core/log.ts';
import { redrive, type RedriveReport } from '../core/stream/redrive.ts';
import { openStream } from '../core/stream/registry.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import type { Settings } from './config.ts';
import { lockUnlessRunning, requireDataFolder } from './data_folder.ts';

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
const REQUEST_END = '.request.json';
const ANSWER_END = '.answer.json';
const LOOK_MS = 1_000;
const ANSWER_WITHIN_MS = 120_000;

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
  const open = (): Promise<Stream> =>
    openStream(settings.stream, { folder: join(folder, 'stream'), clock: systemClock, log });
  if (settings.stream.type === 'kafka') {
    const stream = await open();
    return redriveAndClose(stream, request, signal);
  }
  requireDataFolder(folder);
  const unlock = await lockUnlessRunning(folder);
  if (unlock === null) return ask(folder, request);
  try {
    return await redriveAndClose(await open(), request, signal);
  } finally {
    await unlock();
  }
}

async function ask(folder: string, request: RedriveRequest): Promise<readonly RedriveReport[]> {
  const name = randomUUID();
  const asked = join(folder, FOLDER, `${name}${REQUEST_END}`);
  const answered = join(folder, FOLDER, `${name}${ANSWER_END}`);
  await mkdir(join(folder, FOLDER), { recursive: true });
  await writeWhole(asked, request);
  for (const end = Date.now() + ANSWER_WITHIN_MS; !existsSync(answered);) {
    if (Date.now() > end) {
      throw new TidewatchError(
        'storage.unavailable',
        `The running process is not done after ${ANSWER_WITHIN_MS / 1000} s`,
        {
          hint: `The answer will be in ${answered}. A full log holds back what is sent to it until it is read.`,
        },
      );
    }
    await systemClock.sleep(200);
  }
  const answer = JSON.parse(await readFile(answered, 'utf8')) as { reports?: RedriveReport[]; error?: string };
  await unlink(answered);
  if (answer.reports === undefined) throw new TidewatchError('storage.unavailable', answer.error ?? 'It failed there');
  return answer.reports;
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.part`, JSON.stringify(value));
  await rename(`${path}.part`, path);
}

/** Answers the requests of a running process' own folder. */
export function createRedriving({ stream, dataDir, log }: { stream: Stream; dataDir: string; log: Logger }): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  const folder = join(dataDir, FOLDER);
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

  async function run(): Promise<void> {
    while (!signal.aborted) {
      for (const name of await readdir(folder).catch(() => [])) {
        if (signal.aborted || !name.endsWith(REQUEST_END)) continue;
        const path = join(folder, name);
        const said = await answer(path);
        if (signal.aborted) return;
        await writeWhole(path.replace(REQUEST_END, ANSWER_END), said);
        await unlink(path);
      }
      await systemClock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  return {
    name: 'redriving',
    start() {
      running = run().catch((error: unknown) => log.error(`Requests to redrive are not read: ${explainError(error)}`));
      return Promise.resolve();
    },
    async stop() {
      stopping.abort(new Error('Tidewatch is stopping.'));
      await running;
    },
  };
}
