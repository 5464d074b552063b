import { describe, expect, it } from 'vitest';
import { readEvents } from '../../backtest/events.ts';
import { eventStudy, LEAST_ALERTS } from '../../backtest/event_study.ts';
import { readMarket, readPrices } from '../../backtest/prices.ts';
import type { Close, Prices } from '../../backtest/prices.ts';
import { generator } from '../../backtest/random.ts';
import type { FiredAlert } from '../../backtest/run.ts';
import { proportion, scoreRun } from '../../backtest/score.ts';
import { combinations, parseOverrides, withOverrides } from '../../backtest/sweep.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const START = Date.UTC(2020, 0, 1);
/** An hour of allowed lateness. */
const TELLING_MS = HOUR;
const entityOf = (name: string): string | null =>
  ['acme', 'globex'].includes(name.toLowerCase()) ? name.toLowerCase() : null;

const alert = (entity: string, at: number): FiredAlert => ({
  id: `${entity} ${at}`,
  series: { kind: 'entity', entity, topic: null },
  key: `entity:${entity}`,
  name: entity,
  detector: 'surge',
  severity: 'warning',
  at,
  toldAt: at + TELLING_MS,
  resolvedAt: null,
  observed: 10,
  expected: 1,
  interval: { low: 0, high: 3 },
  qValue: 0.01,
  stories: 10,
  headlines: [],
  shown: null,
});

describe('known events', () => {
  it('are read by date or time, by entity or ticker, and kept where nobody watches them', () => {
    const text =
      '{"date":"2020-01-05","entity":"Acme","what":"fire"}\n{"at":"2020-01-02T03:00:00Z","ticker":"XYZ","ret":-0.08}\n';
    expect(readEvents(text, 'e', entityOf)).toEqual([
      { line: 2, at: START + DAY + 3 * 3_600_000, named: 'XYZ', entity: null, what: 'price -8.0%' },
      { line: 1, at: START + 4 * DAY, named: 'Acme', entity: 'acme', what: 'fire' },
    ]);
  });

  it.each([
    ['{"entity":"Acme"}', /e:1: it has neither date nor at/],
    ['\n{"date":"2020-01-01"}', /e:2: it has neither entity nor ticker/],
    ['{"date":"soon","entity":"Acme"}', /soon is no time/],
    ['[', /not JSON/],
  ])('that are wrong are refused with their line: %s', (text, message) => {
    expect(() => readEvents(text, 'e', entityOf)).toThrow(message);
  });
});

describe('the score', () => {
  const events = readEvents(
    ['2020-01-10', '2020-02-10', '2021-01-01'].map((date) => `{"date":"${date}","entity":"Acme"}`).join('\n'),
    'e',
    entityOf,
  );
  const period = { from: START, to: START + 100 * DAY };

  it('finds an event by an alert on its entity from a day before to five days after, and no other', () => {
    const alerts = [
      alert('acme', START + 8.5 * DAY),
      alert('globex', START + 40 * DAY),
      alert('acme', START + 60 * DAY),
    ];
    const score = scoreRun(alerts, events, period, []);
    expect(score.recall).toMatchObject({ hits: 1, of: 2 });
    expect(score.precision).toMatchObject({ hits: 1, of: 2 });
    // At 12:00 the day before, told an hour later.
    expect(score.medianDelayHours).toBe(-11);
    expect(score.events[2]).toMatchObject({ inPeriod: false, alert: null });
    expect(score.outside).toBe(1);
    expect(score.alertsPerWeek.all).toBeCloseTo(3 / (100 / 7));
  });

  it('does not count an alert six days late, or on another company', () => {
    expect(scoreRun([alert('acme', START + 16 * DAY)], events, period, []).recall.hits).toBe(0);
    expect(scoreRun([alert('globex', START + 9 * DAY)], events, period, []).recall.hits).toBe(0);
  });

  it('gives Wilson intervals, and none for nothing', () => {
    expect(proportion(0, 0).interval).toBeNull();
    const [low, high] = proportion(5, 10).interval ?? [0, 0];
    expect(low).toBeCloseTo(0.2366, 3);
    expect(high).toBeCloseTo(0.7634, 3);
  });
});

describe('prices after alerts', () => {
  const days = Array.from({ length: 200 }, (_, index) => new Date(START + index * DAY).toISOString().slice(0, 10));
  const csv = `date,symbol,close\n${days.map((day, index) => `${day},ACME,${100 * 0.999 ** index}`).join('\n')}\n`;
  const { prices } = readPrices(csv, 'p.csv', entityOf);

  /** 100 until the day of that number, then 50. */
  const stepAt = (fall: number): Prices =>
    new Map([['acme', days.map((day, index) => ({ day, close: index < fall + 1 ? 100 : 50 }))]]);

  it('are measured from the first close on a day after the alert, beside random days', () => {
    const alerts = [10, 50, 90].map((day) => alert('acme', START + day * DAY));
    const study = eventStudy(alerts, prices, null);
    const row = study.rows.find((one) => one.days === 5);
    expect(row?.mean).toBeCloseTo(0.999 ** 5 - 1, 9);
    // A steady fall is the same after alerts as on any other day: nothing was found.
    expect(row?.placebo).toBeCloseTo(row?.mean ?? 0, 9);
    expect(row?.tooFew).toBe(true);
    expect(study.usable).toBeLessThan(LEAST_ALERTS);
  });

  it('lose what the market did where a market is given', () => {
    const market = readMarket(csv, 'p.csv', 'acme');
    const study = eventStudy([alert('acme', START)], prices, market);
    for (const { mean } of study.rows) expect(mean).toBeCloseTo(0, 9);
    expect(study.market).toBe('acme');
    expect(eventStudy([alert('acme', START)], prices, null).market).toBeNull();
  });

  it('take the market from a symbol that nobody watches, and refuse one that the file has not', () => {
    const both = `${csv}${days.map((day, index) => `${day},SPY,${50 * 0.999 ** index}`).join('\n')}\n`;
    expect(readPrices(both, 'p.csv', entityOf)).toMatchObject({ notes: [], unwatched: ['SPY'] });
    const market = readMarket(both, 'p.csv', ' spy');
    expect(market.closes).toHaveLength(200);
    for (const { mean } of eventStudy([alert('acme', START)], prices, market).rows) expect(mean).toBeCloseTo(0, 9);
    expect(() => readMarket(both, 'p.csv', 'QQQ')).toThrow(/--market: p.csv has no closes of QQQ/);
  });

  it('begin with the first close after people were told, not after the bucket ended', () => {
    // The bucket ends at 23:30; people are told after midnight, so the next close is that of the day after.
    const late = eventStudy([alert('acme', START + 5 * DAY - HOUR / 2)], stepAt(5), null);
    expect(late.rows.find((one) => one.days === 1)?.mean).toBeCloseTo(0, 9);
    const early = eventStudy([alert('acme', START + 5 * DAY - 2 * HOUR)], stepAt(5), null);
    expect(early.rows.find((one) => one.days === 1)?.mean).toBeCloseTo(-0.5, 9);
  });

  it('show a fall that was planted after every alert, outside the placebo, and none where nothing was planted', () => {
    const random = generator(3);
    const closes: Close[] = [];
    let close = 100;
    const alertDays = new Set(Array.from({ length: 30 }, (_, index) => 10 + index * 20));
    for (let day = 0; day < 640; day += 1) {
      closes.push({ day: new Date(START + day * DAY).toISOString().slice(0, 10), close });
      // Told on day d, bought at the close of d + 1: the three days after it each lose 2%.
      const falls = [1, 2, 3].some((back) => alertDays.has(day - back)) ? 0.98 : 1;
      close *= falls * (1 + (random() - 0.5) * 0.01);
    }
    const planted = [...alertDays].map((day) => alert('acme', START + day * DAY + 10 * HOUR));
    const study = eventStudy(planted, new Map([['acme', closes]]), null);
    const three = study.rows.find((one) => one.days === 3);
    expect(three?.mean).toBeCloseTo(0.98 ** 3 - 1, 2);
    expect(three?.interval[1]).toBeLessThan(-0.05);
    expect(three?.rank).toBeLessThan(0.001);
    expect(three?.mean).toBeLessThan(three?.placeboInterval[0] ?? -1);
    expect(three?.tooFew).toBe(false);
    const elsewhere = [...alertDays].map((day) => alert('acme', START + (day + 8) * DAY + 10 * HOUR));
    const none = eventStudy(elsewhere, new Map([['acme', closes]]), null).rows.find((one) => one.days === 3);
    expect(Math.abs(none?.mean ?? 1)).toBeLessThan(0.01);
  });

  it('may stand in a column a symbol; a wrong one is refused with its line', () => {
    expect(readPrices('date,ACME,OTHER\n2020-01-01,5,6\n', 'p', entityOf).prices).toEqual(
      new Map([['acme', [{ day: '2020-01-01', close: 5 }]]]),
    );
    expect(() => readPrices('date,symbol,close\n2020-01-01,ACME,-1\n', 'p', entityOf)).toThrow(/p:2: the close "-1"/);
    expect(() => readPrices('when,what\n1,2\n', 'p', entityOf)).toThrow(/columns when, what/);
  });
});

describe('a sweep', () => {
  it('is every combination, the last setting changing fastest', () => {
    const grid = combinations([parseOverrides('a=1,2'), parseOverrides('b.c=x,true')]);
    expect(grid.map((one) => one.map(({ value }) => value))).toEqual([
      [1, 'x'],
      [1, true],
      [2, 'x'],
      [2, true],
    ]);
    expect(combinations([])).toEqual([[]]);
  });

  it('puts values where they belong and says where there is no such place', () => {
    const settings = { alerting: { detectors: [{ fire_score: 4 }] } };
    const changed = withOverrides(settings, parseOverrides('alerting.detectors.0.fire_score=3'));
    expect(changed).toEqual({ alerting: { detectors: [{ fire_score: 3 }] } });
    expect(settings.alerting.detectors[0]?.fire_score).toBe(4);
    expect(() => withOverrides(settings, parseOverrides('alerting.nothing.x=3'))).toThrow(/There is no setting/);
    expect(() => parseOverrides('no value')).toThrow(/path=value/);
  });
});
