import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { alertingSettings } from '../../../alerting/settings.ts';
import { watchFeed } from '../../../app/backtest/watch_feed.ts';
import { createReplayClock } from '../../../core/clock.ts';
import { SCHEMA_VERSION, seriesKey, type Alert, type Document, type Opinion } from '../../../core/event.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { createMemoryState } from '../../../core/state/memory.ts';
import { TOPICS, type Stream } from '../../../core/stream/stream.ts';
import { createIntake } from '../../../ingest/intake.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import type { RawItem } from '../../../ingest/source.ts';
import { DAY, HOUR, opinionOf, randomFrom, START } from '../../alerting/opinions.ts';
import { watched } from '../../ingest/watched.ts';
import { said, wholeFeed } from './made.ts';

/** Items through the real intake (times, duplicates, edits, stories, floods), a labeller that reads one word, and the real watch. */

const log = pino({ level: 'silent' });
const WATCHED = [watched('acme', { name: 'Acme Mills' }), watched('globex', { name: 'Globex Works' })];
const settings = alertingSettings.parse({
  bucket_mins: 60,
  window_hours: 6,
  allowed_lateness_mins: 60,
  detectors: [
    { type: 'surge' },
    { type: 'volume' },
    { type: 'threshold', min_negative: 6 },
    { type: 'shift' },
    { type: 'divergence' },
  ],
});
const LATENESS = 60 * 60_000;

interface Line extends RawItem {
  readonly published_at: string;
  readonly fetched_at: string;
}

const WORDS = 'alder birch cedar dogwood elm fir gum hazel ironwood juniper larch maple oak pine rowan spruce'.split(
  ' ',
);

/** Four weeks of two companies, with a burst on one; copies, repeats, edits, and items that are fetched hours or days late. */
function feed(seed: number): Line[] {
  const random = randomFrom(seed);
  const lines: Line[] = [];
  const pick = (): string => WORDS[Math.floor(random() * WORDS.length)] ?? '';
  const say = (guid: string, at: number, isBad: boolean, more: Partial<Line> = {}): Line => {
    const name = random() < 0.6 ? 'Acme Mills' : 'Globex Works';
    const line: Line = {
      guid,
      source: random() < 0.5 ? 'Daily Oak' : 'Evening Pine',
      source_class: 'news',
      title: `${name} ${isBad ? 'loss' : 'plan'} ${pick()} ${pick()} ${pick()} ${pick()} ${guid}`,
      text: `${pick()} ${pick()} ${pick()} ${pick()} ${pick()} ${pick()} ${pick()}`,
      published_at: new Date(at).toISOString(),
      fetched_at: new Date(at).toISOString(),
      ...more,
    };
    lines.push(line);
    return line;
  };
  const later = (at: number, hours: number): string => new Date(at + hours * HOUR).toISOString();
  for (let hour = 0; hour < 28 * 24; hour += 1) {
    const at = START + hour * HOUR + Math.floor(random() * HOUR);
    const line = say(`q${hour}`, at, random() < 0.15);
    const chance = random();
    if (chance < 0.1) lines.push({ ...line, fetched_at: later(at, 1) });
    else if (chance < 0.2) lines.push({ ...line, revision: '2', text: 'mended', fetched_at: later(at, 3) });
    else if (chance < 0.3) lines.push({ ...line, guid: `${hour}-copy`, source: 'Wire', fetched_at: later(at, 0.5) });
    if (random() < 0.1) say(`late${hour}`, at, true, { fetched_at: later(at, 30 * random()) });
    if (random() < 0.3) {
      say(`s${hour}`, at, random() < 0.3, {
        source: 'forum',
        source_class: 'social',
        author: `reader ${Math.floor(random() * 40)}`,
      });
    }
  }
  for (let index = 0; index < 40; index += 1) {
    const at = START + 20 * DAY + Math.floor(random() * 5 * HOUR);
    say(`b${index}`, at, true, { title: `Acme Mills loss ${pick()} ${pick()} ${pick()} ${pick()} ${index * 7919}` });
  }
  return lines.toSorted((a, b) => Date.parse(a.fetched_at) - Date.parse(b.fetched_at));
}

async function documentsOf(lines: readonly Line[]): Promise<Document[]> {
  const documents: Document[] = [];
  const stream: Pick<Stream, 'append'> = {
    append: async (topic, messages) => {
      if (topic === TOPICS.documents) documents.push(...messages.map(({ value }) => value as Document));
    },
  };
  const intake = createIntake(ingestSettings.parse({ author_salt: 'the same salt in every run' }), WATCHED, {
    stream: stream as Stream,
    state: createMemoryState(),
    clock: createReplayClock(0),
    log,
    metrics: createMetrics().stage('ingest'),
    signal: new AbortController().signal,
  });
  await intake.take('recorded', lines);
  return documents;
}

async function* labelled(documents: readonly Document[]): AsyncGenerator<Opinion> {
  for (const document of documents) {
    const isBad = document.title?.includes(' loss ') === true;
    const made = opinionOf({ id: document.id, time: Date.parse(document.published_at), negative: isBad ? 0.9 : 0.06 });
    yield { ...made, schema_version: SCHEMA_VERSION, document };
  }
}

async function run(lines: readonly Line[]): Promise<readonly Alert[]> {
  const { changes } = await watchFeed(labelled(await documentsOf(lines)), settings, wholeFeed());
  return changes;
}

describe('a recorded feed through intake and every detector', () => {
  it('says nothing earlier that a cut of the future would change, whatever was late, copied or edited', async () => {
    const whole = feed(1);
    const changes = await run(whole);
    const fired = new Set(changes.filter(({ state }) => state === 'firing').map(({ detector }) => detector));
    expect([...fired]).toEqual(expect.arrayContaining(['surge', 'volume', 'threshold']));
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 19 * 24, max: 27 * 24 }), async (hours) => {
        const cut = START + hours * HOUR;
        const known = whole.filter(({ fetched_at }) => Date.parse(fetched_at) < cut);
        // The last bucket that event time had closed by then.
        const newest = Math.max(...known.map(({ published_at }) => Date.parse(published_at)));
        const judged = Math.floor((newest - LATENESS) / HOUR) * HOUR;
        const expected = said(changes, judged);
        expect(said(await run(known), judged)).toEqual(expected);
        compared += expected.length;
      }),
      { numRuns: 6, seed: 5, examples: [[20 * 24 + 4], [20 * 24 + 7]] },
    );
    expect(compared).toBeGreaterThan(0);
  }, 240_000);

  it('counts an item that comes twice, edited or copied once', async () => {
    const plain = feed(2).filter(({ guid = '', revision }) => revision === undefined && !guid.includes('copy'));
    const once = [...new Map(plain.map((line) => [line.guid, line])).values()];
    const again = once.flatMap((line) => [line, { ...line, revision: '9', text: 'mended since' }]);
    const [first, second] = [await run(once), await run(again)];
    expect(first.length).toBeGreaterThan(0);
    expect(said(second, Infinity)).toEqual(said(first, Infinity));
  }, 240_000);

  it('does not change its judgement when items come in another order within the allowed lateness', async () => {
    // News alone, each in its own words: the score of a post depends on who spoke before it.
    const news = feed(3).filter(
      ({ source_class, published_at, fetched_at, revision, source }) =>
        source_class === 'news' && published_at === fetched_at && revision === undefined && source !== 'Wire',
    );
    const judgements = (changes: readonly Alert[]): string[] =>
      changes.map(({ at, state, severity, series, detector, observed, documents }) =>
        [
          at,
          state,
          severity,
          seriesKey(series),
          detector,
          observed.toFixed(6),
          documents.map(({ id }) => id).join(),
        ].join(' '),
      );
    const usual = judgements(await run(news));
    expect(usual.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const random = randomFrom(seed);
        const shuffled = news
          .map((line) => ({
            ...line,
            fetched_at: new Date(Date.parse(line.published_at) + random() * 50 * 60_000).toISOString(),
          }))
          .toSorted((a, b) => Date.parse(a.fetched_at) - Date.parse(b.fetched_at));
        expect(judgements(await run(shuffled))).toEqual(usual);
      }),
      { numRuns: 4, seed: 6 },
    );
  }, 240_000);
});
