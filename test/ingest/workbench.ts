/** A temporary folder with a real state and stream, and ingest stages over it that can be stopped and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Context } from '../../core/component.ts';
import type { Document } from '../../core/event.ts';
import { createHttpClient } from '../../core/http.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openState } from '../../core/state/lmdb.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS, deadLetterTopic, type DeadLetter, type Stream } from '../../core/stream/stream.ts';
import { createIngest, type Ingest } from '../../ingest/ingest.ts';
import { ingestSettings } from '../../ingest/settings.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

export const WARN = 40;

/** The machine's clock with sleeps cut short, so that polling and back-off do not slow a test down. */
export const hastyClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 15), signal),
};

export interface Workbench {
  readonly folder: string;
  readonly stream: Stream;
  readonly lines: LogLine[];
  context(name: string, signal: AbortSignal): Context;
  /** Creates and starts a stage; `settings` as the ingest section would have them. */
  start(settings: object, over?: { clock?: Clock; stream?: Stream }): Promise<Ingest>;
  /** All documents in the stream, in order, once there are `count` and no more come. */
  documents(count: number): Promise<Document[]>;
  deadLetters(count: number): Promise<DeadLetter[]>;
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

export async function openWorkbench(clock: Clock = hastyClock): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-ingest-'));
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) });
  const metrics = createMetrics();
  const state = await openState(join(folder, 'state'));
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
    folder: join(folder, 'stream'),
    clock,
    log,
  });
  const http = createHttpClient({ userAgent: 'Tidewatch test', allowPrivateHosts: ['127.0.0.1'] });
  const stages: Ingest[] = [];
  const stop = new AbortController();
  await stream.createGroup(TOPICS.documents, 'reader');
  await stream.createGroup(deadLetterTopic(TOPICS.documents), 'reader');
  const taken = new Map<string, unknown[]>();

  async function read(topic: string, count: number): Promise<unknown[]> {
    const all = taken.get(topic) ?? [];
    taken.set(topic, all);
    const end = new AbortController();
    const tooLate = setTimeout(() => end.abort(), 20_000);
    const settle = (): NodeJS.Timeout => setTimeout(() => end.abort(), 150);
    let settled = all.length >= count ? settle() : undefined;
    for await (const delivery of stream.subscribe(topic, 'reader', {
      maxMessages: 1000,
      maxWaitMs: 5,
      signal: end.signal,
    })) {
      all.push(...delivery.messages.map(({ value }) => value));
      await delivery.acknowledge();
      clearTimeout(settled);
      if (all.length >= count) settled = settle();
    }
    clearTimeout(tooLate);
    return [...all];
  }

  return {
    folder,
    stream,
    lines,
    context: (name, signal) => ({ name, clock, log, metrics, signal, http, state }),
    async start(settings, over = {}) {
      const parts = { stream, state, clock, log, metrics, http, signal: stop.signal, ...over };
      const stage = await createIngest(ingestSettings.parse(settings), parts);
      stages.push(stage);
      await stage.start();
      return stage;
    },
    documents: async (count) => (await read(TOPICS.documents, count)) as Document[],
    deadLetters: async (count) => (await read(deadLetterTopic(TOPICS.documents), count)) as DeadLetter[],
    async metric(name, labels = {}) {
      const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
      const asked = Object.entries({ stage: 'ingest', ...labels });
      return values
        .filter((value) => asked.every(([label, wanted]) => value.labels[label] === wanted))
        .reduce((sum, { value }) => sum + value, 0);
    },
    async close() {
      stop.abort(new Error('the test is over'));
      for (const stage of stages) await stage.stop();
      await http.close();
      await stream.close();
      await state.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until `holds`, looking again and again; fails after 45 seconds, which only a busy machine takes. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 45_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('It did not come about in 45 seconds.');
    await systemClock.sleep(10);
  }
}
