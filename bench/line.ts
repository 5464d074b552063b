/**
 * The whole line over a real Kafka broker, each stage a process: appended (or read from a file by the ingest stage), labelled
 * by classifiers whose backend has a fixed cost, stored, judged. Says every some seconds how much waits before each stage and
 * what memory each process has, so that growth would show, and at the end whether everything came through once. The writer
 * is held back by the stream's own limit (max_backlog_messages), as a source is.
 *
 * Usage: npx tsx bench/line.ts [--documents 1000000] [--from append|ingest] [--workers 2] [--cost-us 50] [--partitions 8]
 *        [--backlog 200000] [--sample-secs 20]
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { createLogger } from '../core/log.ts';
import { openStore, storeSettings } from '../core/store/registry.ts';
import { kafkaStreamSettings, openKafkaStream } from '../core/stream/kafka.ts';
import { TOPICS } from '../core/stream/stream.ts';
import { startMavenBroker } from '../test/kafka_maven.ts';
import { BAD_DAYS, documentOf, itemOf, settingsText, watchlist } from './line_load.ts';
import type { Job } from './stream_worker.ts';
import { freePort } from '../test/free_port.ts';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '1000000' },
    from: { type: 'string', default: 'append' },
    workers: { type: 'string', default: '2' },
    'cost-us': { type: 'string', default: '50' },
    partitions: { type: 'string', default: '8' },
    backlog: { type: 'string', default: '200000' },
    'sample-secs': { type: 'string', default: '20' },
  },
});
const count = Number(options.documents);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const log = createLogger({ level: 'warn', format: 'auto' });
const TICKS_PER_SECOND = 100;
const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits));

interface Use {
  readonly cpuSeconds: number;
  readonly megabytes: number;
}
/** CPU seconds and resident memory of a process and its threads, from /proc. */
async function useOf(pid: number | undefined): Promise<Use> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid ?? 0}/${name}`, 'utf8').catch(() => '');
  const fields = (await read('stat')).split(') ')[1]?.split(' ') ?? [];
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(await read('status'))?.[1] ?? '0';
  return {
    cpuSeconds: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND,
    megabytes: rounded(Number(kilobytes) / 1024),
  };
}

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-line-'));
const children: ChildProcess[] = [];
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

const broker = await startMavenBroker({ heapMb: 1024 });
if ('missing' in broker) throw new Error(broker.missing);
const storeChild = start([here('../test/integration/crash/store_process.ts'), join(folder, 'store')]);
const [said] = (await once(storeChild.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
const storeUrl = said.toString().trim();
const migrated = await openStore(storeSettings.parse({ type: 'clickhouse', url: storeUrl }), { folder: '', log });
await migrated.migrate();
async function ask<Row>(sql: string): Promise<Row> {
  const body = `${sql} FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0`;
  const answer = await fetch(`${storeUrl}/?database=tidewatch`, { method: 'POST', body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as Row;
}

const prefix = 'line.';
const partitions = Number(options.partitions);
const shared = { brokers: broker.brokers, topic_prefix: prefix, partitions };
const backlog = Number(options.backlog);
const limit = { max_backlog_messages: backlog };
const stream = await openKafkaStream(kafkaStreamSettings.parse({ ...shared, ...limit }), { clock: systemClock, log });
const GROUPS = [
  [TOPICS.documents, 'classifier'],
  [TOPICS.opinions, 'alerting'],
] as const;
for (const [topic, group] of GROUPS) await stream.createGroup(topic, group);

const items = join(folder, 'items.jsonl');
await writeFile(items, '');
await writeFile(join(folder, 'watchlist.yaml'), watchlist());
const parts = { stream: { ...shared, ...limit }, storeUrl, watchlist: join(folder, 'watchlist.yaml'), items };
const ports = new Map([
  ['alerting', await freePort()],
  ['ingest', await freePort()],
]);
const stage = async (role: string): Promise<ChildProcess> => {
  const config = join(folder, `${role}.yaml`);
  await writeFile(config, settingsText({ ...parts, monitorPort: ports.get(role) ?? 0 }));
  const child = start([here('../app/cli.ts'), 'up', '--role', role, '--config', config, '--data', join(folder, role)]);
  child.stdout?.resume();
  return child;
};
const alerting = await stage('alerting');
const job: Job = {
  brokers: broker.brokers,
  prefix,
  partitions,
  costUs: Number(options['cost-us']),
  store: storeUrl,
  batch: 512,
  reader: 'alerting',
};
const workers = Array.from({ length: Number(options.workers) }, () => {
  const child = start([here('./stream_worker.ts'), JSON.stringify(job)]);
  child.stdout?.resume();
  return child;
});
if (options.from === 'ingest') {
  const file = createWriteStream(items);
  for (let number = 0; number < count; number += 1) {
    if (!file.write(`${itemOf(number, count)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}
const ingest = options.from === 'ingest' ? await stage('ingest') : undefined;
const programs = new Map<string, number | undefined>([
  ['broker', broker.pid()],
  ['store', storeChild.pid],
  ...workers.map((child, index): [string, number | undefined] => [`classifier ${index + 1}`, child.pid]),
  ['alerting', alerting.pid],
  ['writer', ingest?.pid ?? process.pid],
]);

let isAppended = ingest !== undefined;
async function append(): Promise<void> {
  const step = Math.min(1000, Math.ceil(backlog / 4));
  for (let at = 0; at < count; at += step) {
    const length = Math.min(step, count - at);
    await stream.append(
      TOPICS.documents,
      Array.from({ length }, (_, index) => documentOf(at + index, count)),
    );
  }
  isAppended = true;
}
const began = performance.now();
const appending = ingest === undefined ? append() : Promise.resolve();
appending.catch((error: unknown) => {
  throw error;
});

interface Sample {
  readonly second: number;
  readonly stored: number;
  readonly waits: { readonly classifier: number; readonly alerting: number };
  readonly megabytes: Readonly<Record<string, number>>;
}
const samples: Sample[] = [];
const idle = new Map<string, number>();
for (const [name, pid] of programs) idle.set(name, (await useOf(pid)).cpuSeconds);
for (;;) {
  await wait(Number(options['sample-secs']) * 1000);
  const [classifierWaits = 0, alertingWaits = 0] = await Promise.all(
    GROUPS.map(async ([topic, group]) => (await stream.lag(topic, group)).messages),
  );
  const { stored } = await ask<{ stored: number }>('SELECT count() AS stored FROM opinions');
  const megabytes: Record<string, number> = {};
  for (const [name, pid] of programs) megabytes[name] = (await useOf(pid)).megabytes;
  const ended = children.find(({ exitCode }) => exitCode !== null);
  if (ended !== undefined) throw new Error(`a process ended: ${ended.spawnargs.join(' ')}`);
  const second = rounded((performance.now() - began) / 1000);
  samples.push({ second, stored, waits: { classifier: classifierWaits, alerting: alertingWaits }, megabytes });
  process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`);
  if (isAppended && stored >= count && classifierWaits + alertingWaits === 0) break;
}
await appending;
const seconds = (performance.now() - began) / 1000;
const cost: Record<string, number> = {};
for (const [name, pid] of programs) {
  cost[name] = rounded((((await useOf(pid)).cpuSeconds - (idle.get(name) ?? 0)) / count) * 1e6, 1);
}

const storeBytes = Number(
  execFileSync('du', ['-sb', join(folder, 'store')])
    .toString()
    .split('\t')[0],
);

let handedOn = 0;
const ids = new Set<string>();
for await (const part of stream.scan<{ document: { id: string } }>(TOPICS.opinions, new AbortController().signal)) {
  handedOn += part.length;
  for (const { value } of part) ids.add(value.document.id);
}
const kept = await ask('SELECT uniqExact(document_id) AS documents, count() AS opinions FROM opinions FINAL');
const alerts = await ask(
  `SELECT uniqExact(alert_id) AS fired, uniqExact(entity) AS entities FROM alerts WHERE state = 'firing'`,
);
/** What alerting left out, by reason. */
const metrics = await (await fetch(`http://127.0.0.1:${ports.get('alerting')}/metrics`)).text();
const leftOut = Object.fromEntries(
  [...metrics.matchAll(/^tidewatch_documents_skipped_total\{[^}]*reason="(\w+)"[^}]*\} (\d+)/gm)].map(
    ([, reason, documents]) => [reason, Number(documents)],
  ),
);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg().map((one) => rounded(one, 1)) };
const result = {
  broker: broker.kind,
  options,
  machine,
  seconds: rounded(seconds),
  per_second: rounded(count / seconds),
  kept,
  handed_on: { messages: handedOn, documents: ids.size },
  alerts: { planted: BAD_DAYS, ...(alerts as object), left_out: leftOut },
  cpu_seconds_per_million: cost,
  store_bytes_per_document: rounded(storeBytes / count),
  samples,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
for (const child of children) child.kill('SIGKILL');
await migrated.close();
await stream.close();
await broker.stop();
await rm(folder, { recursive: true, force: true });
process.exit();
