/**
 * Ingest end to end: feeds fetched over HTTP from simulated hosts, parsed, normalised, checked against what was seen,
 * given entities and stories, appended to the durable log. Prints JSON, with the rate and the memory at every tenth of
 * the way, so that growth shows. `per_cpu_second` is what one core does: documents by this process's own CPU time, all
 * its threads counted. Usage: npx tsx bench/ingest.ts [--feeds 1000] [--items 100] [--hosts 250] [--watchlist FILE]
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { openState } from '../core/state/lmdb.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../core/stream/embedded.ts';
import { createIngest } from '../ingest/ingest.ts';
import { ingestSettings } from '../ingest/settings.ts';
import { loadWatchlists } from '../ingest/watchlist.ts';

const { values: options } = parseArgs({
  options: {
    feeds: { type: 'string', default: '1000' },
    items: { type: 'string', default: '100' },
    hosts: { type: 'string', default: '250' },
    watchlist: { type: 'string', default: 'ingest/watchlist/starter.yaml' },
    /** Gives up after this long; what was reached is printed. */
    seconds: { type: 'string', default: '3600' },
  },
});
const FEEDS = Number(options.feeds);
const ITEMS = Number(options.items);
const TOTAL = FEEDS * ITEMS;
const hosts = Array.from(
  { length: Number(options.hosts) },
  (_, index) => `127.0.${Math.floor(index / 250)}.${1 + (index % 250)}`,
);

const watched = await loadWatchlists([options.watchlist]);
const names = watched.map(({ name, name_zh }, index) => (index % 3 === 0 ? (name_zh ?? name) : name));
const server = fork(
  new URL('ingest_server.ts', import.meta.url),
  [String(ITEMS), String(Math.ceil(TOTAL / 10)), ...names],
  {
    execArgv: ['--import', 'tsx'],
  },
);
const port = await new Promise<number>((resolve) => {
  server.once('message', (message) => resolve(Number(message)));
});

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-'));
const log = createLogger({ level: 'error', format: 'auto' });
const metrics = createMetrics();
const state = await openState(join(folder, 'state'));
const stream = await openEmbeddedStream(embeddedStreamSettings.parse({ max_bytes: 50_000_000_000 }), {
  folder: join(folder, 'stream'),
  clock: systemClock,
  log,
});
const http = createHttpClient({ userAgent: 'tidewatch-bench', allowPrivateHosts: hosts });
const settings = ingestSettings.parse({
  watchlists: [options.watchlist],
  sources: Array.from({ length: FEEDS }, (_, feed) => ({
    type: 'rss',
    name: `feed-${feed}`,
    url: `http://${hosts[feed % hosts.length]}:${port}/feed/${feed}`,
    every_secs: 86_400,
    max_every_secs: 86_400,
    timeout_ms: 120_000,
    host_connections: 1,
    host_requests_per_sec: 1000,
  })),
});
const stop = new AbortController();
const load = loadavg()[0]?.toFixed(1);
const opening = performance.now();
const ingest = await createIngest(settings, {
  stream,
  state,
  clock: systemClock,
  log,
  metrics,
  http,
  signal: stop.signal,
});
const openedMs = performance.now() - opening;

async function count(name: string): Promise<number> {
  const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  return values.reduce((sum, { value }) => sum + value, 0);
}
const cpuSeconds = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
/**
 * What this process has written to files (and, little, to sockets), where the system says (Linux). Not its `write_bytes`: that counts
 * for a page of 4 KB as much as lies around it in the system's cache, up to some hundred times.
 */
const writtenKb = (): number => {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
};
const whole = (value: number): number => Math.round(value);

const began = performance.now();
const cpuBefore = cpuSeconds();
const deadline = began + Number(options.seconds) * 1000;
const growth: object[] = [];
let last = { documents: 0, at: began, cpu: cpuBefore, written: writtenKb() };
const writtenBefore = last.written;
await ingest.start();
for (let documents = 0; documents < TOTAL && performance.now() < deadline;) {
  await systemClock.sleep(200);
  documents = await count('tidewatch_documents_in_total');
  if (documents - last.documents < TOTAL / 10 && documents < TOTAL) continue;
  const now = { documents, at: performance.now(), cpu: cpuSeconds(), written: writtenKb() };
  const taken = now.documents - last.documents;
  growth.push({
    documents,
    per_second: whole((taken / (now.at - last.at)) * 1000),
    per_cpu_second: whole(taken / (now.cpu - last.cpu)),
    memory_mb: whole(process.memoryUsage().rss / 2 ** 20),
    written_kb_per_document: whole((now.written - last.written) / taken),
  });
  last = now;
}
const seconds = (performance.now() - began) / 1000;
const cpu = cpuSeconds() - cpuBefore;
const written = writtenKb() - writtenBefore;
const documents = await count('tidewatch_documents_in_total');
const health = ingest.health().filter(({ status }) => status === 'failing');
// With `node --expose-gc --import tsx`: what is held, and not what the collector has not come to.
globalThis.gc?.();
const { heapUsed, external } = process.memoryUsage();
stop.abort(new Error('measured'));
await ingest.stop();
await http.close();
await stream.close();
await state.close();
server.disconnect();
const folderBytes = async (path: string): Promise<number> => {
  const sizes = await Promise.all((await readdir(path)).map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};
const disk = {
  stream_mb: whole((await folderBytes(join(folder, 'stream'))) / 2 ** 20),
  state_mb: whole((await folderBytes(join(folder, 'state'))) / 2 ** 20),
};
await rm(folder, { recursive: true, force: true });

console.log(
  JSON.stringify(
    {
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`,
      load_average_before: Number(load),
      feeds: FEEDS,
      hosts: hosts.length,
      entities: watched.length,
      documents,
      appended: await count('tidewatch_documents_out_total'),
      left_out_as_duplicates: await count('tidewatch_documents_skipped_total'),
      errors: await count('tidewatch_errors_total'),
      failing_feeds: health.length,
      reasons: [...new Set(health.map(({ reason }) => reason ?? ''))].slice(0, 5),
      open_ms: whole(openedMs),
      seconds: Number(seconds.toFixed(1)),
      cpu_seconds: Number(cpu.toFixed(1)),
      per_second: whole(documents / seconds),
      per_cpu_second: whole(documents / cpu),
      written_kb_per_document: whole(written / documents),
      ...(globalThis.gc === undefined
        ? {}
        : { held_mb: whole(heapUsed / 2 ** 20), buffers_mb: whole(external / 2 ** 20) }),
      peak_memory_mb: whole(process.resourceUsage().maxRSS / 1024),
      ...disk,
      growth,
    },
    null,
    2,
  ),
);
