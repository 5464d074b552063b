import { describe, expect, it } from 'vitest';
import { createDriftWatch, referenceOf, stabilityIndex } from '../../classifier/drift.ts';
import type { Sentiment } from '../../core/event.ts';

const seen = (sentiment: Sentiment, count: number, confidence = 0.93) =>
  Array.from({ length: count }, () => ({ sentiment, topic: 'Earnings', confidence }));

describe('drift', () => {
  it('is the population stability index, by hand', () => {
    const index = stabilityIndex({ a: 0.6, b: 0.4 }, { a: 0.5, b: 0.5 });
    expect(index).toBeCloseTo(0.1 * Math.log(0.6 / 0.5) - 0.1 * Math.log(0.4 / 0.5), 10);
    expect(stabilityIndex({ a: 1 }, { a: 1 })).toBe(0);
  });

  it('is near zero on the same mixture, and rises when the mixture changes', () => {
    const gauges = new Map<string, number>();
    const none = (): void => undefined;
    const metrics = {
      drift: (measure: string, psi: number) => void gauges.set(measure, psi),
      abstained: none,
      current: none,
      swap: none,
    };
    const mixture = [...seen('negative', 200), ...seen('neutral', 600), ...seen('positive', 200)];
    const watch = createDriftWatch(referenceOf(mixture), metrics, 1000);
    watch.see(mixture.slice(0, 100));
    expect(gauges.size).toBe(0);
    watch.see(mixture.slice(100));
    expect(gauges.get('sentiment')).toBeCloseTo(0, 6);
    watch.see(seen('negative', 1000, 0.5));
    expect(gauges.get('sentiment')).toBeGreaterThan(0.25);
    expect(gauges.get('confidence')).toBeGreaterThan(0.25);
    expect(gauges.get('topic')).toBeCloseTo(0, 6);
  });
});
