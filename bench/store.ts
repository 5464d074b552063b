/**
 * What the store's layout costs and gains on a made-up history of opinions: bytes a column with and without our codecs, and
 * the questions of the page and of Grafana asked of the opinions and of the counts. Time is the processor time of this
 * process (the engine's threads are in it), which other work on the machine does not stretch as it does the clock's.
 * Usage: npx tsx bench/store.ts [--opinions 1000000] [--rounds 7]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogger } from '../core/log.ts';
import { countChanged } from '../core/store/counting.ts';
import { openStore } from '../core/store/registry.ts';

const { values: options } = parseArgs({
  options: { opinions: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '7' } },
});
const COUNT = Number(options.opinions);
const ROUNDS = Number(options.rounds);
const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-store-'));
const store = await openStore({ type: 'chdb' }, { folder, log: createLogger({ level: 'silent', format: 'json' }) });

/** Thirty days, 40 sources, 20 topics, 300 entities, two languages; loud and quiet ones as by a power law. */
const MADE = `SELECT lower(hex(sipHash128(number))) AS document_id,
  toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(toInt64(number * ${Math.round(2_592_000_000 / COUNT)} + rand(1) % 3000)) AS published_at,
  published_at + toIntervalMillisecond(8000 + rand(2) % 5000) AS labelled_at,
  published_at + toIntervalMillisecond(5000 + rand(3) % 3000) AS fetched_at,
  concat('source-', toString(toUInt32(40 * pow(rand(4) / 4294967296, 2)))) AS source, source AS feed,
  concat('Headline ', toString(rand(5) % 100000), ' of ', toString(number)) AS title,
  concat(randomPrintableASCII(50), repeat(' some common words of a text', 12)) AS text,
  if(rand(6) % 4 = 0, 'zh', 'en') AS language, document_id AS story,
  arrayMap(i -> concat('entity-', toString(toUInt32(300 * pow(rand(7) / 4294967296 * i / 3, 3)))), range(1, 1 + rand(8) % 4)) AS entities,
  ['negative', 'neutral', 'positive'][1 + rand(9) % 3] AS sentiment, rand(10) / 4294967296 AS negative,
  (1 - negative) * rand(11) / 4294967296 AS neutral, 1 - negative - neutral AS positive,
  concat('topic-', toString(toUInt32(20 * pow(rand(12) / 4294967296, 1.5)))) AS topic, 'model@1' AS model
  FROM numbers(${COUNT})`;
const COLUMNS =
  'document_id, published_at, labelled_at, fetched_at, source, feed, title, text, language, story, entities, sentiment, negative, neutral, positive, topic, model';

/** Median processor milliseconds, shortest milliseconds by the clock, and rows of the answer. */
async function asked(sql: string): Promise<[cpu: number, clock: number, rows: number]> {
  const cpu: number[] = [];
  const clock: number[] = [];
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const [began, before] = [performance.now(), process.cpuUsage()];
    rows = (await store.query(sql)).length;
    const { user, system } = process.cpuUsage(before);
    clock.push(performance.now() - began);
    cpu.push((user + system) / 1000);
  }
  return [cpu.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0, Math.min(...clock), rows];
}

async function bytes(table: string): Promise<Map<string, number>> {
  const rows = await store.query<{ name: string; size: number }>(
    `SELECT column AS name, sum(column_data_compressed_bytes) AS size FROM system.parts_columns
     WHERE table = '${table}' AND active GROUP BY name ORDER BY name`,
  );
  return new Map(rows.map(({ name, size }) => [name, size]));
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  console.log(
    `${what}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor`,
  );
}

const DAYS_14 = "published_at >= '2026-01-10' AND published_at < '2026-01-24'";
const AT_14 = "at >= '2026-01-10' AND at < '2026-01-24'";
const MONTH = "published_at >= '2026-01-01' AND published_at < '2026-01-31'";
const AT_MONTH = "at >= '2026-01-01' AND at < '2026-01-31'";
const COUNTS = "countIf(sentiment = 'negative') AS bad, count() AS n";
const SUMS = 'sum(negatives) AS bad, sum(documents) AS n';
const QUESTIONS: readonly (readonly [string, string, string])[] = [
  [
    'the tide: 14 days by hour',
    `SELECT toStartOfHour(published_at) AS h, ${COUNTS} FROM opinions WHERE ${DAYS_14} GROUP BY h`,
    `SELECT at, ${SUMS} FROM opinions_by_hour WHERE dimension = 'all' AND ${AT_14} GROUP BY at`,
  ],
  [
    'each topic, 14 days by hour',
    `SELECT toStartOfHour(published_at) AS h, topic, ${COUNTS} FROM opinions WHERE ${DAYS_14} GROUP BY h, topic`,
    `SELECT at, member, ${SUMS} FROM opinions_by_hour WHERE dimension = 'topic' AND ${AT_14} GROUP BY at, member`,
  ],
  [
    'one entity, 14 days by hour',
    `SELECT toStartOfHour(published_at) AS h, ${COUNTS} FROM opinions WHERE has(entities, 'entity-7') AND ${DAYS_14} GROUP BY h`,
    `SELECT at, ${SUMS} FROM opinions_by_hour WHERE dimension = 'entity' AND member = 'entity-7' AND ${AT_14} GROUP BY at`,
  ],
  [
    'every entity, 30 days by day',
    `SELECT arrayJoin(entities) AS e, toStartOfDay(published_at) AS d, ${COUNTS} FROM opinions WHERE ${MONTH} GROUP BY e, d`,
    `SELECT member, at, ${SUMS} FROM opinions_by_day WHERE dimension = 'entity' AND ${AT_MONTH} GROUP BY member, at`,
  ],
  [
    'the loudest sources of 30 days',
    `SELECT source, count() AS n FROM opinions WHERE ${MONTH} GROUP BY source ORDER BY n DESC LIMIT 12`,
    `SELECT member, sum(documents) AS n FROM opinions_by_day WHERE dimension = 'source' AND ${AT_MONTH} GROUP BY member ORDER BY n DESC LIMIT 12`,
  ],
];

try {
  await store.migrate();
  await timed(`writing ${COUNT} opinions`, () => store.command(`INSERT INTO opinions (${COLUMNS}) ${MADE}`));
  await store.command('OPTIMIZE TABLE opinions FINAL');
  await store.command(
    `CREATE TABLE plain (${(
      await store.query<{ name: string; type: string }>(
        "SELECT name, type FROM system.columns WHERE table = 'opinions' AND database = currentDatabase()",
      )
    )
      .map(({ name, type }) => `${name} ${type}`)
      .join(', ')}) ENGINE = MergeTree ORDER BY (published_at, document_id)`,
  );
  await store.command('INSERT INTO plain SELECT * FROM opinions');
  await store.command('OPTIMIZE TABLE plain FINAL');
  const [ours, plain] = [await bytes('opinions'), await bytes('plain')];
  const sum = (sizes: Map<string, number>): number => [...sizes.values()].reduce((all, one) => all + one, 0);
  console.log('\n| column | LZ4 (the default), bytes a row | ours |\n| --- | --- | --- |');
  for (const [name, size] of ours) {
    const before = plain.get(name) ?? 0;
    if (Math.abs(before - size) > COUNT / 20)
      console.log(`| ${name} | ${(before / COUNT).toFixed(1)} | ${(size / COUNT).toFixed(1)} |`);
  }
  console.log(`| all | ${(sum(plain) / COUNT).toFixed(1)} | ${(sum(ours) / COUNT).toFixed(1)} |\n`);
  await store.command('DROP TABLE plain');
  await store.command(
    "INSERT INTO opinion_changes SELECT 'hour', toStartOfHour(published_at) AS hour, '', 1, 0 FROM opinions GROUP BY hour",
  );
  await timed('counting all of it', async () => {
    while ((await countChanged(store, {}, 0)) > 0) continue;
  });
  await store.command('OPTIMIZE TABLE opinion_counts FINAL');
  const [kept] = await store.query<{ n: number; size: number }>(
    "SELECT sum(rows) AS n, sum(bytes_on_disk) AS size FROM system.parts WHERE table = 'opinion_counts' AND active",
  );
  console.log(`counts: ${kept?.n} rows, ${((kept?.size ?? 0) / 1e6).toFixed(1)} MB\n`);
  const header = (what: string): void =>
    console.log(
      `\n${what}\n| question | opinions: ms of processor (clock) | counts | times |\n| --- | --- | --- | --- |`,
    );
  const table = async (): Promise<void> => {
    for (const [name, raw, counted] of QUESTIONS) {
      const [[a, aClock, aRows], [b, bClock, bRows]] = [await asked(raw), await asked(counted)];
      if (aRows !== bRows) throw new Error(`${name}: ${aRows} rows against ${bRows}`);
      console.log(
        `| ${name} | ${a.toFixed(0)} (${aClock.toFixed(0)}) | ${b.toFixed(0)} (${bClock.toFixed(0)}) | ${(a / b).toFixed(1)} |`,
      );
    }
  };
  header('All hours counted:');
  await table();
  await store.command(
    "INSERT INTO opinion_changes SELECT 'hour', toStartOfHour(max(published_at)) AS hour, '', 1, 0 FROM opinions",
  );
  header('The newest hour not counted yet, as it is most of the time:');
  await table();
} finally {
  await store.close();
  await rm(folder, { recursive: true, force: true });
}
