import { describe, expect, it } from 'vitest';
import { createUsualRate, type UsualRate } from '../../ingest/usual_rate.ts';

const HOUR = 3_600_000;
/** A Monday, 0 h. */
const MONDAY = Date.UTC(2026, 2, 2);

/** A source that was watched for so many hours and brought `count(hour of the week)` in each. */
function learnt(hours: number, count: (hourOfWeek: number) => number, rate = createUsualRate()): UsualRate {
  for (let hour = 0; hour < hours; hour += 1) rate.watched(MONDAY + hour * HOUR, count(hour % 168));
  return rate;
}
const silent = (rate: UsualRate, startHour: number, hours: number) =>
  rate.silence([[MONDAY + startHour * HOUR, MONDAY + (startHour + hours) * HOUR]]);

describe('the usual rate of a source', () => {
  it('is not known before some hours and documents', () => {
    expect(learnt(5, () => 100).perHour(MONDAY + 5 * HOUR)).toBeNull();
    expect(learnt(100, (hour) => (hour % 10 === 0 ? 1 : 0)).silence([[0, 1]])).toBeNull();
  });

  it('makes the same silence improbable for a wire and ordinary for a weekly', () => {
    const wire = learnt(336, () => 60);
    const daily = learnt(336, (hour) => (hour % 24 === 9 ? 3 : 0));
    expect(wire.perHour(MONDAY + 336 * HOUR)).toBeCloseTo(60, 0);
    expect(silent(wire, 336, 1)?.probability).toBeLessThan(1e-20);
    expect(silent(daily, 336, 6)?.probability).toBeGreaterThan(0.1);
    expect(silent(daily, 336, 24 * 7)?.probability).toBeLessThan(1e-3);
  });

  it('knows nights and weekends of a source that has them, and does not mistake the first weekend for an end', () => {
    const office = (hour: number): number => (hour < 120 && hour % 24 >= 8 && hour % 24 < 18 ? 10 : 0);
    const known = learnt(168 * 3, office);
    expect(silent(known, 168 * 3 - 50, 48)?.probability).toBeGreaterThan(1e-4);
    expect(silent(known, 168 * 3 + 9, 3)?.probability).toBeLessThan(1e-4);
    const first = learnt(120, office);
    expect(silent(first, 120, 24)?.probability).toBeGreaterThan(1e-6);
  });

  it('takes bursts into account: a source that brings a hundred at once may be silent longer than one that brings one at a time', () => {
    const even =
      silent(
        learnt(336, () => 4),
        336,
        6,
      )?.probability ?? 0;
    let hours = 0;
    const burst = (): number => ((hours += 1) % 25 === 0 ? 100 : 0);
    const bursts = silent(learnt(336, burst), 336, 6)?.probability ?? 0;
    expect(bursts).toBeGreaterThan(even * 1e6);
  });

  it('calls a silence a record only where it is longer than all but one of the last four weeks', () => {
    const rate = learnt(48, () => 10);
    for (const gap of [3 * HOUR, 9 * HOUR]) rate.watched(MONDAY + 48 * HOUR, 1, gap);
    expect(silent(rate, 48, 2)?.isRecord).toBe(false);
    expect(silent(rate, 48, 4)?.isRecord).toBe(true);
  });

  it('counts of a silence what was watched: ten hours with a break of a week in between are ten hours', () => {
    const rate = learnt(336, () => 10);
    const from = MONDAY + 336 * HOUR;
    const broken = rate.silence([
      [from, from + 4 * HOUR],
      [from + 172 * HOUR, from + 178 * HOUR],
    ]);
    expect(broken?.expected).toBeCloseTo(silent(rate, 336, 10)?.expected ?? 0, 3);
  });

  it('still knows, in a silence of two months, what was usual before it', () => {
    const rate = learnt(336, () => 10);
    for (let hour = 336; hour < 336 + 60 * 24; hour += 1) rate.watched(MONDAY + hour * HOUR, 0);
    expect(silent(rate, 336, 60 * 24)?.expected).toBeGreaterThan(10_000);
  });

  it('forgets what is older than four weeks, and is the same after a restart', () => {
    const rate = learnt(24 * 40, () => 5);
    expect(rate.history().hours).toHaveLength(28 * 24);
    const again = createUsualRate(structuredClone(rate.history()));
    expect(again.perHour(MONDAY + 24 * 40 * HOUR)).toBe(rate.perHour(MONDAY + 24 * 40 * HOUR));
  });
});
