import { describe, expect, it } from 'vitest';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import type { Judgement } from '../../alerting/detector.ts';
import { baselineWith, level, stories, windowOver, type BaselineFacts } from './made.ts';

const detector = createSurge('surge', surge.settings.parse({}));

const judge = (negative: number, neutral = 0, baseline: BaselineFacts = {}, authors = 99): Judgement =>
  detector.evaluate(windowOver(stories(negative, neutral, authors)), baselineWith(baseline), new Map());

describe('surge', () => {
  it('calls many more negative stories than usual, by many authors, an anomaly', () => {
    const judgement = judge(18, 2);
    expect(judgement.anomalous).toBe(true);
    expect(judgement.observed).toBeCloseTo(16.4, 12);
    expect(judgement.score).toBeGreaterThan(6);
    expect(judgement.reasons[0]).toContain('16 negative stories in 8 h where 1.0 were expected (95% interval 0 to 4)');
  });

  it('says what was usual about a usual window', () => {
    const judgement = judge(1, 3);
    expect(judgement.anomalous).toBe(false);
    expect(judgement.score).toBeLessThan(1);
    expect(judgement.reasons.join(' ')).toContain('1 stories (at least 6)');
  });

  it('keeps still on a busy day with the usual share', () => {
    // 12 of 60 stories negative where 27% are usual: many, but no larger part.
    const judgement = judge(12, 48, { negative: level(3, 3.5), share: 0.27 });
    expect(judgement.score).toBeGreaterThan(4);
    expect(judgement.anomalous).toBe(false);
  });

  it('does not wait for a larger share from ten times the expected number on, unless the share is improbably small', () => {
    // 10.8 where 0.5 were expected: sober words about a collapse leave the share near the usual one.
    const sober = judge(12, 28, { negative: level(0.5, 0.7), share: 0.25 });
    expect(sober.anomalous).toBe(true);
    expect(sober.reasons.join(' ')).toContain('which from 10 times the expected number is not asked for');
    expect(judge(12, 28, { negative: level(1.5, 2), share: 0.25 }).anomalous).toBe(false);
    // A share as usual or somewhat under it says nothing against a collapse that is told in sober words.
    expect(judge(12, 28, { negative: level(0.5, 0.7), share: 0.35 }).anomalous).toBe(true);
    expect(judge(12, 28, { negative: level(0.5, 0.7), share: 0.7 }).anomalous).toBe(false);
  });

  it('keeps still when the share is high and the number usual', () => {
    const judgement = judge(8, 0, { negative: level(6, 9) });
    expect(judgement.observedShare).toBeCloseTo(0.9, 12);
    expect(judgement.anomalous).toBe(false);
  });

  it('asks for stories, authors, documents and outlets', () => {
    expect(detector.mayFire(windowOver(stories(5)))).toBe(false);
    expect(detector.mayFire(windowOver(stories(6)))).toBe(true);
    expect(judge(12, 0, {}, 4).anomalous).toBe(false);
    const strict = createSurge('surge', surge.settings.parse({ min_sources: 2 }));
    expect(strict.evaluate(windowOver(stories(12)), baselineWith({}), new Map()).anomalous).toBe(false);
    const many = createSurge('surge', surge.settings.parse({ min_documents: 20 }));
    expect(many.evaluate(windowOver(stories(12)), baselineWith({}), new Map()).anomalous).toBe(false);
  });

  it('is slower to fire where news comes in bursts', () => {
    expect(judge(10, 0, { negative: level(3, 12) }).score).toBeLessThan(judge(10, 0, { negative: level(3, 3) }).score);
  });

  it('stands an empty window', () => {
    const judgement = judge(0);
    expect([judgement.observedShare, judgement.pValue, judgement.anomalous]).toEqual([0, 1, false]);
    expect(Number.isFinite(judgement.score)).toBe(true);
  });
});
