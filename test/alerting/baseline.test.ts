import { describe, expect, it } from 'vitest';
import { baselineOf, type Baseline } from '../../alerting/baseline.ts';
import type { Pool } from '../../alerting/baseline_level.ts';
import { createExposures, type Exposures } from '../../alerting/exposure.ts';
import { hear, type Lanes } from '../../alerting/lanes.ts';
import { newPast, remember, type Past } from '../../alerting/past.ts';
import { FIRST_POOL, poolOf } from '../../alerting/pools.ts';
import { FLAT, hourOfWeek, profileOf } from '../../alerting/seasonality.ts';
import { DAY, HOUR, START, randomFrom } from './opinions.ts';

const rules = { windowMs: 8 * HOUR, historyMs: 28 * DAY, halfLifeMs: 1e6 * DAY, learningHours: 96 };
const pool: Pool = { ...FIRST_POOL, dispersion: 1, storyDispersion: 1 };
const NOTHING = new Map<string, number>();

interface Story {
  readonly at: number;
  readonly negative?: number;
  readonly lane?: string;
}

/** `others` stories an hour of the feed beside those of the series, on days for which `open` holds. */
function world(own: readonly Story[], options: { days?: number; others?: (at: number) => number; lane?: string } = {}) {
  const { days = 28, others = () => 10, lane = 'feed' } = options;
  const lanes: Lanes = new Map();
  const past = newPast();
  for (let at = START; at < START + days * DAY; at += HOUR) {
    for (let index = others(at); index > 0; index -= 1) hear(lanes, lane, at + index, at + 60 * DAY);
  }
  for (const { at, negative = 0.5, lane: of = lane } of own) {
    hear(lanes, of, at, at + 60 * DAY);
    remember(past, of, at, negative, 1, rules);
  }
  return { lanes, past, own };
}

interface World {
  readonly lanes: Lanes;
  readonly past: Past;
  readonly own: readonly Story[];
}

function at(end: number, { lanes, past, own }: World, changes: Partial<typeof rules> = {}): Baseline {
  const window = new Map<string, number>();
  for (const { at: time, lane = 'feed' } of own) {
    if (time >= end - rules.windowMs && time < end) window.set(lane, (window.get(lane) ?? 0) + 1);
  }
  return baselineOf(past, window, createExposures(lanes, { ...rules, ...changes })(end), pool);
}

const every = (hours: number, days: number, from = 0): Story[] =>
  Array.from({ length: (days * 24) / hours }, (_, index) => ({ at: START + from * DAY + index * hours * HOUR }));

describe('the level', () => {
  it('expects what was usual: one story of 0.5 an hour makes 4 in 8 hours', () => {
    const { negative, stories, expectedShare } = at(START + 28 * DAY, world(every(1, 28)));
    expect(negative.expected).toBeGreaterThan(3.7);
    expect(negative.expected).toBeLessThan(4.1);
    expect(stories.expected / negative.expected).toBeGreaterThan(1.9);
    expect(expectedShare).toBeCloseTo(0.5, 1);
  });

  it('takes silence while feeds ran for a history', () => {
    const silent = at(START + 28 * DAY, world([]));
    const unknown = baselineOf(
      newPast(),
      NOTHING,
      { ...emptyExposures(), windowHours: 8 },
      { ...pool, negativePerHour: 0.25 },
    );
    expect(unknown.negative.expected).toBeCloseTo(2, 9);
    expect(silent.negative.expected).toBeLessThan(0.02);
    expect(silent.negative.expected).toBeGreaterThan(0);
  });

  it('is hardly moved by one past incident', () => {
    const usual = every(4, 28);
    const incident = Array.from({ length: 40 }, (_, index) => ({
      at: START + 15 * DAY + index * 60_000,
      negative: 0.9,
    }));
    const before = at(START + 28 * DAY, world(usual)).negative;
    const after = at(START + 28 * DAY, world([...usual, ...incident])).negative;
    expect(after.expected / before.expected).toBeLessThan(1.25);
    // An arithmetic mean would be up by 36 / 84 a window, on 1.
    expect(after.dispersion).toBeLessThan(2.5);
  });

  it('follows a trend by its half-life', () => {
    const grown = world([...every(8, 28), ...every(2, 14, 14)]);
    const slow = at(START + 28 * DAY, grown).negative.expected;
    const quick = at(START + 28 * DAY, grown, { halfLifeMs: 4 * DAY }).negative.expected;
    // Today's truth: 4 + 1 stories of 0.5 in 8 hours.
    expect(quick).toBeGreaterThan(slow * 1.15);
    expect(quick).toBeGreaterThan(1.9);
  });

  it('does not average a feed that was added later with the time before it', () => {
    const own = every(2, 7, 21).map((story) => ({ ...story, lane: 'second' }));
    const { negative } = at(START + 28 * DAY, world(own));
    // 4 stories of 0.5 in 8 hours since it runs; over all 28 days it would be 0.5.
    expect(negative.expected).toBeGreaterThan(1.5);
  });

  it('shrinks a thin series to its kind, a thick one hardly', () => {
    const rich: Pool = { ...pool, negativePerHour: 2, hours: 24 };
    const expected = (own: Story[]): number => {
      const { lanes, past } = world(own, { days: 6 });
      return baselineOf(past, NOTHING, createExposures(lanes, rules)(START + 6 * DAY), rich).negative.expected;
    };
    expect(expected([])).toBeGreaterThan(2);
    expect(expected(every(1, 6))).toBeLessThan(7);
  });
});

function emptyExposures(): Exposures {
  return createExposures(new Map(), rules)(START);
}

describe('seasonality and exposure', () => {
  const isDay = (time: number): boolean => new Date(time).getUTCHours() >= 8 && new Date(time).getUTCHours() < 20;

  it('learns the day of a feed and expects little at night', () => {
    const own = every(1, 28).filter((story) => isDay(story.at));
    const made = world(own, { others: (time) => (isDay(time) ? 20 : 1) });
    const day = at(START + 27 * DAY + 18 * HOUR, made).negative.expected;
    const night = at(START + 28 * DAY + 6 * HOUR, made).negative.expected;
    expect(day).toBeGreaterThan(3.5);
    expect(night / day).toBeLessThan(0.35);
  });

  it('learns the swing of a series beside its feed', () => {
    const own = every(1, 28).filter((story) => isDay(story.at));
    const made = world(own, { others: () => 10 });
    const noon = at(START + 27 * DAY + 16 * HOUR, made);
    const night = at(START + 28 * DAY + 6 * HOUR, made);
    expect(noon.season).toBeGreaterThan(1.3);
    expect(night.season).toBeLessThan(0.7);
  });

  it('takes a holiday of the feed neither for a lower rate nor for a usual day', () => {
    // Since day 26 the feed says a fifth of the usual.
    const quiet = (time: number): boolean => time >= START + 26 * DAY;
    const own = every(1, 28).filter(({ at: time }, index) => !quiet(time) || index % 5 === 0);
    const made = world(own, { others: (time) => (quiet(time) ? 10 : 50) });
    const holiday = at(START + 28 * DAY, made);
    expect(holiday.activity).toBeLessThan(0.35);
    expect(holiday.negative.expected).toBeLessThan(1.6);
    expect(holiday.negative.perHour).toBeGreaterThan(0.42);
  });

  it('learns nothing from days on which the feed was not watched', () => {
    const off = (time: number): boolean => time >= START + 10 * DAY && time < START + 20 * DAY;
    const own = every(1, 28).filter((story) => !off(story.at));
    const { negative, blocks } = at(START + 28 * DAY, world(own, { others: (time) => (off(time) ? 0 : 10) }));
    expect(negative.expected).toBeGreaterThan(3.6);
    expect(blocks.length).toBeLessThan(56);
  });

  it('shrinks hours of the week to hours of the day, those to the whole, and that to no swing', () => {
    const usual = new Float64Array(168).fill(1);
    expect(profileOf(new Float64Array(168), usual)).toBe(FLAT);
    const once = new Float64Array(168);
    once[hourOfWeek(START + 9 * HOUR)] = 3;
    expect(Math.max(...profileOf(once, usual))).toBeLessThan(1.4);
    const daily = Float64Array.from({ length: 168 }, (_, hour) => (hour % 24 === 9 ? 400 : 10));
    const profile = profileOf(daily, usual);
    expect(profile[9]).toBeGreaterThan(10);
    // Hours never seen of a day of the week borrow from the same hour of the other days.
    const sundayUnseen = Float64Array.from(daily, (count, hour) => (hour >= 144 ? 0 : count));
    const unseen = Float64Array.from(usual, (_, hour) => (hour >= 144 ? 0 : 1));
    expect(profileOf(sundayUnseen, unseen)[144 + 9]).toBeGreaterThan(8);
    expect([...profile].reduce((sum, value) => sum + value, 0) / 168).toBeCloseTo(1, 9);
  });
});

describe('the pool', () => {
  it('says how alike members are: the prior of a mixed kind is worth less', () => {
    const random = randomFrom(3);
    const make = (rates: readonly number[]): { hours: number } => {
      const lanes: Lanes = new Map();
      const pasts = rates.map((rate) => {
        const own: Story[] = [];
        for (let time = START; time < START + 28 * DAY; time += HOUR) if (random() < rate) own.push({ at: time + 1 });
        const made = world(own);
        for (const [name, lane] of made.lanes) lanes.set(name, lane);
        return made.past;
      });
      return poolOf(pasts, createExposures(lanes, rules)(START + 28 * DAY));
    };
    expect(make([0.01, 0.02, 0.9, 0.9, 0.05, 0.8]).hours).toBeLessThan(make([0.2, 0.2, 0.2, 0.2, 0.2, 0.2]).hours);
  });
});
