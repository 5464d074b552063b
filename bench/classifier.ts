/**
 * How fast the classifier labels, on real texts: one by one (what a reader of a single document waits for), in
 * deliveries (what the backend can do), and as the whole stage, from the embedded stream to the embedded store and back.
 * Prints JSON. Usage: npx tsx bench/classifier.ts [--sample FILE.jsonl[.gz]] [--count N] [--model FOLDER] [--threads N]
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { Backend } from '../classifier/backend.ts';
import { createClassifier } from '../classifier/classifier.ts';
import { createBackend } from '../classifier/registry.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { systemClock } from '../core/clock.ts';
import { isoTime, SCHEMA_VERSION, stableId, type Document } from '../core/event.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createMemoryState } from '../core/state/memory.ts';
import { openStore } from '../core/store/registry.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../core/stream/embedded.ts';
import { TOPICS } from '../core/stream/stream.ts';
import { detectLanguage, modelText } from '../core/text.ts';

const { values: options } = parseArgs({
  options: {
    sample: { type: 'string' },
    count: { type: 'string', default: '3000' },
    model: { type: 'string' },
    threads: { type: 'string' },
  },
});

const context = {
  clock: systemClock,
  log: createLogger({ level: 'warn', format: 'auto' }),
  metrics: createMetrics(),
  signal: new AbortController().signal,
  http: createHttpClient({ userAgent: 'tidewatch-bench' }),
  state: createMemoryState(),
};

function readTexts(path: string | URL): string[] {
  const bytes = readFileSync(path);
  const lines = (String(path).endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { title?: string | null; text: string })
    .map(({ title, text }) => modelText(title ?? null, text))
    .filter((text) => text !== '');
}

/** `count` distinct texts at even steps over the file, so that a file sorted by time or language is met whole. */
function pick(texts: readonly string[], count: number): string[] {
  const distinct = [...new Set(texts)];
  const step = Math.max(1, distinct.length / count);
  return Array.from(
    { length: Math.min(count, distinct.length) },
    (_, index) => distinct[Math.floor(index * step)] ?? '',
  );
}

function open(settings: object = {}): Promise<Backend> {
  const model = options.model === undefined ? {} : { model: options.model };
  const threads = options.threads === undefined ? {} : { threads: Number(options.threads) };
  const backend = { type: 'onnx', cache_entries: 0, ...model, ...threads, ...settings };
  return createBackend(classifierSettings.parse({ backend }), context);
}

const rate = (count: number, milliseconds: number): number => Number(((count / milliseconds) * 1000).toFixed(1));

function percentiles(durations: number[]): { p50_ms: number; p99_ms: number } {
  const sorted = durations.sort((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2));
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** Labels `texts` in calls of `size`; a call is what the percentiles are of. */
async function label(backend: Backend, texts: readonly string[], size: number): Promise<object> {
  const durations: number[] = [];
  const began = performance.now();
  for (let from = 0; from < texts.length; from += size) {
    const call = performance.now();
    await backend.classify(texts.slice(from, from + size));
    durations.push(performance.now() - call);
  }
  return { documents_per_second: rate(texts.length, performance.now() - began), ...percentiles(durations) };
}

function documentOf(text: string, index: number): Document {
  const at = isoTime(Date.UTC(2026, 0, 1) + index * 1000);
  return {
    schema_version: SCHEMA_VERSION,
    id: stableId('bench', String(index)),
    source: 'bench',
    feed: 'bench',
    source_class: 'news',
    author: null,
    url: null,
    title: null,
    text,
    language: detectLanguage(text),
    published_at: at,
    published_at_estimated: false,
    published_at_mark: 'stated',
    fetched_at: at,
    links: [],
    cashtags: [],
    entities: [],
    story: stableId('story', String(index)),
    novelty: 100,
    repost_of: null,
    coordinated: 0,
  };
}

/** The stage over a full stream; also how long its process could not answer anything else. */
async function runStage(backend: Backend, texts: readonly string[]): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-'));
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
    ...context,
    folder: join(folder, 'stream'),
  });
  const store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: context.log });
  await store.migrate();
  await stream.createGroup(TOPICS.documents, 'classifier');
  await stream.append(
    TOPICS.documents,
    texts.map((text, index) => ({ key: String(index), value: documentOf(text, index) })),
  );
  const stage = createClassifier(classifierSettings.parse({}), { ...context, stream, store, backend });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const began = performance.now();
  await stage.start();
  while ((await stream.lag(TOPICS.documents, 'classifier')).messages > 0) await systemClock.sleep(10);
  const milliseconds = performance.now() - began;
  delay.disable();
  await stage.stop();
  await stream.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
  return {
    documents_per_second: rate(texts.length, milliseconds),
    event_loop_delay_p50_ms: Number((delay.percentile(50) / 1e6).toFixed(1)),
    event_loop_delay_p99_ms: Number((delay.percentile(99) / 1e6).toFixed(1)),
  };
}

const example = readTexts(new URL('../examples/feed.jsonl', import.meta.url));
const texts = pick(options.sample === undefined ? example : readTexts(options.sample), Number(options.count));
const load = loadavg()[0]?.toFixed(2);

const opening = performance.now();
const backend = await open();
const openMs = Math.round(performance.now() - opening);
await label(backend, texts.slice(0, 64), 32);
const single = await label(backend, texts.slice(0, 500), 1);
const deliveries = await label(backend, texts, 256);
const stage = await runStage(backend, texts);
await backend.close();

const remembering = await open({ cache_entries: 100_000 });
await label(remembering, texts, 256);
const again = await label(remembering, texts, 256);
await remembering.close();
await context.http.close();

const characters = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
console.log(
  JSON.stringify(
    {
      model: backend.model,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.versions.node}`,
      load_average_before: Number(load),
      texts: texts.length,
      characters_per_text: Math.round(characters),
      open_ms: openMs,
      one_by_one: single,
      deliveries_of_256: deliveries,
      whole_stage: stage,
      seen_before: again,
      peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    },
    null,
    2,
  ),
);
