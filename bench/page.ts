/**
 * The page's first view over a made-up history of opinions: each question that it asks of the API, all of them at once as a
 * browser asks them, and, where there is a Chromium, the time until it shows the chart, both tables and the list. Processor
 * time is this process' (server and store); the clock's depends on what else the machine does, so its load is printed too.
 * Usage: npx tsx bench/page.ts [--opinions 1000000] [--rounds 5] [--folder DIR]   (a folder is kept and used again)
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { systemClock } from '../core/clock.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { countChanged } from '../core/store/counting.ts';
import { openStore } from '../core/store/registry.ts';
import { createDashboards } from '../dashboards/server.ts';
import { dashboardsSettings } from '../dashboards/settings.ts';

const { values: options } = parseArgs({
  options: {
    opinions: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string' },
  },
});
const COUNT = Number(options.opinions);
const ROUNDS = Number(options.rounds);
const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tidewatch-bench-page-')));
const log = createLogger({ level: 'silent', format: 'json' });
const store = await openStore({ type: 'chdb' }, { folder, log });

/** Thirty days up to now, 40 sources, 20 topics, 300 entities, two languages; every fifth document in a story of up to ten. */
const MADE = `SELECT lower(hex(sipHash128(number))) AS document_id,
  fromUnixTimestamp64Milli(toInt64(${Date.now() - 30 * 86_400_000}), 'UTC') + toIntervalMillisecond(toInt64(number * ${Math.round(2_592_000_000 / COUNT)} + rand(1) % 2500)) AS published_at,
  published_at + toIntervalMillisecond(8000 + rand(2) % 5000) AS labelled_at,
  published_at + toIntervalMillisecond(5000 + rand(3) % 3000) AS fetched_at,
  concat('source-', toString(toUInt32(40 * pow(rand(4) / 4294967296, 2)))) AS source, source AS feed,
  concat('Headline ', toString(rand(5) % 100000), ' of ', toString(number)) AS title,
  concat(randomPrintableASCII(50), repeat(' some common words of a text', 12)) AS text,
  if(rand(6) % 4 = 0, 'zh', 'en') AS language,
  if(rand(13) % 5 = 0, lower(hex(sipHash128(number - number % 50))), document_id) AS story,
  arrayMap(i -> concat('entity-', toString(toUInt32(300 * pow(rand(7) / 4294967296 * i / 3, 3)))), range(1, 1 + rand(8) % 4)) AS entities,
  ['negative', 'neutral', 'positive'][1 + rand(9) % 3] AS sentiment, rand(10) / 4294967296 AS negative,
  (1 - negative) * rand(11) / 4294967296 AS neutral, 1 - negative - neutral AS positive,
  concat('topic-', toString(toUInt32(20 * pow(rand(12) / 4294967296, 1.5)))) AS topic,
  if(rand(14) % 8 = 0, 'lawsuit', '') AS event, 'model@1' AS model
  FROM numbers(${COUNT})`;
const COLUMNS =
  'document_id, published_at, labelled_at, fetched_at, source, feed, title, text, language, story, entities, sentiment, negative, neutral, positive, topic, event, model';

const SPAN = 'last_secs=1209600';
const FIRST_VIEW = [
  '/api/status',
  `/api/timeline?${SPAN}`,
  `/api/series?kind=entity&${SPAN}`,
  `/api/series?kind=topic&${SPAN}`,
  `/api/alerts?${SPAN}`,
  '/api/sources',
  `/api/opinions?${SPAN}&limit=40`,
];
const COMPANY = [
  `/api/timeline?${SPAN}&entity=entity-0&step_secs=28800`,
  `/api/profile?${SPAN}&entity=entity-0`,
  `/api/alerts?${SPAN}&entity=entity-0`,
  `/api/words?${SPAN}&entity=entity-0`,
];

/** Medians over the rounds: milliseconds by the clock (or what `work` answers), and of this process' processor time. */
async function measured(work: () => Promise<unknown>): Promise<[clock: number, processor: number]> {
  const [clock, processor]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Answers are shared for a second, and totals for five.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const [began, before] = [performance.now(), process.cpuUsage()];
    const own = await work();
    const { user, system } = process.cpuUsage(before);
    clock.push(typeof own === 'number' ? own : performance.now() - began);
    processor.push((user + system) / 1000);
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  return [middle(clock), middle(processor)];
}

/** Runs in the page before anything of it: `whole` is when all of `parts` were there and the frame with them was painted. */
function noteWhole(parts: readonly string[]): void {
  const kept = globalThis as unknown as { whole: Promise<number> };
  kept.whole = new Promise((resolve) => {
    const look = new MutationObserver(() => {
      if (!parts.every((part) => document.querySelector(part))) return;
      look.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    });
    look.observe(document, { childList: true, subtree: true });
  });
}

try {
  await store.migrate();
  const [kept] = await store.query<{ opinions: number }>('SELECT count() AS opinions FROM opinions');
  if ((kept?.opinions ?? 0) === 0) {
    await store.command(`INSERT INTO opinions (${COLUMNS}) ${MADE}`);
    await store.command(
      "INSERT INTO opinion_changes SELECT 'hour', toStartOfHour(published_at) AS hour, '', 1, 0 FROM opinions GROUP BY hour",
    );
    while ((await countChanged(store, {}, 0)) > 0) continue;
  }
  const dashboards = createDashboards(dashboardsSettings.parse({ port: 0 }), {
    store,
    metrics: createMetrics(),
    log,
    clock: systemClock,
    signal: new AbortController().signal,
    sources: () => [],
    names: (id) => ({ en: id, zh: id }),
    version: 'bench',
    model: () => 'model@1',
  });
  await dashboards.start();
  const ask = async (path: string): Promise<void> => {
    const response = await fetch(`${dashboards.address()}${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    await response.arrayBuffer();
  };
  const load = (): string => loadavg()[0]?.toFixed(1) ?? '?';
  console.log(
    `${kept?.opinions || COUNT} opinions, load ${load()}\n\n| asked | ms | ms of processor |\n| --- | --- | --- |`,
  );
  const row = (name: string, [clock, processor]: [number, number]): void =>
    console.log(`| ${name} | ${clock.toFixed(0)} | ${processor.toFixed(0)} |`);
  for (const path of [...FIRST_VIEW, ...COMPANY]) row(path.replace(`${SPAN}&`, ''), await measured(() => ask(path)));
  row('the first view, all at once', await measured(() => Promise.all(FIRST_VIEW.map(ask))));
  row('the page of a company, all at once', await measured(() => Promise.all(COMPANY.map(ask))));
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  if (existsSync(executablePath)) {
    const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
    /**
     * Milliseconds from the address on until all parts were painted, by the browser's own clock: opening a tab is not the page's
     * doing, and a driver that asks from outside whether it is done adds its own time.
     */
    const shown = async (hash: string, parts: readonly string[]): Promise<number> => {
      const page = await browser.newPage();
      await page.addInitScript(noteWhole, parts);
      await page.goto(`${dashboards.address()}/${hash}`);
      const took = await page.evaluate(() => (globalThis as unknown as { whole: Promise<number> }).whole);
      await page.close();
      return took;
    };
    const first = ['.tide-canvas canvas', '.entity-table tbody tr', '.topic-table tbody tr', '.opinion'];
    row('Chromium: until the first view is whole', await measured(() => shown('', first)));
    const company = ['.tide-canvas canvas', '.series-stories li'];
    row('Chromium: until the page of a company is whole', await measured(() => shown('#/entity/entity-0', company)));
    await browser.close();
  }
  console.log(`\nload ${load()}`);
  await dashboards.stop();
} finally {
  await store.close();
  if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
}
