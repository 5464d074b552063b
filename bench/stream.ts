/**
 * The distributed pipeline over a real Kafka broker: appended, labelled by 1, 2, 4 classifier processes with a backend of
 * fixed cost, stored, handed on. For each number of workers: how fast a backlog is worked off, then the lag and the time
 * from append to label at a steady rate below that. Prints JSON. Costs are CPU seconds a million documents, by process:
 * they, not the wall clock of a shared machine, are what docs/scale.md reckons with.
 *
 * Usage: npx tsx bench/stream.ts [--documents 100000] [--workers 1,2,4] [--cost-us 500] [--store none|chdb]
 *        [--partitions 8] [--batch 512] [--steady-secs 20]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock.ts';
import type { Document, Opinion } from '../core/event.ts';
import { isoTime, SCHEMA_VERSION, stableId } from '../core/event.ts';
import { createLogger } from '../core/log.ts';
import { openStore, storeSettings } from '../core/store/registry.ts';
import { kafkaStreamSettings, openKafkaStream } from '../core/stream/kafka.ts';
import { TOPICS, type Message, type Stream } from '../core/stream/stream.ts';
import { startMavenBroker } from '../test/kafka_maven.ts';
import type { Job, Said } from './stream_worker.ts';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '1,2,4' },
    'cost-us': { type: 'string', default: '500' },
    store: { type: 'string', default: 'none' },
    partitions: { type: 'string', default: '8' },
    batch: { type: 'string', default: '512' },
    'steady-secs': { type: 'string', default: '20' },
  },
});
const count = Number(options.documents);
const partitions = Number(options.partitions);
const batch = Number(options.batch);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const log = createLogger({ level: 'warn', format: 'auto' });
const TICKS_PER_SECOND = 100;

/** CPU seconds of a process and its threads, from /proc. */
async function cpuOf(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

const bytesIn = (folder: string): number => Number(execFileSync('du', ['-sb', folder]).toString().split('\t')[0]);

interface FeedLine {
  readonly title?: string;
  readonly text: string;
  readonly source: string;
}
const feed = readFileSync(here('../examples/feed.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as FeedLine);

/** The example feed over and over, each document with numbers of its own. 500 entities. */
function documentOf(run: string, number: number): Message<Document> {
  const line = feed[number % feed.length] ?? { text: '', source: '' };
  const now = isoTime(Date.now());
  const entity = `entity_${(number * 7919) % 500}`;
  const id = stableId(run, String(number));
  const value: Document = {
    schema_version: SCHEMA_VERSION,
    id,
    source: line.source,
    feed: 'bench',
    source_class: 'news',
    author: `author ${number % 5000}`,
    url: `https://news.example/${run}/${number}`,
    title: line.title ?? null,
    text: `${line.text} (${id.slice(0, 12)})`,
    language: 'en',
    published_at: now,
    published_at_estimated: false,
    published_at_mark: 'stated',
    fetched_at: now,
    links: [],
    cashtags: [],
    entities: [{ id: entity, surface: entity, relevance: 100 }],
    story: id,
    novelty: 100,
    repost_of: null,
    coordinated: 0,
  };
  return { key: entity, value };
}

async function appendAll(stream: Stream, run: string, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 2000) {
    const messages = Array.from({ length: Math.min(2000, to - at) }, (_, index) => documentOf(run, at + index));
    await stream.append(TOPICS.documents, messages);
  }
}

function startWorker(job: Job): { readonly child: ChildProcess; last(): Said } {
  const child = spawn(process.execPath, ['--import', 'tsx', here('./stream_worker.ts'), JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said: Said = { labelled: 0, cpuSeconds: 0 };
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    // The stage's own log lines go on to the reader.
    for (const line of lines) {
      if (line.startsWith('{"labelled"')) said = JSON.parse(line) as Said;
      else process.stderr.write(`${line}\n`);
    }
  });
  return { child, last: () => said };
}

const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits));
const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

const broker = await startMavenBroker({ heapMb: 1024 });
if ('missing' in broker) throw new Error(broker.missing);
const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-stream-'));
const results: object[] = [];
for (const workers of options.workers.split(',').map(Number)) {
  const run = `bench${workers}.`;
  let storeChild: ChildProcess | undefined;
  let storeUrl: string | null = null;
  const storeFolder = join(folder, run);
  if (options.store === 'chdb') {
    const program = ['--import', 'tsx', here('../test/integration/crash/store_process.ts'), storeFolder];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    storeChild = child;
    storeUrl = await new Promise<string>((resolve) =>
      child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim())),
    );
    const store = await openStore(storeSettings.parse({ type: 'clickhouse', url: storeUrl }), { folder: '', log });
    await store.migrate();
    await store.close();
  }
  const settings = kafkaStreamSettings.parse({
    brokers: broker.brokers,
    topic_prefix: run,
    partitions,
    max_backlog_messages: 100_000_000,
  });
  const stream = await openKafkaStream(settings, { clock: systemClock, log });
  await stream.createGroup(TOPICS.documents, 'classifier');
  await stream.createGroup(TOPICS.opinions, 'bench');
  const own = process.cpuUsage();
  const appending = performance.now();
  const brokerBefore = await cpuOf(broker.pid());
  await appendAll(stream, run, 0, count);
  const appendSeconds = (performance.now() - appending) / 1000;
  const used = process.cpuUsage(own);
  const brokerAppended = await cpuOf(broker.pid());

  const job: Job = {
    brokers: broker.brokers,
    prefix: run,
    partitions,
    costUs: Number(options['cost-us']),
    store: storeUrl,
    batch,
    reader: null,
  };
  const pool = Array.from({ length: workers }, () => startWorker(job));
  const labelled = (): number => pool.reduce((sum, one) => sum + one.last().labelled, 0);
  const cpu = (): number => pool.reduce((sum, one) => sum + one.last().cpuSeconds, 0);
  while (labelled() === 0) await wait(100);
  await wait(4000);
  // Every worker has joined: what is counted begins here.
  const [began, first, cpuFirst] = [performance.now(), labelled(), cpu()];
  const storeBefore = await cpuOf(storeChild?.pid);
  const brokerFirst = await cpuOf(broker.pid());
  const steps: { readonly second: number; readonly labelled: number; readonly waits: number }[] = [];
  let lag = await stream.lag(TOPICS.documents, 'classifier');
  while (lag.messages > 0) {
    await wait(1000);
    lag = await stream.lag(TOPICS.documents, 'classifier');
    steps.push({ second: rounded((performance.now() - began) / 1000), labelled: labelled(), waits: lag.messages });
  }
  const drainSeconds = (performance.now() - began) / 1000;
  await wait(1100);
  const drained = Math.max(1, count - first);
  const rate = drained / drainSeconds;
  const perMillion = (seconds: number): number => rounded((seconds / drained) * 1e6, 1);
  const costs = {
    worker: perMillion(cpu() - cpuFirst),
    broker: perMillion((await cpuOf(broker.pid())) - brokerFirst),
    store: perMillion((await cpuOf(storeChild?.pid)) - storeBefore),
  };

  // Steady: 60 % of that, in one append every 100 ms; documents carry the time at which they were appended.
  const steadyFrom = Date.now();
  const lags: number[] = [];
  const seconds = Number(options['steady-secs']);
  const step = Math.max(1, Math.round((rate * 0.6) / 10));
  let next = count;
  for (let tick = 0; tick < seconds * 10; tick += 1) {
    const due = steadyFrom + (tick + 1) * 100;
    await appendAll(stream, run, next, next + step);
    next += step;
    if (tick % 10 === 9) lags.push((await stream.lag(TOPICS.documents, 'classifier')).messages);
    await wait(Math.max(0, due - Date.now()));
  }
  while ((await stream.lag(TOPICS.documents, 'classifier')).messages > 0) await wait(200);
  const took: number[] = [];
  let handedOn = 0;
  for await (const part of stream.scan<Opinion>(TOPICS.opinions, new AbortController().signal)) {
    handedOn += part.length;
    for (const { value, appended_at: at } of part) {
      const fetched = Date.parse(value.document.fetched_at);
      if (fetched >= steadyFrom) took.push(at - fetched);
    }
  }
  for (const { child } of pool) child.kill('SIGKILL');
  await stream.close();
  storeChild?.kill('SIGKILL');
  results.push({
    workers,
    documents: next,
    handed_on: handedOn,
    append_per_second: rounded(count / appendSeconds),
    labelled_per_second: rounded(rate),
    cpu_seconds_per_million: {
      append: rounded(((used.user + used.system) / 1e6 / count) * 1e6, 1),
      broker_while_appending: rounded(((brokerAppended - brokerBefore) / count) * 1e6, 1),
      ...costs,
    },
    bytes_per_document: options.store === 'chdb' ? { store: rounded(bytesIn(storeFolder) / next) } : {},
    steady: {
      per_second: step * 10,
      waiting: { p50: percentile(lags, 0.5), max: Math.max(...lags) },
      append_to_opinion_ms: { p50: percentile(took, 0.5), p95: percentile(took, 0.95) },
    },
    tenths: steps.filter((_, index) => index % Math.max(1, Math.ceil(steps.length / 10)) === 0),
  });
  process.stderr.write(`${JSON.stringify(results.at(-1))}\n`);
}
await broker.stop();
await rm(folder, { recursive: true, force: true });
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg().map((one) => rounded(one, 1)) };
process.stdout.write(`${JSON.stringify({ broker: broker.kind, options, machine, results }, null, 2)}\n`);
process.exit();
