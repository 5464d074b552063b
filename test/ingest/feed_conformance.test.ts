import { beforeAll, describe, expect, it } from 'vitest';
import { agreementOf, FIELDS, readAndCompare, type Reading } from './conformance/compare.ts';
import { CORPUS, hasCorpus, readCorpus } from './conformance/corpus.ts';

if (!hasCorpus()) console.log(`skipped: the feeds of other readers' tests are not at ${CORPUS}`);

describe.skipIf(!hasCorpus())('the feeds of other readers’ tests', { timeout: 120_000 }, () => {
  const readings: Reading[] = [];
  beforeAll(async () => {
    for (const feed of readCorpus()) readings.push(await readAndCompare(feed));
  }, 120_000);

  it('are all read or refused with a reason, each within its second; nothing else happens', () => {
    expect(readings.length).toBeGreaterThanOrEqual(2743);
    expect(readings.filter(({ crash }) => crash !== null)).toEqual([]);
    expect(readings.filter(({ milliseconds }) => milliseconds > 1000)).toEqual([]);
    expect(readings.filter(({ refused }) => refused !== null).length).toBeLessThanOrEqual(30);
  });

  it.each(FIELDS)(
    'agree with what gofeed, feed-rs and rss-parser expect of the %s, for at least 97 values and 97 feeds in a hundred',
    (field) => {
      const { compared, share, feeds } = agreementOf(readings, field);
      expect(compared).toBeGreaterThan(1000);
      expect(share).toBeGreaterThanOrEqual(0.97);
      const [agreeing, all] = feeds;
      expect(all).toBeGreaterThan(90);
      expect(agreeing / all).toBeGreaterThanOrEqual(0.97);
    },
  );

  it('differ for reasons that are known, but for a handful', () => {
    const unexplained = readings
      .flatMap(({ disagreements }) => disagreements)
      .filter(({ reason }) => reason === 'other');
    expect(unexplained.length).toBeLessThanOrEqual(15);
  });
});
