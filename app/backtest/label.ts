/**
 * A feed as opinions, labelled once: the ingest and classifier stages run over it under event time, and what the stream then holds,
 * in its order, is kept as JSON lines in the cache, under a hash of everything that made them (label_key.ts), so that a second
 * backtest with other alert settings reads them in seconds. A run that was killed goes on where it was: the stages' own
 * cursors are durable, and what is written twice is known by its document's id. One process labels a feed, by a lock in its
 * folder; others that want the same labels wait for it, as the runs of a sweep over a setting of ingest do.
 */
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinesLeftOut } from '../../backtest/feed_notes.ts';
import { createReplayClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Opinion } from '../../core/event.ts';
import { lockFolder } from '../../core/lock.ts';
import type { Removal } from '../../core/removal.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { createApp } from '../app.ts';
import { openBackend } from '../backend.ts';
import type { Settings } from '../config.ts';
import { libraryOf, withPromoted } from '../models.ts';
import { feedRead } from '../recorded_feed.ts';
import { REMOVAL_GROUP } from '../removing.ts';
import { linesLeftOut } from '../stage_counts.ts';
import { takeUp } from './label_file.ts';
import { labelKey } from './label_key.ts';

export interface LabelOptions {
  readonly feed: string;
  readonly sourceClass: 'news' | 'social';
  /** Zone of times that name none; null: UTC. */
  readonly timeZone: string | null;
  /** Folder of labelled feeds. */
  readonly cache: string;
  readonly progress: (line: string) => void;
}

/** A feed as the stages left it. */
export interface LabelledFeed {
  readonly opinions: string;
  /** What was taken back, each at its time; the file may be absent. */
  readonly removals: string;
  readonly documents: number;
  /** Null where it is not known: of labels that an earlier version made, or that were made in several goes. */
  readonly lines: LinesLeftOut | null;
}

/** What stands in done.json. */
interface Done extends Partial<LinesLeftOut> {
  readonly documents: number;
}

const OPINIONS = 'opinions.jsonl';
const REMOVALS = 'removals.jsonl';
const DONE = 'done.json';
const WORK = 'work';
const PROGRESS_MS = 2000;
const WAIT_MS = 500;

/** @throws TidewatchError input.invalid where the feed breaks off; what createApp throws */
export async function labelFeed(given: Settings, options: LabelOptions): Promise<LabelledFeed> {
  // What was promoted lies in the data folder of the settings, not in that of this run.
  const settings = { ...given, classifier: await withPromoted(given.classifier, libraryOf(given)) };
  const { backend, close } = await openBackend({ settings: settings.classifier });
  const { model } = backend;
  await close();
  const folder = join(options.cache, await labelKey(settings, { ...options, model }));
  const files = { opinions: join(folder, OPINIONS), removals: join(folder, REMOVALS) };
  await mkdir(folder, { recursive: true });
  for (let waits = false; ; waits = true) {
    if (existsSync(join(folder, DONE))) {
      options.progress(`labels of an earlier run: ${folder}`);
      return { ...files, ...(await readDone(folder)) };
    }
    const unlock = await lockOrNull(folder);
    if (unlock !== null) {
      try {
        if (!existsSync(join(folder, DONE))) await makeLabels(settings, options, folder);
        return { ...files, ...(await readDone(folder)) };
      } finally {
        await unlock();
      }
    }
    if (!waits) options.progress(`another process labels this feed: waiting for ${folder}`);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function readDone(folder: string): Promise<Pick<LabelledFeed, 'documents' | 'lines'>> {
  const { documents, refused, duplicates } = JSON.parse(await readFile(join(folder, DONE), 'utf8')) as Done;
  return { documents, lines: refused === undefined || duplicates === undefined ? null : { refused, duplicates } };
}

/** Gives the folder back; null while another process labels there. */
async function lockOrNull(folder: string): Promise<(() => Promise<void>) | null> {
  try {
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof TidewatchError && error.code === 'storage.locked') return null;
    throw error;
  }
}

async function makeLabels(settings: Settings, options: LabelOptions, folder: string): Promise<void> {
  const done = await run(settings, options, folder);
  const beside = join(folder, `${DONE}.new`);
  await writeFile(beside, `${JSON.stringify(done)}\n`);
  await rename(beside, join(folder, DONE));
  await rm(join(folder, WORK), { recursive: true, force: true });
}

async function run(settings: Settings, options: LabelOptions, folder: string): Promise<Done> {
  // A run that was killed has taken its counts with it.
  const isGoneOnWith = existsSync(join(folder, WORK));
  const file = join(folder, OPINIONS);
  const known = await takeUp(file);
  const labelling = structuredClone(settings);
  delete labelling.classifier.models_dir;
  // Its port is that of the process that runs by the same settings, or of the run beside this one.
  delete labelling.monitor;
  labelling.data_dir = join(folder, WORK);
  labelling.stream = { type: 'embedded' } as Settings['stream'];
  labelling.store = { type: 'chdb' } as Settings['store'];
  labelling.ingest.sources = [
    {
      type: 'file',
      name: 'backtest',
      path: options.feed,
      format: 'auto',
      source_class: options.sourceClass,
      ...(options.timeZone === null ? {} : { time_zone: options.timeZone }),
    },
  ];
  const app = await createApp(labelling, {
    roles: ['ingest', 'classifier'],
    clock: createReplayClock(0),
    removing: false,
  });
  const started = performance.now();
  const before = known.size;
  const output = openSync(file, 'a');
  const finished = new AbortController();
  const timer = setInterval(() => {
    const rate = (known.size - before) / ((performance.now() - started) / 1000);
    void app.stream
      .lag(TOPICS.documents, 'classifier')
      .then(({ messages }) =>
        options.progress(`${known.size} labelled, ${rate.toFixed(0)}/s, ${messages} read and waiting`),
      );
  }, PROGRESS_MS);
  // The stage that would read them is not there: its place in the stream is ours.
  const reading = (async () => {
    const subscribe = { maxMessages: 1000, maxWaitMs: 50, signal: finished.signal };
    for await (const delivery of app.stream.subscribe<Opinion>(TOPICS.opinions, 'alerting', subscribe)) {
      const fresh = delivery.messages.filter(({ value }) => !known.has(value.document.id));
      for (const { value } of fresh) known.add(value.document.id);
      if (fresh.length > 0) writeSync(output, fresh.map(({ value }) => `${JSON.stringify(value)}\n`).join(''));
      fsyncSync(output);
      await delivery.acknowledge();
    }
  })();
  const removing = keepRemovals(app.stream, join(folder, REMOVALS), finished.signal);
  try {
    await app.start();
    await feedRead(app);
    for (const [topic, group] of [
      [TOPICS.documents, 'classifier'],
      [TOPICS.opinions, 'alerting'],
      [TOPICS.removals, REMOVAL_GROUP],
    ] as const) {
      while ((await app.stream.lag(topic, group)).messages > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    finished.abort();
    await Promise.all([reading, removing]);
    return { documents: known.size, ...(isGoneOnWith ? {} : await linesLeftOut(app.metrics)) };
  } finally {
    clearInterval(timer);
    finished.abort();
    // A feed that broke off leaves them in the middle of a delivery.
    await Promise.allSettled([reading, removing]);
    closeSync(output);
    await app.stop();
  }
}

/** Written again after a crash, which changes nothing: a removal may be carried out any number of times. */
async function keepRemovals(stream: Stream, file: string, signal: AbortSignal): Promise<void> {
  const subscribe = { maxMessages: 1000, maxWaitMs: 50, signal };
  for await (const delivery of stream.subscribe<Removal>(TOPICS.removals, REMOVAL_GROUP, subscribe)) {
    // The line end comes first: it closes a line that a crash cut off.
    await appendFile(file, delivery.messages.map(({ value }) => `\n${JSON.stringify(value)}`).join(''), {
      flush: true,
    });
    await delivery.acknowledge();
  }
}
