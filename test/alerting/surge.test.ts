import { describe, expect, it } from 'vitest';
import type { Baseline } from '../../alerting/baseline.ts';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { observe } from '../../alerting/observation.ts';
import type { SeriesWindow } from '../../alerting/window.ts';
import { HOUR, START, opinionOf } from './opinions.ts';

const detector = createSurge('surge', surge.settings.parse({}));
const quiet: Baseline = { expected: 1, variance: 1.2, expectedShare: 0.2, hours: 240 };

function windowOf(facts: { negative: number; neutral?: number; authors?: number }): SeriesWindow {
  const driving = Array.from({ length: facts.negative }, (_, index) =>
    observe(
      opinionOf({ id: `n${index}`, time: START + index, negative: 0.9, author: `a${index % (facts.authors ?? 99)}` }),
    ),
  );
  return {
    series: { kind: 'entity', entity: 'acme', topic: null },
    start: START,
    end: START + 8 * HOUR,
    stories: facts.negative + (facts.neutral ?? 0),
    negative: facts.negative * 0.9 + (facts.neutral ?? 0) * 0.1,
    driving,
    authors: new Set(driving.map(({ author }) => author)).size,
    documents: facts.negative,
    copies: new Map(),
    capped: 0,
  };
}

describe('surge', () => {
  it('calls many more negative stories than usual, by many authors, an anomaly', () => {
    const judgement = detector.evaluate(windowOf({ negative: 18, neutral: 2 }), quiet);
    expect(judgement.anomalous).toBe(true);
    expect(judgement.observed).toBeCloseTo(16.4, 12);
    expect(judgement.score).toBeGreaterThan(6);
    expect(judgement.reasons[0]).toBe(
      `16 negative stories in 8 h where 1.0 were expected (95% interval 0 to 4): score ${judgement.score.toFixed(1)}, at or above 4.`,
    );
  });

  it('says what was usual about a usual window', () => {
    const judgement = detector.evaluate(windowOf({ negative: 1, neutral: 3 }), quiet);
    expect(judgement.anomalous).toBe(false);
    expect(judgement.score).toBeLessThan(1);
    expect(judgement.reasons).toContain('1 stories lean negative; fewer than 6.');
  });

  it('keeps still on a busy day with the usual share', () => {
    // 12 of 60 stories negative where 20% are usual: many, but no larger part.
    const judgement = detector.evaluate(windowOf({ negative: 12, neutral: 48 }), {
      ...quiet,
      expected: 3,
      variance: 3.5,
      expectedShare: 0.27,
    });
    expect(judgement.score).toBeGreaterThan(4);
    expect(judgement.anomalous).toBe(false);
  });

  it('keeps still when the share is high and the number usual', () => {
    const judgement = detector.evaluate(windowOf({ negative: 8 }), { ...quiet, expected: 6, variance: 9 });
    expect(judgement.observedShare).toBeCloseTo(0.9, 12);
    expect(judgement.anomalous).toBe(false);
  });

  it('asks for stories and for authors', () => {
    expect(detector.mayFire(windowOf({ negative: 5 }))).toBe(false);
    expect(detector.mayFire(windowOf({ negative: 6 }))).toBe(true);
    expect(detector.mayFire(windowOf({ negative: 6, authors: 3 }))).toBe(false);
    expect(detector.evaluate(windowOf({ negative: 12, authors: 4 }), quiet).anomalous).toBe(false);
  });

  it('is slower to fire where news comes in bursts', () => {
    const steady = detector.evaluate(windowOf({ negative: 10 }), { ...quiet, expected: 3, variance: 3 });
    const bursty = detector.evaluate(windowOf({ negative: 10 }), { ...quiet, expected: 3, variance: 12 });
    expect(bursty.score).toBeLessThan(steady.score);
  });

  it('stands an empty window', () => {
    const judgement = detector.evaluate(windowOf({ negative: 0 }), quiet);
    expect([judgement.observedShare, judgement.pValue, judgement.anomalous]).toEqual([0, 1, false]);
    expect(Number.isFinite(judgement.score)).toBe(true);
  });
});
