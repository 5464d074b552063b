/**
 * A backtest whose labels are known, at a million documents: opinions of a made year are written as `tidewatch backtest`
 * keeps them, then read and judged by the same code. Prints time and memory at every tenth of the way, so that growth
 * shows. Labelling itself is the classifier's speed (docs/benchmarks.md). Usage: npx tsx bench/backtest.ts [--documents N]
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readOpinions } from '../app/backtest/label_file.ts';
import { watchFeed } from '../app/backtest/watch_feed.ts';
import { alertingSettings } from '../alerting/settings.ts';
import { systemClock } from '../core/clock.ts';
import type { Opinion } from '../core/event.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createMemoryState } from '../core/state/memory.ts';
import { opinionOf, randomFrom } from '../test/alerting/opinions.ts';

const { values: options } = parseArgs({ options: { documents: { type: 'string', default: '1000000' } } });
const DOCUMENTS = Number(options.documents);
const ENTITIES = 500;
const YEAR_MS = 365 * 86_400_000;
const START = Date.UTC(2025, 0, 1);

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-'));
const file = join(folder, 'opinions.jsonl');
const output = createWriteStream(file);
const random = randomFrom(7);
for (let index = 0; index < DOCUMENTS; index += 1) {
  // Few entities are much spoken of, most hardly at all.
  const entity = `entity-${Math.floor(ENTITIES * random() ** 3)}`;
  const opinion = opinionOf({
    id: `document-${index}`,
    time: START + Math.floor((index / DOCUMENTS) * YEAR_MS),
    feed: `feed-${index % 8}`,
    entities: [entity],
    author: `author-${Math.floor(random() * 50_000)}`,
    negative: random() < 0.2 ? 0.9 : 0.1,
  });
  if (!output.write(`${JSON.stringify(opinion)}\n`)) await once(output, 'drain');
}
output.end();
await once(output, 'close');

const began = performance.now();
const growth: { documents: number; seconds: number; memory_mb: number }[] = [];
async function* counted(opinions: AsyncIterable<Opinion>): AsyncGenerator<Opinion> {
  let documents = 0;
  for await (const opinion of opinions) {
    yield opinion;
    documents += 1;
    if (documents % (DOCUMENTS / 10) !== 0) continue;
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    growth.push({ documents, seconds, memory_mb: Math.round(process.memoryUsage().rss / 2 ** 20) });
  }
}
const both = (id: string) => ({ en: id, zh: id });
const cpuBefore = process.cpuUsage();
const { run } = await watchFeed(counted(readOpinions(file)), alertingSettings.parse({}), {
  feed: 'made',
  names: {
    count: ENTITIES,
    entity: both,
    series: ({ kind, entity, topic }) => both(entity ?? topic ?? kind),
    entitiesIn: () => [],
    parents: new Map(),
  },
  from: -Infinity,
  to: Infinity,
  wanted: [],
  removals: [],
  examined: [],
  context: {
    clock: systemClock,
    log: createLogger({ level: 'warn', format: 'auto' }),
    metrics: createMetrics(),
    signal: new AbortController().signal,
    http: createHttpClient({ userAgent: 'tidewatch-bench' }),
    state: createMemoryState(),
  },
});
const { user, system } = process.cpuUsage(cpuBefore);
const { size } = await stat(file);
await rm(folder, { recursive: true, force: true });
console.log(
  JSON.stringify(
    {
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`,
      documents: run.documents,
      file_mb: Math.round(size / 2 ** 20),
      alerts: run.alerts.length,
      seconds: Math.round((performance.now() - began) / 1000),
      cpu_seconds: Math.round((user + system) / 1e6),
      peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1024),
      growth,
    },
    null,
    2,
  ),
);
