/**
 * Precision and recall of naming entities: on texts that this project wrote and labelled (test/fixtures/named_entities.jsonl;
 * weights and watchlist were set on its `dev` half, its `test` half is for reporting), and, where the data folder holds
 * it, on the tickers of stocknet's tweets.
 *
 *   npx tsx bench/entity_accuracy.ts [--part dev|test] [--stocknet FILE.jsonl.gz] [--show]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { findCashtags, findLinks } from '../core/text.ts';
import { createEntityMatcher } from '../ingest/entities.ts';
import { loadWatchlists } from '../ingest/watchlist.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'dev' },
    stocknet: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
});

const watched = await loadWatchlists(['ingest/watchlist/starter.yaml']);
const match = createEntityMatcher(watched);

interface Counts {
  right: number;
  extra: number;
  missed: number;
}

function add(counts: Counts, found: ReadonlySet<string>, expected: ReadonlySet<string>): void {
  for (const id of found) counts[expected.has(id) ? 'right' : 'extra'] += 1;
  for (const id of expected) if (!found.has(id)) counts.missed += 1;
}

function report(name: string, { right, extra, missed }: Counts): void {
  const precision = right / Math.max(1, right + extra);
  const recall = right / Math.max(1, right + missed);
  process.stdout.write(
    `${name}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${((2 * precision * recall) / (precision + recall)).toFixed(3)} (${right} right, ${extra} extra, ${missed} missed)\n`,
  );
}

interface Labelled {
  part: string;
  text: string;
  entities: string[];
}
const labelled = readFileSync('test/fixtures/named_entities.jsonl', 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Labelled)
  .filter(({ part }) => part === values.part);
for (const language of ['en', 'zh'] as const) {
  const counts = { right: 0, extra: 0, missed: 0 };
  for (const { text, entities } of labelled) {
    if (/\p{Script=Han}/u.test(text) !== (language === 'zh')) continue;
    const found = new Set(match({ title: null, text, links: [], cashtags: findCashtags(text) }).map(({ id }) => id));
    const expected = new Set(entities);
    add(counts, found, expected);
    if (values.show && [...found].toSorted().join() !== [...expected].toSorted().join())
      process.stdout.write(`  ${text} → ${[...found].join()} (labelled ${entities.join()})\n`);
  }
  report(`${values.part} ${language}`, counts);
}

if (values.stocknet !== undefined) {
  const lines = gunzipSync(readFileSync(values.stocknet)).toString('utf8').split('\n').filter(Boolean);
  const tweets = lines.map((line) => JSON.parse(line) as { id: string; text: string; tickers: string[] });
  const known = new Set(tweets.flatMap(({ tickers }) => tickers));
  const byTicker = new Map(
    watched.flatMap(({ id, tickers }) => tickers.filter((ticker) => known.has(ticker)).map((ticker) => [ticker, id])),
  );
  const shared = new Set(byTicker.values());
  const all = { right: 0, extra: 0, missed: 0 };
  const short = { right: 0, extra: 0, missed: 0 };
  for (const { id, text, tickers } of tweets) {
    const cashtags = findCashtags(text);
    const found = new Set(
      match({ title: null, text, links: findLinks(text), cashtags })
        .map((entity) => entity.id)
        .filter((entity) => shared.has(entity)),
    );
    const expected = new Set(tickers.flatMap((ticker) => byTicker.get(ticker) ?? []));
    add(all, found, expected);
    const brief = new Set(
      tickers.filter((ticker) => ticker.length <= 2).flatMap((ticker) => byTicker.get(ticker) ?? []),
    );
    for (const entity of brief) short[found.has(entity) ? 'right' : 'missed'] += 1;
    if (values.show && [...expected].some((entity) => !found.has(entity)))
      process.stdout.write(`  missed ${id} ${text.slice(0, 110)} (${tickers.join()})\n`);
  }
  process.stdout.write(
    `${tweets.length} tweets, ${shared.size} of ${known.size} tickers are on the starter watchlist\n`,
  );
  report('stocknet', all);
  report('stocknet, tickers of one or two letters', short);
}
