import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCashtags } from '../../core/text.ts';
import { createEntityMatcher } from '../../ingest/entities.ts';
import { loadWatchlists, type WatchedEntity } from '../../ingest/watchlist.ts';

const match = createEntityMatcher(await loadWatchlists(['ingest/watchlist/starter.yaml']));
const found = (text: string, title: string | null = null) =>
  match({ title, text, links: [], cashtags: findCashtags(`${title ?? ''} ${text}`) });
const ids = (text: string): string[] => found(text).map(({ id }) => id).toSorted(); // prettier-ignore

interface Labelled {
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

  it('are told apart on the labelled set at 0.95 precision and recall or better, in both languages', () => {
    for (const chinese of [false, true]) {
      let right = 0;
      let extra = 0;
      let missed = 0;
      for (const { text, entities } of labelled) {
        if (/\p{Script=Han}/u.test(text) !== chinese) continue;
        const named = ids(text);
        right += named.filter((id) => entities.includes(id)).length;
        extra += named.filter((id) => !entities.includes(id)).length;
        missed += entities.filter((id) => !named.includes(id)).length;
      }
      expect(right / (right + extra)).toBeGreaterThanOrEqual(0.95);
      expect(right / (right + missed)).toBeGreaterThanOrEqual(0.95);
    }
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
    const entity: WatchedEntity = { id: 'meta', name: 'Meta Platforms', kind: 'company', tickers: ['META'], codes: [], aliases: [], aliases_zh: [], ambiguous: [], cased: [], context: [], not: [], from: '2021-10-28', until: '2030-01-01' }; // prettier-ignore
    const dated = createEntityMatcher([entity]);
    const on = (published_at: string): number =>
      dated({ title: null, text: 'Meta Platforms and $META fall', links: [], cashtags: ['META'], published_at }).length;
    expect(on('2021-10-27T23:59:59.000Z')).toBe(0);
    expect(on('2021-10-28T00:00:00.000Z')).toBe(1);
    expect(on('2030-01-01T00:00:00.000Z')).toBe(0);
  });
});
