import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeriesDetector } from '../../alerting/detect/detect.ts';
import { createRest } from '../../alerting/detect/rest.ts';
import { createSeasonal } from '../../alerting/detect/seasonal.ts';
import { createShape } from '../../alerting/detect/shape.ts';
import { createTail } from '../../alerting/detect/tail.ts';
import { DAY, HOUR, START, randomFrom } from './opinions.ts';

const MINUTE = 60_000;

interface Row {
  readonly time: number;
  readonly value: number;
}

function scoresOf(rows: readonly Row[]): number[] {
  const detector = createSeriesDetector();
  return rows.map(({ time, value }) => detector.score(time, value));
}

/** Counts a quarter of an hour with a daily swing: some 20 at noon, some 4 at night. */
function daily(days: number, seed = 1): Row[] {
  const random = randomFrom(seed);
  return Array.from({ length: days * 96 }, (_, index) => {
    const mean = 12 - 8 * Math.cos((2 * Math.PI * index) / 96);
    const spread = (random() + random() + random() - 1.5) * 2 * Math.sqrt(mean);
    return { time: START + index * 15 * MINUTE, value: Math.max(0, Math.round(mean + spread)) };
  });
}

const changed = (rows: readonly Row[], from: number, to: number, value: (usual: number) => number): Row[] =>
  rows.map((row, index) => (index >= from && index < to ? { ...row, value: value(row.value) } : row));

describe('the series detector', () => {
  it('gives no earlier row another score when the future is cut off', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gap: fc.integer({ min: 0, max: 7_200_000 }),
            value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
          }),
          {
            minLength: 150,
            maxLength: 400,
          },
        ),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, share) => {
          let time = START;
          const rows = steps.map(({ gap, value }) => ({ time: (time += gap), value }));
          const cut = Math.floor(rows.length * share);
          expect(scoresOf(rows.slice(0, cut))).toEqual(scoresOf(rows).slice(0, cut));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('keeps scores in [0, 1] and finite for any step, order of time and size of value', () => {
    for (const step of [0, 1000, 5 * MINUTE, HOUR, DAY, 30 * DAY, -MINUTE]) {
      for (const scale of [0, 1e-12, 1, 1e300]) {
        const random = randomFrom(3);
        const rows = Array.from({ length: 400 }, (_, index) => ({
          time: START + index * step,
          value: scale * (random() - 0.5),
        }));
        for (const score of scoresOf(rows)) expect(score >= 0 && score <= 1).toBe(true);
      }
    }
  });

  it('says little about weeks of noise with a daily rhythm', () => {
    expect(scoresOf(daily(21)).filter((score) => score >= 0.3)).toEqual([]);
  });

  it('finds a spike, once', () => {
    const at = 14 * 96 + 20;
    const scores = scoresOf(changed(daily(16), at, at + 3, () => 120));
    const found = scores.flatMap((score, row) => (score >= 0.3 ? [row] : []));
    expect(found[0]).toBe(at);
    expect(found.filter((row) => row > at + 3 && row < at + 30)).toEqual([]);
  });

  it('finds a noon value at midnight, which is usual at noon', () => {
    const at = 14 * 96;
    const scores = scoresOf(changed(daily(16), at, at + 2, () => 24));
    expect(Math.max(...scores.slice(at, at + 2))).toBeGreaterThan(0.2);
    expect(Math.max(...scoresOf(daily(16)).slice(at, at + 2))).toBe(0);
  });

  it('finds a lasting new level within hours', () => {
    const at = 14 * 96;
    const scores = scoresOf(changed(daily(16), at, 16 * 96, (usual) => usual + 25));
    expect(Math.max(...scores.slice(at, at + 12))).toBeGreaterThan(0.3);
  });

  it('finds a gauge that stands still, and says so once', () => {
    const random = randomFrom(5);
    const rows = Array.from({ length: 2000 }, (_, index) => ({
      time: START + index * 5 * MINUTE,
      value: 50 + random(),
    }));
    const stuck = changed(rows, 1200, 2000, () => 50.5);
    const scores = scoresOf(stuck);
    expect(Math.max(...scores.slice(1200, 1220))).toBeGreaterThan(0.5);
    expect(scores.slice(1220, 1400).filter((score) => score > 0.3)).toEqual([]);
  });
});

describe('its parts', () => {
  it('gives ranks within the sample and an exponential tail beyond it', () => {
    const tail = createTail({ memory: 1000, warmUp: 100, logarithmic: false });
    for (let value = 1; value <= 1000; value += 1) tail.push(value);
    expect(tail.decades(501)).toBeCloseTo(-Math.log10(501 / 1001), 12);
    // The upper 50 begin at 951 with a mean excess of 24.5: at 951 + 24.5 ln 10 it is one decade more than 1 in 20.
    expect(tail.decades(951 + 24.5 * Math.LN10)).toBeCloseTo(Math.log10(20) + 1, 6);
  });

  it('forgets what is older than its memory', () => {
    const tail = createTail({ memory: 100, warmUp: 100, logarithmic: false });
    for (let value = 0; value < 100; value += 1) tail.push(1e6);
    for (let value = 0; value < 100; value += 1) tail.push(value);
    expect(tail.decades(50)).toBeCloseTo(-Math.log10(51 / 101), 12);
  });

  it('learns the hour of the day, and the weekday where that forecasts better', () => {
    const seasonal = createSeasonal({ days: 14, weeks: 6 });
    const value = (time: number): number => (Math.floor(time / DAY) % 7 === 4 ? 100 : 10) + ((time / HOUR) % 24);
    for (let time = START; time < START + 42 * DAY; time += HOUR) seasonal.push(time, value(time));
    const monday = START + 42 * DAY + 12 * HOUR;
    expect(seasonal.expect(monday)).toBeCloseTo(value(monday), 6);
    expect(
      Array.from({ length: 7 }, (_, day) => Math.round(seasonal.expect(monday + day * DAY) ?? 0)).sort((a, b) => a - b),
    ).toEqual([22, 22, 22, 22, 22, 22, 112]);
  });

  it('measures a shape by its nearest likes, whole distances over', () => {
    const shape = createShape({ length: 2, memory: 50 });
    for (const value of [0, 0, 3, 4, 0, 0]) shape.push(value);
    // Stretches before that do not overlap with (0, 0): (0, 0) at 0, (0, 3) at 3, (3, 4) at 5.
    expect(shape.distance()).toBeCloseTo((0 + 3 + 5) / 3, 12);
  });

  it('rests after a finding, but lets through what is far worse', () => {
    const rest = createRest({ share: 0, leastRows: 5, mostRows: 5, finding: 3, beatUnremarkable: 0.1, beatFinding: 3 });
    expect([1, 1.05, 4, 5, 6.9, 8, 1, 1, 1, 1, 1, 1, 4].map((decades) => rest.admit(decades))).toEqual([
      1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,
    ]);
  });
});
