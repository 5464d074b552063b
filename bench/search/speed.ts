/**
 * How long search takes on a large store: rows of a million documents made in ClickHouse (22 terms each, their frequencies by
 * Zipf's law; 192 numbers an embedding), then the questions that the page asks, as the page asks them. Prints medians.
 * npx tsx bench/search/speed.ts [--documents 1000000] [--times 9]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLogger } from '../../core/log.ts';
import { hashTerm } from '../../core/search/terms.ts';
import { openStore } from '../../core/store/registry.ts';
import { createFind } from '../../dashboards/search/find.ts';

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '1000000' }, times: { type: 'string', default: '9' } },
});
const documents = Number(values.documents);
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-search-bench-'));
const store = await openStore({ type: 'chdb' }, { folder, log: createLogger({ level: 'silent', format: 'json' }) });
await store.migrate();
// Term n of a vocabulary of 200,000 is found about once in n. The words that are asked for are stored under their own hashes.
const vocabulary = 200_000;
const start = Date.parse('2026-01-01T00:00:00.000Z');
const stepMs = Math.floor((90 * 86_400_000) / documents);
const RANKS = [20, 400, 9_000, 60_000, 150_000, 31, 77, 2_100];
const asked = RANKS.map((rank) => `term${rank}`);
const stored = `transform(rank, [${RANKS.join(', ')}], [${asked.map(hashTerm).join(', ')}], intHash32(rank))`;
const began = performance.now();
for (let from = 0; from < documents; from += 100_000) {
  await store.command(
    `INSERT INTO search SELECT lower(hex(sipHash128(number))), fromUnixTimestamp64Milli(toInt64(${start} + number * ${stepMs}), 'UTC') AS at, at,
       if(number % 2 = 0, 'en', 'zh'), lower(hex(sipHash128(number))), 'made@1',
       arrayMap(rank -> toUInt32(${stored}), arrayMap(x -> toUInt32(exp(sipHash64(number, x, 1) / 18446744073709551615 * log(${vocabulary}))), range(22))),
       arrayMap(x -> toInt8(bitAnd(sipHash64(number, x), 255) - 128), range(192))
     FROM numbers(${from}, ${Math.min(100_000, documents - from)}) SETTINGS max_partitions_per_insert_block = 1000`,
  );
}
await store.command('OPTIMIZE TABLE search FINAL');
console.log(`${documents} documents stored in ${((performance.now() - began) / 1000).toFixed(0)} s`);
const sizes = await store.query<{ name: string; bytes: number }>(
  `SELECT column AS name, sum(column_data_compressed_bytes) AS bytes FROM system.parts_columns
   WHERE table = 'search' AND active AND database = currentDatabase() GROUP BY column ORDER BY bytes DESC LIMIT 4`,
);
console.log(sizes.map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(0)} MB`).join(', '));

const end = start + documents * stepMs;
const span = { from: start, to: end + 1, step: 86_400_000, anchor: 'given' } as const;
const fortnight = { ...span, from: end - 14 * 86_400_000 };
const find = createFind(store);
const vector = Int8Array.from({ length: 192 }, (_, index) => ((index * 37) % 255) - 127);
async function median(name: string, ask: () => Promise<unknown[]>): Promise<void> {
  const times: number[] = [];
  let found = 0;
  for (let time = 0; time < Number(values.times); time += 1) {
    const from = performance.now();
    found = (await ask()).length;
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
  console.log(`${name}: median ${at(0.5)} ms, slowest ${at(1)} ms, ${found} found`);
}
await median('words, 3 of them, all of 90 days', () => find.byWords(asked.slice(0, 3), { span }));
await median('words, 8 of them, all of 90 days', () => find.byWords(asked, { span }));
await median('words, 3 of them, 14 days', () => find.byWords(asked.slice(0, 3), { span: fortnight }));
await median('meaning, all of 90 days', () => find.byMeaning(vector, 'made@1', 0.15, { span }));
await median('meaning, 14 days', () => find.byMeaning(vector, 'made@1', 0.15, { span: fortnight }));
await store.close();
rmSync(folder, { recursive: true, force: true });
