import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watchFeed } from '../../../app/backtest/watch_feed.ts';
import type { Removal } from '../../../core/removal.ts';
import { alertingSettings } from '../../../alerting/settings.ts';
import { eventStudy } from '../../../backtest/event_study.ts';
import { feedNotes } from '../../../backtest/feed_notes.ts';
import { reportHtml, reportJson, type Report } from '../../../backtest/report.ts';
import type { Examination } from '../../../backtest/nearest.ts';
import { proportion, scoreRun } from '../../../backtest/score.ts';
import type { SweepRow } from '../../../backtest/sweep.ts';
import type { Alert, Opinion } from '../../../core/event.ts';
import { DAY, HOUR, randomFrom, START, withDocument } from '../../alerting/opinions.ts';
import { feed, said, wholeFeed } from './made.ts';

const settings = alertingSettings.parse({ bucket_mins: 60, window_hours: 6, allowed_lateness_mins: 60 });

async function* each(opinions: readonly Opinion[]): AsyncGenerator<Opinion> {
  yield* opinions;
}
const run = (
  opinions: readonly Opinion[],
  over: { from?: number; to?: number; examined?: Examination[]; removals?: Removal[] } = {},
) => watchFeed(each(opinions), settings, { ...wholeFeed(), ...over });

describe('a backtest', () => {
  it('fires on the burst, and is the same bytes each time', async () => {
    const first = await run(feed(1));
    expect(first.run.alerts.some(({ key }) => key === 'entity:acme')).toBe(true);
    expect(JSON.stringify((await run(feed(1))).changes)).toBe(JSON.stringify(first.changes));
  });

  it('says nothing earlier that a cut of the future would change', async () => {
    const whole = feed(2);
    const { changes } = await run(whole);
    expect(changes.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 13 * 24, max: 20 * 24 }), async (hours) => {
        const cut = START + hours * HOUR;
        const known = whole.filter(({ document }) => Date.parse(document.fetched_at) < cut);
        const judged = cut - 60 * 60_000 - HOUR;
        const short = await run(known);
        expect(said(short.changes, judged)).toEqual(said(changes, judged));
      }),
      { numRuns: 12, seed: 11 },
    );
  });

  it('does not change when documents come in another order within the allowed lateness', async () => {
    const whole = feed(3);
    const { changes } = await run(whole);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const random = randomFrom(seed);
        // Each comes up to 50 minutes late: the allowed lateness is an hour.
        const shuffled = whole
          .map((opinion) => ({ opinion, comes: Date.parse(opinion.document.published_at) + random() * 50 * 60_000 }))
          .toSorted((a, b) => a.comes - b.comes)
          .map(({ opinion }) => opinion);
        expect(said((await run(shuffled)).changes, Infinity)).toEqual(said(changes, Infinity));
      }),
      { numRuns: 8, seed: 12 },
    );
  });

  it('says how near it came to an alert at a time that is asked for, and is not changed by the question', async () => {
    const examined = [{ entity: 'acme', from: START + 10 * DAY, to: START + 14 * DAY, nearest: null } as Examination];
    const { changes } = await run(feed(1), { examined });
    expect(JSON.stringify(changes)).toBe(JSON.stringify((await run(feed(1))).changes));
    expect(examined[0]?.nearest?.at).toBeGreaterThanOrEqual(START + 10 * DAY);
    expect(examined[0]?.nearest?.at).toBeLessThanOrEqual(START + 14 * DAY);
    expect(examined[0]?.nearest?.reasons.join(' ')).toMatch(/negative stories in .* were expected/);
  });

  it('forgets what was taken back from that moment on, and not before', async () => {
    const { changes, run: made } = await run(feed(1));
    const fired = made.alerts.find(({ key }) => key === 'entity:acme')?.at ?? 0;
    const burst = feed(1)
      .map(({ document }) => document)
      .filter((one) => one.id.startsWith('b') && Date.parse(one.published_at) < fired)
      .map(({ id }) => id);
    const removedAt = async (time: number): Promise<readonly Alert[]> => {
      const removal: Removal = {
        schema_version: 1,
        id: 'r1',
        kind: 'document',
        values: burst,
        outlet: null,
        by: 'origin',
        reason: 'deleted',
        requested_at: new Date(time).toISOString(),
      };
      return (await run(feed(1), { removals: [removal] })).changes;
    };
    expect(said(await removedAt(fired + DAY), fired)).toEqual(said(changes, fired));
    const later = (await removedAt(fired)).filter(({ at }) => Date.parse(at) > fired);
    expect(later.length).toBeGreaterThan(0);
    expect(later.flatMap(({ documents }) => documents.map(({ id }) => id)).filter((id) => burst.includes(id))).toEqual(
      [],
    );
    const evidence = changes.flatMap(({ documents }) => documents.map(({ id }) => id));
    expect(evidence.some((id) => burst.includes(id))).toBe(true);
  });

  it('forgets what was taken back behind the last document too, before its window is judged', async () => {
    const fired = (await run(feed(1))).run.alerts.find(({ key }) => key === 'entity:acme')?.at ?? 0;
    // The feed ends within the bucket that fires; its documents are taken back before anybody would have been told.
    const cut = feed(1).filter(({ document }) => Date.parse(document.published_at) < fired);
    const removal: Removal = {
      schema_version: 1,
      id: 'r1',
      kind: 'document',
      values: cut.map(({ document }) => document.id).filter((id) => id.startsWith('b')),
      outlet: null,
      by: 'origin',
      reason: 'deleted',
      requested_at: new Date(fired + 10 * 60_000).toISOString(),
    };
    expect((await run(cut)).run.alerts).not.toEqual([]);
    expect((await run(cut, { removals: [removal] })).run.alerts).toEqual([]);
  });

  it('counts what came late where the feed is sorted newest first, and says to sort it', async () => {
    const whole = feed(1);
    expect((await run(whole)).run).toMatchObject({ late: 0, tooOld: 0, ahead: null });
    const { run: made } = await run(whole.toReversed());
    expect(made.late).toBeGreaterThan(whole.length / 2);
    expect(made.alerts).toEqual([]);
    expect(made.ahead).toBeNull();
    expect(feedNotes(made, null, null)[0]).toMatch(
      /came later than .* not in the order of time: sort the file by time/,
    );
  });

  it('names the document whose date is far ahead of those around it', async () => {
    const whole = feed(1).map((opinion, index) =>
      index === 9
        ? withDocument(opinion, { published_at: '2204-02-10T10:00:00.000Z', title: '暴跌 tomorrow' })
        : opinion,
    );
    const { run: made } = await run(whole);
    expect(made.late + made.tooOld).toBe(whole.length - 10);
    expect(made.ahead).toMatchObject({ number: 10, publishedAt: '2204-02-10T10:00:00.000Z', words: '暴跌 tomorrow' });
    expect(feedNotes(made, null, null)[0]).toContain(
      'Document 10 of the feed is dated 2204-02-10T10:00:00.000Z, far ahead of those around it (outlet: 暴跌 tomorrow)',
    );
  });

  it('can be asked about the days from --from and to --to where the feed goes on beyond, else about its own', async () => {
    const period = async (from?: number, to?: number) =>
      (await run(feed(4), { ...(from !== undefined && { from }), ...(to !== undefined && { to }) })).run.period;
    const days = (from: number, to: number) => [new Date(from).toISOString(), new Date(to).toISOString()];
    const inside = await period(START + 2.5 * DAY, START + 4 * DAY);
    expect([inside.from, inside.to]).toEqual(days(START + 2.5 * DAY, START + 4 * DAY - 1));
    const beyond = await period(START - 90 * DAY, START + 900 * DAY);
    expect(beyond.from).toBe(new Date(START).toISOString());
    expect(beyond.to < new Date(START + 21 * DAY).toISOString()).toBe(true);
  });

  it('takes only the period that was asked for, and says so where nothing lies in it', async () => {
    const { run: part } = await run(feed(4), { from: START + 2 * DAY, to: START + 4 * DAY });
    expect(part.from >= new Date(START + 2 * DAY).toISOString()).toBe(true);
    expect(part.to < new Date(START + 4 * DAY).toISOString()).toBe(true);
    await expect(run(feed(4), { from: START - 9 * DAY, to: START - 8 * DAY })).rejects.toThrow(/no document/);
  });
});

describe('the report', () => {
  it('shows a sweep as a curve and a table, and names the runs that failed', async () => {
    const { run: made } = await run(feed(5));
    const row = (settings: string, entitiesPerWeek: number, hits: number): SweepRow => ({
      settings: [settings],
      alerts: 3,
      alertsPerWeek: entitiesPerWeek,
      entitiesPerWeek,
      recall: proportion(hits, 4),
      precision: proportion(1, 2),
      medianDelayHours: 12,
    });
    // The third is beaten by the second: as many found at fewer alerts.
    const sweep = [row('a=1', 0.2, 1), row('a=2', 0.5, 3), row('a=3', 0.9, 3), row('a=4', 1.5, 4)];
    const failed = [{ settings: ['a=<5>'], error: 'a must be at most 4 & whole' }];
    const html = reportHtml({
      run: made,
      lines: null,
      timeZone: null,
      score: null,
      study: null,
      sweep,
      failed,
      prices: new Map(),
      priceNotes: [],
      names: (key) => key,
    });
    expect(html).toContain('Recall over alerts a week on entities');
    expect(html.match(/points="([^"]+)"\/><circle/)?.[1]?.split(' ')).toHaveLength(3);
    expect(html.match(/<circle/g)).toHaveLength(4);
    expect(html).toContain('<code>a=&#60;5&#62;</code>: a must be at most 4 &#38; whole');
  });

  it('is one file without scripts or addresses to load, escapes what it shows, and is honest about few events', async () => {
    const opinions = feed(5).map((opinion) => ({
      ...opinion,
      document: { ...opinion.document, title: `<script>alert(1)</script> & "quoted" ${opinion.document.id}` },
    }));
    const { run: made } = await run(opinions);
    const events = [{ line: 1, at: START + 15 * DAY, named: 'Acme', entity: 'acme', what: 'the <b>burst</b>' }];
    const prices = new Map([
      [
        'acme',
        Array.from({ length: 21 }, (_, day) => ({
          day: new Date(START + day * DAY).toISOString().slice(0, 10),
          close: 100 - day,
        })),
      ],
    ]);
    const report: Report = {
      run: made,
      lines: null,
      timeZone: null,
      score: scoreRun(made.alerts, events, { from: Date.parse(made.from), to: Date.parse(made.to) }, []),
      study: eventStudy(made.alerts, prices, null),
      sweep: [],
      failed: [],
      prices,
      priceNotes: ['p.csv has several prices of acme: <A> & B'],
      names: (key) => key,
    };
    const html = reportHtml(report);
    expect(html).not.toMatch(/<script|<link|src=|url\(/);
    expect(html).toContain('&#60;script&#62;');
    expect(html).toContain('events are few');
    expect(html).toContain('too few to say anything');
    expect(html).toContain('several prices of acme: &#60;A&#62; &#38; B');
    // A timeline a series; found and right, delays, returns; a chart in each alert.
    const charts = made.alerts.filter(({ shown }) => shown !== null).length;
    expect(charts).toBeGreaterThan(0);
    expect(html.match(/<svg/g)?.length).toBe(made.days.size + 3 + charts);
    expect(html).toContain('Returns are raw');
    expect(html).toContain('<dt>Authors</dt>');
    expect(html).toMatch(/People hear of it 60 minutes later at the earliest/);
    expect(reportHtml(report)).toBe(html);
    const json = JSON.parse(reportJson(report)) as {
      score: { recall: { hits: number } };
      days: Record<string, unknown>;
    };
    expect(json.score.recall.hits).toBe(1);
    for (const { at, toldAt } of made.alerts) expect(toldAt - at).toBe(60 * 60_000 + 2000);
    expect(Object.keys(json.days)).toContain('entity:acme');
  });
});
