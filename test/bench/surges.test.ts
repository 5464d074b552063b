import { describe, expect, it } from 'vitest';
import { rollingDeviation, seasonalHybridEsd, spikeRatio, staticThreshold } from '../../bench/alerting/surge_peers.ts';
import {
  falsePerMonth,
  firings,
  interval,
  joined,
  medianDelay,
  newTally,
  recallOf,
  talliesOf,
  tallyAlerts,
} from '../../bench/alerting/surge_scoring.ts';
import { DAY, HOUR, LEARNING_DAYS, START, surgeStream, type SurgeStream } from '../../bench/alerting/surge_stream.ts';

/** 20 days of hourly counts with a daily rhythm and small change, one hour of them raised. */
function rhythm(raised: number | null): Float64Array {
  return Float64Array.from({ length: 480 }, (_, hour) =>
    hour === raised ? 40 : 6 + Math.round(4 * Math.sin((2 * Math.PI * hour) / 24)) + ((hour * 7) % 3),
  );
}

describe('the rules that people use today', () => {
  it('count the last hours', () => {
    expect([...staticThreshold(2).strengths(Float64Array.of(1, 2, 3, 4))]).toEqual([1, 3, 5, 7]);
  });

  it('divide by the window before, where enough was counted', () => {
    const counts = Float64Array.of(1, 1, 2, 4, 0, 0, 9, 3);
    expect([...spikeRatio(2, 6).strengths(counts)]).toEqual([0, 0, 0, 0, 0, 0, 9 / 4, 12]);
  });

  it('standardise by mean and deviation of seven days', () => {
    const counts = Float64Array.from({ length: 169 }, (_, hour) => (hour === 168 ? 10 : hour % 2));
    const past = counts.slice(1);
    const mean = past.reduce((sum, value) => sum + value, 0) / 168;
    const deviation = Math.sqrt(past.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 168);
    expect(rollingDeviation(1).strengths(counts)[168]).toBeCloseTo((10 - mean) / deviation, 9);
  });

  it('S-H-ESD finds a raised hour and not the rhythm', () => {
    const strengths = seasonalHybridEsd().strengths(rhythm(400));
    expect(strengths[400]).toBeGreaterThan(10);
    expect(Math.max(...seasonalHybridEsd().strengths(rhythm(null)))).toBeLessThan(2);
  });

  it('fire once, hold two hours, and rest a day', () => {
    const strengths = new Float64Array(80);
    for (const hour of [3, 5, 10, 40]) strengths[hour] = 9;
    // Over at hour 7; the one at hour 10 falls into the rest.
    expect(firings(strengths, 9)).toEqual([3, 40]);
  });
});

describe('what alerts are worth', () => {
  const at = START + (LEARNING_DAYS + 2) * DAY;
  const stream: SurgeStream = {
    posts: [],
    entities: ['a', 'b'],
    days: LEARNING_DAYS + 30,
    planted: [
      { entity: 'a', kind: 'small', from: at, to: at + 12 * HOUR },
      { entity: 'b', kind: 'large', from: at, to: at + 12 * HOUR },
      { entity: 'b', kind: 'flood', from: at + 10 * DAY, to: at + 10 * DAY + 12 * HOUR },
      { entity: '*', kind: 'outage', from: at + 20 * DAY, to: at + 21 * DAY },
    ],
  };

  it('counts surges found with their delay, and false alerts by what tempted them', () => {
    const tally = newTally();
    tallyAlerts(tally, stream, [
      { entity: 'a', at: at + 5 * HOUR },
      { entity: 'a', at: at + 30 * HOUR },
      { entity: 'b', at: at + 10 * DAY + HOUR },
      { entity: 'b', at: at + 21 * DAY + HOUR },
      { entity: 'b', at: at + 27 * DAY },
      { entity: 'b', at: START + DAY },
    ]);
    expect([recallOf(tally), recallOf(tally, ['small']), recallOf(tally, ['large'])]).toEqual([0.5, 1, 0]);
    expect(medianDelay(tally)).toBe(5);
    expect(Object.fromEntries(tally.falseAlerts)).toEqual({ flood: 1, outage: 1, nothing: 1 });
    expect(falsePerMonth(tally)).toBe(3 / 2);
  });

  it('plants the same stream for the same seed, surges of different people', () => {
    const one = surgeStream(5, 2, 60);
    expect(surgeStream(5, 2, 60).posts).toEqual(one.posts);
    const surge = one.planted.find(({ kind }) => kind === 'large');
    const during = one.posts.filter(
      ({ entity, time }) => entity === surge?.entity && time >= surge.from && time < surge.to,
    );
    expect(new Set(during.map(({ author }) => author)).size).toBeGreaterThan(20);
  });

  it('adds up to the same by company, and draws companies again for an interval', () => {
    const alerts = [
      { entity: 'a', at: at + 5 * HOUR },
      { entity: 'b', at: at + 27 * DAY },
    ];
    const whole = newTally();
    tallyAlerts(whole, stream, alerts);
    const tallies = talliesOf(stream, alerts);
    expect(joined(tallies)).toEqual(whole);
    // Two companies, one with the only surge found: a draw finds none, half or all.
    expect(interval([tallies], (drawn) => recallOf(drawn ?? whole))).toEqual([0, 1]);
    expect(interval([tallies, tallies], (one, other) => recallOf(one ?? whole) - recallOf(other ?? whole))).toEqual([
      0, 0,
    ]);
  });

  it('plants swarms of many accounts with a post or two each, some of which ingest comes to see as coordinated', () => {
    const { posts, planted } = surgeStream(5, 4, 84);
    const swarms = planted.filter(({ kind }) => kind === 'swarm');
    expect(swarms).toHaveLength(4);
    const highest: number[] = [];
    for (const { entity, from, to } of swarms) {
      const own = posts.filter((one) => one.entity === entity && one.time >= from && one.time < to);
      const by = new Map<string, number>();
      for (const { author } of own) if (author.includes('swarm')) by.set(author, (by.get(author) ?? 0) + 1);
      if (by.size === 0) continue; // It fell into an outage.
      expect(Math.max(...by.values())).toBeLessThanOrEqual(2);
      highest.push(Math.max(...own.map(({ coordinated }) => coordinated)));
    }
    // One whose posts share no words and whose accounts nobody can tell from readers scores nothing.
    expect(Math.max(...highest)).toBeGreaterThan(0.5);
    expect(posts.filter(({ news, coordinated }) => news && coordinated > 0)).toEqual([]);
  });
});
