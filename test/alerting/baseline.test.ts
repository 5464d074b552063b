import { describe, expect, it } from 'vitest';
import { baselineOf, historyOf, poolOf, robustRate, type History } from '../../alerting/baseline.ts';
import { hear, type Lanes } from '../../alerting/lanes.ts';
import { DAY, HOUR, START } from './opinions.ts';

const noPool = { negativePerHour: 0, share: 0.2 };

function history(windows: readonly number[], stories: number): History {
  const negative = windows.reduce((sum, value) => sum + value, 0);
  return { windows, windowHours: 8, stories, negative, lanes: [{ negative, hours: windows.length * 8 }] };
}

describe('the robust rate', () => {
  it('is the mean and the variance over the mean when nothing stands out', () => {
    // Mean 2, squares 1+1+0+0+1+1+0+0 = 4, over 7, over 2 = 0.29: under Poisson's, so 1.
    const rate = robustRate([1, 3, 2, 2, 3, 1, 2, 2]);
    expect(rate.mass / rate.weight).toBe(2);
    expect(rate.dispersion).toBe(1);
  });

  it('estimates dispersion above 1 for bursts', () => {
    // Mean 2, squares 8·4 = 32, over 7, over 2.
    expect(robustRate([0, 4, 0, 4, 0, 4, 0, 4]).dispersion).toBeCloseTo(32 / 7 / 2, 12);
  });

  it('is hardly moved by one past incident', () => {
    const quiet = Array.from({ length: 41 }, (_, index) => (index % 2 === 0 ? 1 : 0.4));
    const usual = robustRate(quiet);
    const after = robustRate([...quiet, 20]);
    // 21 windows of 1 and 20 of 0.4.
    expect(usual.mass / usual.weight).toBeCloseTo(29 / 41, 12);
    expect(after.mass / after.weight).toBeLessThan(0.85);
    // An arithmetic mean would be 1.17.
    expect(after.dispersion).toBeLessThan(3);
  });

  it('is nothing without history', () => {
    expect(robustRate([])).toEqual({ mass: 0, weight: 0, dispersion: 1 });
    expect(robustRate([0, 0])).toEqual({ mass: 0, weight: 2, dispersion: 1 });
  });
});

describe('the baseline', () => {
  it('joins own history and one day of the pooled rate', () => {
    // 30 windows of 2: mass 60 in 240 h; prior 0.5/h for 24 h = 12. Rate 72/264 an hour.
    const baseline = baselineOf(
      history(
        Array.from({ length: 30 }, () => 2),
        200,
      ),
      { negativePerHour: 0.5, share: 0.2 },
    );
    expect(baseline.expected).toBeCloseTo((72 / 264) * 8, 12);
    // Poisson variance, and that of the rate: expected²/72.
    expect(baseline.variance).toBeCloseTo(baseline.expected + baseline.expected ** 2 / 72, 12);
    expect(baseline.expectedShare).toBeCloseTo((60 + 0.2 * 20) / 220, 12);
    expect(baseline.hours).toBe(240);
  });

  it('expects the pooled rate of a series without any history', () => {
    const baseline = baselineOf(history([], 0), { negativePerHour: 0.25, share: 0.3 });
    expect(baseline.expected).toBeCloseTo(2, 12);
    expect(baseline.expectedShare).toBeCloseTo(0.3, 12);
    expect(baseline.variance).toBeCloseTo(2 + 4 / 6, 12);
  });

  it('takes silence while feeds ran for a history: less is expected than of the pool', () => {
    const silent = baselineOf(
      history(
        Array.from({ length: 42 }, () => 0),
        0,
      ),
      { negativePerHour: 0.25, share: 0.3 },
    );
    expect(silent.expected).toBeCloseTo((6 / (336 + 24)) * 8, 12);
  });

  it('never holds anything impossible, even where nothing negative was ever seen', () => {
    expect(baselineOf(history([0, 0, 0], 50), noPool).expected).toBeCloseTo((0.1 / 48) * 8, 12);
  });

  it('scales a feed that was added later up to the time it was watched', () => {
    // 240 h in all: feed a 240 h with 30, feed b 60 h with 30: per hour 0.125 + 0.5, where 60/240 = 0.25 was seen.
    const late: History = {
      ...history(
        Array.from({ length: 30 }, () => 2),
        200,
      ),
      lanes: [
        { negative: 30, hours: 240 },
        { negative: 30, hours: 60 },
      ],
    };
    const even = baselineOf(history(late.windows, 200), noPool);
    expect(baselineOf(late, noPool).expected).toBeCloseTo(even.expected * 2.5, 12);
  });

  it('pools all series of a kind', () => {
    const pool = poolOf([history([1, 1, 1], 10), history([0, 0, 3], 10)]);
    expect(pool.negativePerHour).toBeCloseTo(6 / 48, 12);
    expect(pool.share).toBeCloseTo((6 + 4) / 40, 12);
  });
});

/** Fetched long after: the feeds brought their past with them. */
const FETCHED = START + 30 * DAY;

describe('the history of a series', () => {
  const range = { from: START, to: START + 6 * DAY, windowMs: 8 * HOUR, learningHours: 96 };
  const bucket = (hours: number, lane: string, negative: number) => ({
    start: START + hours * HOUR,
    lanes: new Map([[lane, { stories: 1, negative }]]),
  });

  it('cuts the past into windows, the newest first, and leaves out days on which no feed spoke', () => {
    const lanes: Lanes = new Map();
    for (const day of [0, 1, 2, 4, 5]) hear(lanes, 'a', START + day * DAY, FETCHED);
    const found = historyOf([bucket(0, 'a', 0.5), bucket(143, 'a', 0.25), bucket(144, 'a', 9)], lanes, range);
    expect(found.windows).toHaveLength(15);
    expect(found.windows[0]).toBe(0.25);
    expect(found.windows.at(-1)).toBe(0.5);
    expect([found.stories, found.negative]).toEqual([2, 0.75]);
    expect(found.lanes).toEqual([{ negative: 0.75, hours: 120 }]);
  });

  it('leaves out feeds that are still learning', () => {
    const lanes: Lanes = new Map();
    for (const day of [0, 1, 2, 3, 4]) hear(lanes, 'a', START + day * DAY, FETCHED);
    for (const day of [4, 5]) hear(lanes, 'b', START + day * DAY, FETCHED);
    const found = historyOf([bucket(100, 'a', 0.5), bucket(130, 'b', 0.5)], lanes, range);
    expect(found.negative).toBe(0.5);
  });
});
