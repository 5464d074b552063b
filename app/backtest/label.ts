/**
 * A feed as opinions, labelled once: the ingest and classifier stages run over it under event time, and what the stream then holds,
 * in its order, is kept as JSON lines in the cache. The cache's name is a hash of everything that made them (the feed's
 * bytes, ingest settings, watchlists, the model), so that a second backtest with other alert settings reads them in
 * seconds, and none ever reads labels of another model. A run that was killed goes on where it was: the stages' own
 * cursors are durable, and what is written twice is known by its document's id.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  closeSync,
  fsyncSync,
  writeSync,
  truncateSync,
} from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createReplayClock } from '../../core/clock.ts';
import { opinionSchema, stableId, type Opinion } from '../../core/event.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { createApp } from '../app.ts';
import { openBackend } from '../backend.ts';
import type { Settings } from '../config.ts';

export interface LabelOptions {
  readonly feed: string;
  readonly sourceClass: 'news' | 'social';
  /** Folder of labelled feeds. */
  readonly cache: string;
  readonly progress: (line: string) => void;
}

const OPINIONS = 'opinions.jsonl';
const DONE = 'done.json';
const PROGRESS_MS = 2000;

/** @returns the file of opinions. @throws what createApp throws */
export async function labelFeed(settings: Settings, options: LabelOptions): Promise<string> {
  const folder = join(options.cache, await keyOf(settings, options));
  const file = join(folder, OPINIONS);
  if (existsSync(join(folder, DONE))) {
    options.progress(`labels of an earlier run: ${folder}`);
    return file;
  }
  await mkdir(folder, { recursive: true });
  const count = await run(settings, options, folder);
  const beside = join(folder, `${DONE}.new`);
  await writeFile(beside, `${JSON.stringify({ documents: count })}\n`);
  await rename(beside, join(folder, DONE));
  await rm(join(folder, 'work'), { recursive: true, force: true });
  return file;
}

async function run(settings: Settings, options: LabelOptions, folder: string): Promise<number> {
  const file = join(folder, OPINIONS);
  const known = takeUp(file);
  const labelling = structuredClone(settings);
  labelling.data_dir = join(folder, 'work');
  labelling.stream = { type: 'embedded' } as Settings['stream'];
  labelling.store = { type: 'chdb' } as Settings['store'];
  labelling.ingest.sources = [
    { type: 'file', name: 'backtest', path: options.feed, format: 'auto', source_class: options.sourceClass },
  ];
  const app = await createApp(labelling, { roles: ['ingest', 'classifier'], clock: createReplayClock(0) });
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
  try {
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
    await app.start();
    await app.ingest?.finished;
    for (const [topic, group] of [
      [TOPICS.documents, 'classifier'],
      [TOPICS.opinions, 'alerting'],
    ] as const) {
      while ((await app.stream.lag(topic, group)).messages > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    finished.abort();
    await reading;
    return known.size;
  } finally {
    clearInterval(timer);
    finished.abort();
    closeSync(output);
    await app.stop();
  }
}

/** Ids of what is already written; a last line that was cut off is taken away. */
function takeUp(file: string): Set<string> {
  if (!existsSync(file)) return new Set();
  const text = readFileSync(file);
  const end = text.lastIndexOf(10) + 1;
  if (end < text.length) truncateSync(file, end);
  const lines = text.subarray(0, end).toString('utf8').split('\n').filter(Boolean);
  return new Set(lines.map((line) => (JSON.parse(line) as Opinion).document.id));
}

/** The opinions of a file, one after the other. @throws zod's error where a line is none */
export async function* readOpinions(file: string): AsyncGenerator<Opinion> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== '') yield opinionSchema.parse(JSON.parse(line));
  }
}

async function keyOf(settings: Settings, { feed, sourceClass }: LabelOptions): Promise<string> {
  const { backend, close } = await openBackend({ settings: settings.classifier });
  const { model } = backend;
  await close();
  const digest = async (path: string): Promise<string> => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  };
  // What decides which documents there are and what they hold; how sources are watched changes nothing of it.
  const { watchlists, dedupe_hours, max_text_chars, authors } = settings.ingest;
  const made = JSON.stringify([sourceClass, dedupe_hours, max_text_chars, authors]);
  const lists = await Promise.all(watchlists.map(digest));
  return stableId('labelled feed 1', await digest(feed), made, lists.join(), model);
}
