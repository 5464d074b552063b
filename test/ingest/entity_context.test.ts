import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCashtags } from '../../core/text.ts';
import { createEntityMatcher } from '../../ingest/entities.ts';
import { loadWatchlists, type WatchedEntity } from '../../ingest/watchlist.ts';
import { watched } from './watched.ts';

const match = createEntityMatcher(await loadWatchlists(['ingest/watchlist/starter.yaml']));
const found = (text: string, title: string | null = null) =>
  match({ title, text, links: [], cashtags: findCashtags(`${title ?? ''} ${text}`) });
const ids = (text: string): string[] => found(text).map(({ id }) => id).toSorted(); // prettier-ignore

interface Labelled {
  /** Weights and watchlist were set on `dev`; `test` is only judged. */
  part: 'dev' | 'test';
  text: string;
  entities: string[];
}
const labelled = readFileSync('test/fixtures/named_entities.jsonl', 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Labelled);

describe('names that are also words', () => {
  it.each([
    ['Target cuts its outlook', ['target']],
    ['the price target was raised', []],
    ['Gap shares jump on profit', ['gap']],
    ['the wage gap narrows', []],
    ['平安股价大跌', ['ping_an']],
    ['一路平安', []],
    ['$T and $V: telecom and card stocks fall', ['visa']],
    ['V$C is my favourite rapper', []],
    ['Harrison Ford returns to the screen', []],
    ['the Ford plant in Detroit closes', ['ford']],
  ])('count only where the words around them say so: %s', (text, expected) => {
    expect(ids(text)).toEqual(expected);
  });

  it.each(['dev', 'test'] as const)(
    'are told apart on the %s half of the labelled set at 0.95 precision and recall or better, in both languages',
    (half) => {
      for (const chinese of [false, true]) {
        const texts = labelled.filter(({ part, text }) => part === half && /\p{Script=Han}/u.test(text) === chinese);
        expect(texts.length).toBeGreaterThan(60);
        let right = 0;
        let extra = 0;
        let missed = 0;
        for (const { text, entities } of texts) {
          const named = ids(text);
          right += named.filter((id) => entities.includes(id)).length;
          extra += named.filter((id) => !entities.includes(id)).length;
          missed += entities.filter((id) => !named.includes(id)).length;
        }
        expect(right / (right + extra)).toBeGreaterThanOrEqual(0.95);
        expect(right / (right + missed)).toBeGreaterThanOrEqual(0.95);
      }
    },
  );

  it('are labelled in halves that share no text', () => {
    const texts = (half: string) => new Set(labelled.filter(({ part }) => part === half).map(({ text }) => text));
    expect(texts('dev').size + texts('test').size).toBe(labelled.length);
    expect([...texts('dev')].filter((text) => texts('test').has(text))).toEqual([]);
  });
});

describe('cashtags of one letter', () => {
  const company = (id: string, name: string, ticker: string): WatchedEntity => watched(id, { name, tickers: [ticker] });
  const letters = createEntityMatcher([
    company('att', 'AT&T', 'T'),
    company('dominion', 'Dominion Energy', 'D'),
    company('citigroup', 'Citigroup', 'C'),
    company('ford', 'Ford Motor', 'F'),
  ]);
  it.each([
    ['$T raises its dividend again', ['att']],
    ['$T $VZ telecom sell-off continues', ['att']],
    ['Short $D here, support is gone', ['dominion']],
    ['$D shares slip after the rate case', ['dominion']],
    ['$T和$D今天都跌停', ['att', 'dominion']],
    ['AT&T and Dominion Energy cut jobs', ['att', 'dominion']],
    ['AT&T ($T) hires a new chief', ['att']],
    ['$T.A.T. by the river', []],
    ['that cost me 50 $D last night', []],
    ['Beat $C! Happy birthday P$C!!', []],
    ['I love my $T so much', []],
    ['$D up for the party tonight', []],
    ['T and D are letters; so is (T), so is T.', []],
    ['Grade: D, says the market analyst about the dividend', []],
  ])('count only in talk of markets or beside others: %s', (text, expected) => {
    const named = letters({ title: null, text, links: [], cashtags: findCashtags(text) });
    expect(named.map(({ id }) => id).toSorted()).toEqual(expected);
  });
});

describe('relevance', () => {
  it('is high for the only subject of a headline and low for one of many in a list', () => {
    const [only] = found('Nvidia cuts its outlook');
    expect(only?.relevance).toBeGreaterThanOrEqual(95);
    const list = found('Traders watch $AAPL $MSFT $NVDA $AMZN $TSLA $INTC $AMD $ORCL $IBM $NFLX today');
    expect(list.length).toBeGreaterThan(7);
    for (const { relevance } of list) expect(relevance).toBeLessThan(70);
  });

  it('falls from the title to the end of a long text', () => {
    const filler = 'The market moved on many other matters during the day. '.repeat(20);
    const named = found(`${filler} Pfizer was also mentioned.`, 'Nvidia cuts its outlook as Nvidia chips pile up');
    const of = (id: string): number => named.find((entity) => entity.id === id)?.relevance ?? 0;
    expect(of('nvidia')).toBeGreaterThan(60);
    expect(of('pfizer')).toBeLessThan(25);
    expect(of('pfizer')).toBeGreaterThan(0);
  });
});

describe('dated entries', () => {
  it('count in their own time only', () => {
    const entity = watched('meta', {
      name: 'Meta Platforms',
      tickers: ['META'],
      from: '2021-10-28',
      until: '2030-01-01',
    });
    const dated = createEntityMatcher([entity]);
    const on = (published_at: string): number =>
      dated({ title: null, text: 'Meta Platforms and $META fall', links: [], cashtags: ['META'], published_at }).length;
    expect(on('2021-10-27T23:59:59.000Z')).toBe(0);
    expect(on('2021-10-28T00:00:00.000Z')).toBe(1);
    expect(on('2030-01-01T00:00:00.000Z')).toBe(0);
  });
});
