/**
 * Reads the feeds of other readers' tests (test/ingest/conformance) through our own reading code and prints, as
 * docs/feeds.md has it, how far it agrees with what those readers expect, and why where it does not.
 * Usage: npx tsx bench/feeds.ts [--all] (--all: every value that differs and every feed that is refused)
 */
import { parseArgs } from 'node:util';
import {
  agreementOf,
  FAULTS_OF_EXPECTATION,
  FIELDS,
  readAndCompare,
  REASONS,
  type Reading,
} from '../test/ingest/conformance/compare.ts';
import { CORPUS, hasCorpus, readCorpus } from '../test/ingest/conformance/corpus.ts';

const { values: options } = parseArgs({ options: { all: { type: 'boolean', default: false } } });

if (!hasCorpus()) console.log(`skipped: the feeds of other readers' tests are not at ${CORPUS}`);
else {
  const readings: Reading[] = [];
  for (const feed of readCorpus()) readings.push(await readAndCompare(feed));
  report(readings);
}

function report(readings: readonly Reading[]): void {
  const refused = readings.filter(({ refused: reason }) => reason !== null);
  const times = readings.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
  console.log(
    `${readings.length} feeds: ${readings.length - refused.length} read, ${refused.length} refused with a reason,`,
  );
  console.log(
    `${readings.filter(({ crash }) => crash !== null).length} crashed. Milliseconds a feed: median ${at(0.5)}, 99% ${at(0.99)}, longest ${at(1)}.\n`,
  );
  console.log(
    '| field | values | expectation at fault | agree | share | feeds that agree |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const field of FIELDS) {
    const { compared, faults, agreeing, share, feeds } = agreementOf(readings, field);
    console.log(
      `| ${field} | ${compared} | ${faults} | ${agreeing} | ${(share * 100).toFixed(2)}% | ${feeds[0]} of ${feeds[1]} |`,
    );
  }
  console.log('\n| field | values | why they differ | |\n| --- | --- | --- | --- |');
  const differing = readings.flatMap(({ disagreements }) => disagreements);
  for (const field of FIELDS) {
    for (const [reason, sentence] of Object.entries(REASONS)) {
      const some = differing.filter((one) => one.field === field && one.reason === reason);
      const files = [...new Set(some.map(({ feed }) => feed.replace(/^.*\//, '')))];
      if (some.length > 0) console.log(`| ${field} | ${some.length} | ${sentence} | ${files.join(', ')} |`);
    }
  }
  console.log('\n| feeds | refused because |\n| --- | --- |');
  const counts = new Map<string, number>();
  for (const { refused: why } of refused) {
    const reason = (why ?? '').replace(/(?: at position|: Expected).*/, '');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of counts) console.log(`| ${count} | ${reason} |`);
  if (!options.all) return;
  for (const { name, refused: why } of refused) console.log(`refused ${name}: ${why ?? ''}`);
  for (const { feed, field, item, reason, expected, ours } of differing) {
    const isFault = FAULTS_OF_EXPECTATION.includes(reason) ? ' (expectation at fault)' : '';
    console.log(
      `${feed} ${field} [${item}] ${reason}${isFault}: expected ${JSON.stringify(expected.slice(0, 160))}, ours ${JSON.stringify(ours.slice(0, 160))}`,
    );
  }
}
