import { describe, expect, it } from 'vitest';
import { withoutBurst } from '../../alerting/burst.ts';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { baselineWith, windowOver } from './made.ts';
import { HOUR, START, type OpinionFacts } from './opinions.ts';

const detector = createSurge('surge', surge.settings.parse({}));
const anomalous = (facts: readonly OpinionFacts[], tested = detector): boolean =>
  tested.evaluate(windowOver(facts), baselineWith({}), new Map()).anomalous;

/** `count` negative stories, evenly over `hours` from `from` hours after the window's start. */
function said(
  count: number,
  from: number,
  hours: number,
  sourceClass: 'news' | 'social' = 'social',
  name = 'said',
): OpinionFacts[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${name} ${index}`,
    time: START + (from + (hours * index) / count) * HOUR,
    negative: 0.9,
    sourceClass,
  }));
}

describe('a burst of posts', () => {
  it('is the densest part of the window; what is left is expected of the other hours', () => {
    const rest = withoutBurst(windowOver([...said(1, 0, 1), ...said(10, 2, 3, 'social', 'crowd')]), 0.5);
    expect(rest.posts).toBe(10);
    expect(rest.hours).toBe(4);
    expect(rest.negative).toBeCloseTo(0.9, 12);
    expect(rest.part).toBeCloseTo(0.5, 12);
  });

  it('holds posts only: news of the same hours is left, and then expected of all hours', () => {
    const facts = [...said(6, 2, 3, 'news', 'wire'), ...said(10, 2, 3, 'social', 'crowd'), ...said(2, 7, 1, 'news')];
    const rest = withoutBurst(windowOver(facts), 0.5);
    expect(rest.posts).toBe(10);
    expect(rest.negative).toBeCloseTo(8 * 0.9, 12);
    expect(rest.part).toBe(1);
  });

  it('is nothing where there are no posts, or none that are negative', () => {
    expect(withoutBurst(windowOver(said(9, 0, 1, 'news')), 0.5).posts).toBe(0);
    const praise = said(9, 0, 1).map((one) => ({ ...one, negative: 0.1 }));
    expect(withoutBurst(windowOver(praise), 0.5).posts).toBe(0);
    expect(withoutBurst(windowOver([]), 0.5)).toMatchObject({ posts: 0, negative: 0 });
  });
});

describe('surge, of a burst of posts', () => {
  it('does not tell a crowd that comes at once and falls silent, and says why', () => {
    const swarm = said(60, 1, 3);
    expect(anomalous(swarm)).toBe(false);
    const { reasons, score } = detector.evaluate(windowOver(swarm), baselineWith({}), new Map());
    expect(score).toBeGreaterThan(6);
    expect(reasons.join(' ')).toContain('one burst of posts is told when it lasts or outlets report it');
  });

  it('tells it when it lasts longer than that part of the window', () => {
    expect(anomalous(said(60, 1, 6))).toBe(true);
    expect(anomalous([...said(60, 1, 3), ...said(3, 6, 2, 'social', 'later')])).toBe(true);
  });

  it('tells it when outlets report it in the same hours', () => {
    expect(anomalous([...said(60, 1, 3), ...said(4, 1, 3, 'news', 'wire')])).toBe(true);
  });

  it('tells a burst of news at once', () => {
    expect(anomalous(said(9, 7, 1, 'news'))).toBe(true);
  });

  it('tells everything at once where burst_part is 0', () => {
    expect(anomalous(said(60, 1, 3), createSurge('surge', surge.settings.parse({ burst_part: 0 })))).toBe(true);
  });
});
