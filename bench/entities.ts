/**
 * Speed of naming entities: texts a second on one core against watchlists of 100 to 50,000 entities, on the texts of a
 * feed (or, without one, of the example feed). The large watchlists are made up by a seeded generator from words of the
 * texts themselves, so that names share beginnings with what is read: the automaton's harder case.
 *
 *   npx tsx bench/entities.ts [--feed FILE.jsonl[.gz]] [--sizes 100,10000,50000]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { findCashtags, findLinks } from '../core/text.ts';
import { createEntityMatcher, type NamingText } from '../ingest/entities.ts';
import { type WatchedEntity, loadWatchlists } from '../ingest/watchlist.ts';

const { values } = parseArgs({
  options: {
    feed: { type: 'string', default: 'examples/feed.jsonl' },
    sizes: { type: 'string', default: '100,10000,50000' },
    seconds: { type: 'string', default: '3' },
  },
});

const texts = readTexts(values.feed);
const words = [...new Set(texts.flatMap(({ text }) => text.match(/\p{Lu}\p{L}{2,}/gu) ?? []))];
const han = [...new Set(texts.flatMap(({ text }) => text.match(/\p{Script=Han}{2}/gu) ?? []))];
const starter = await loadWatchlists(['ingest/watchlist/starter.yaml']);
process.stdout.write(`${texts.length} texts of ${values.feed}, ${process.version}\n`);
for (const size of values.sizes.split(',').map(Number)) {
  const watched = [...starter, ...invent(size - starter.length)].slice(0, size);
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  const match = createEntityMatcher(watched);
  const built = performance.now() - began;
  const { rate, named } = measure(match, Number(values.seconds) * 1000);
  const megabytes = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  process.stdout.write(
    `${String(size).padStart(6)} entities: ${Math.round(rate)} texts/s, ${named.toFixed(2)} entities a text, ` +
      `built in ${Math.round(built)} ms, about ${Math.round(megabytes)} MB of heap\n`,
  );
}

function measure(match: ReturnType<typeof createEntityMatcher>, ms: number): { rate: number; named: number } {
  for (const text of texts.slice(0, 2000)) match(text);
  const began = performance.now();
  let count = 0;
  let named = 0;
  while (performance.now() - began < ms) {
    for (let i = 0; i < 500; i += 1) {
      const text = texts[count % texts.length];
      if (text !== undefined) named += match(text).length;
      count += 1;
    }
  }
  return { rate: (count / (performance.now() - began)) * 1000, named: named / count };
}

function readTexts(path: string): NamingText[] {
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').slice(0, 100_000);
  return lines.filter(Boolean).map((line) => {
    const { title, text } = JSON.parse(line) as { title?: string; text: string };
    return { title: title ?? null, text, links: findLinks(text), cashtags: findCashtags(text) };
  });
}

function invent(count: number): WatchedEntity[] {
  let seed = 7;
  const pick = (list: readonly string[]): string => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return list[seed % Math.max(1, list.length)] ?? 'Tide';
  };
  return Array.from({ length: Math.max(0, count) }, (_, index) => ({
    id: `invented_${index}`,
    name: `${pick(words)} ${pick(words)} ${pick(['Corp', 'Inc', 'Holdings', 'Group'])}`,
    name_zh: han.length > 0 ? `${pick(han)}${pick(han)}` : undefined,
    kind: 'company',
    tickers: [`${String.fromCharCode(65 + (index % 26))}${(index + 1296).toString(36).toUpperCase()}`.slice(0, 5)],
    codes: [String(300_000 + index)],
    aliases: [`${pick(words)} ${pick(words)}`],
    aliases_zh: han.length > 0 ? [`${pick(han)}${pick(han)}集团`] : [],
    ambiguous: [pick(words)],
    cased: [],
    context: [],
    not: [],
  })) as WatchedEntity[];
}
