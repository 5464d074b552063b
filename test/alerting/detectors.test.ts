import { describe, expect, it } from 'vitest';
import { createDivergence, divergence } from '../../alerting/detectors/divergence.ts';
import { createShift, shift } from '../../alerting/detectors/shift.ts';
import { createThreshold, threshold } from '../../alerting/detectors/threshold.ts';
import { createVolume, volume } from '../../alerting/detectors/volume.ts';
import type { PastBlock } from '../../alerting/baseline.ts';
import { listen, type Voices } from '../../alerting/voices.ts';
import { observe } from '../../alerting/observation.ts';
import { baselineWith, level, stories, windowOver } from './made.ts';
import { DAY, HOUR, START, opinionOf, randomFrom } from './opinions.ts';

describe('threshold', () => {
  const detector = createThreshold('threshold', threshold.settings.parse({ min_negative: 10, min_share: 0.5 }));
  const judge = (negative: number, neutral = 0) =>
    detector.evaluate(windowOver(stories(negative, neutral)), baselineWith({}), new Map());

  it('fires at the number and the share that somebody chose, whatever is usual', () => {
    expect(judge(12).anomalous).toBe(true);
    expect(judge(10).anomalous).toBe(false);
    expect(judge(12, 20).anomalous).toBe(false);
  });

  it('is no test: it has no p-value, and a score of 4 at the threshold', () => {
    const judgement = judge(12);
    expect(judgement.pValue).toBeNull();
    expect(judgement.score).toBeCloseTo((4 * 10.8) / 10, 9);
  });

  it('leaves kinds of series alone that it was not made for', () => {
    const sums = { stories: 50, negative: 50, leaning: 50 };
    expect(detector.mayFire({ ...sums, series: { kind: 'entity', entity: 'acme', topic: null } })).toBe(true);
    expect(detector.mayFire({ ...sums, series: { kind: 'topic', entity: null, topic: 'Markets' } })).toBe(false);
  });

  it('asked about a kind that it does not watch, as explain does, says so and lets a living alert end', () => {
    const topic = { ...windowOver(stories(12)), series: { kind: 'topic', entity: null, topic: 'Markets' } as const };
    const judgement = detector.evaluate(topic, baselineWith({}), new Map());
    expect([judgement.anomalous, judgement.score]).toEqual([false, 0]);
    expect(judgement.reasons[0]).toBe('It does not watch series of kind topic: its kinds are entity.');
    expect(judge(12).reasons.join(' ')).not.toContain('does not watch');
  });
});

describe('volume', () => {
  const detector = createVolume('volume', volume.settings.parse({}));
  const judge = (negative: number, neutral: number, expected: number) =>
    detector.evaluate(windowOver(stories(negative, neutral)), baselineWith({ stories: level(expected) }), new Map());

  it('fires on a spike of attention without a negative word', () => {
    const judgement = judge(0, 40, 5);
    expect([judgement.anomalous, judgement.measure, judgement.stories.length]).toEqual([true, 'stories', 40]);
  });

  it('keeps still on a usual day, and on few stories', () => {
    expect(judge(10, 30, 30).anomalous).toBe(false);
    expect(judge(0, 8, 0.2).anomalous).toBe(false);
  });
});

describe('shift', () => {
  const detector = createShift('shift', shift.settings.parse({}));
  /** Blocks of 8 hours over 28 days with 2 negative of 10 stories expected; `rate` multiplies them by day. */
  const blocks = (seed: number, rate: (day: number) => number): PastBlock[] => {
    const random = randomFrom(seed);
    return Array.from({ length: 84 }, (_, index) => {
      const mean = 2 * rate(Math.floor(index / 3));
      // A sum of 20 coin throws: about Poisson's scatter.
      let negative = 0;
      for (let toss = 0; toss < 20; toss += 1) if (random() < mean / 20) negative += 1;
      return {
        start: START - (84 - index) * 8 * HOUR,
        negative,
        stories: 10,
        expected: 2,
        lift: 0,
        expectedStories: 10,
      };
    });
  };
  const judge = (seed: number, rate: (day: number) => number) =>
    detector.evaluate(windowOver(stories(3, 5)), baselineWith({ blocks: blocks(seed, rate) }), new Map());

  it('fires on a slow rise that no single day shows', () => {
    const rise = (day: number): number => (day < 19 ? 1 : 1 + (day - 18) * 0.35);
    const fired = [1, 2, 3, 4, 5].filter((seed) => judge(seed, rise).anomalous);
    expect(fired.length).toBeGreaterThanOrEqual(4);
  });

  it('keeps still on the usual, under 200 seeds', () => {
    const fired = Array.from({ length: 200 }, (_, seed) => judge(seed, () => 1)).filter(({ anomalous }) => anomalous);
    expect(fired).toHaveLength(0);
  });

  it('leaves one day of a spike to surge', () => {
    const spike = (day: number): number => (day === 24 ? 8 : 1);
    expect([1, 2, 3].filter((seed) => judge(seed, spike).anomalous)).toEqual([]);
  });

  it.each([
    ['of which nothing negative was said', 0, 10, 0],
    ['whose corrected sums lay below 0', -0.05, 10, 0.07],
  ])('fires on a change in a company %s before', (_, before, told, lift) => {
    const changed = Array.from({ length: 84 }, (_, index): PastBlock => {
      const start = START - (84 - index) * 8 * HOUR;
      const said = index < 54 ? { negative: before, stories: told } : { negative: 2, stories: 4 };
      return { start, ...said, expected: 0.7, lift, expectedStories: 10 };
    });
    const judgement = detector.evaluate(windowOver(stories(3)), baselineWith({ blocks: changed }), new Map());
    expect(judgement.anomalous).toBe(true);
    expect(judgement.observed).toBeCloseTo(60, 9);
    expect(judgement.expected).toBeLessThan(1);
  });

  it.each([
    ['its feed was not heard in the time before', 0],
    ['nothing at all was said of it before, as of a company that was put on the watchlist just now', 0.7],
  ])('keeps still where %s', (_, expected) => {
    const added = Array.from({ length: 84 }, (_, index): PastBlock => {
      const start = START - (84 - index) * 8 * HOUR;
      const heard = index < 54 ? { negative: 0, stories: 0, expected } : { negative: 2, stories: 4, expected: 2 };
      return { start, ...heard, lift: 0, expectedStories: 2 * heard.expected };
    });
    const judgement = detector.evaluate(windowOver(stories(3)), baselineWith({ blocks: added }), new Map());
    expect([judgement.anomalous, judgement.pValue]).toEqual([false, 1]);
  });

  it('keeps still on a calm company whose corrected sums scatter around 0, under 200 seeds', () => {
    const fired = Array.from({ length: 200 }, (_, seed) => {
      const random = randomFrom(seed);
      const calm = Array.from({ length: 84 }, (_, index): PastBlock => {
        let negative = 0;
        for (let story = 0; story < 20; story += 1) negative += random() < 0.14 ? 1.1 : -0.19;
        const start = START - (84 - index) * 8 * HOUR;
        return { start, negative, stories: 20, expected: -0.2, lift: 1.7, expectedStories: 20 };
      });
      return detector.evaluate(windowOver(stories(3)), baselineWith({ blocks: calm }), new Map());
    }).filter(({ score }) => score >= 4);
    expect(fired).toHaveLength(0);
  });

  it('says nothing before it has seen as many days as it looks back', () => {
    const short = blocks(1, (day) => (day < 24 ? 1 : 4)).slice(-30);
    const judgement = detector.evaluate(windowOver(stories(3)), baselineWith({ blocks: short }), new Map());
    expect([judgement.anomalous, judgement.pValue]).toEqual([false, 1]);
    expect(judgement.reasons[0]).toMatch(/^Only \d+ days/);
  });
});

describe('divergence', () => {
  const detector = createDivergence('divergence', divergence.settings.parse({}));
  const side = (sourceClass: 'news' | 'social', negative: number, neutral: number) =>
    stories(negative, neutral).map((one, index) => ({
      ...one,
      id: `${sourceClass} ${one.id}`,
      author: `${sourceClass} ${index}`,
      source: sourceClass,
      sourceClass,
    }));
  const judge = (facts: Parameters<typeof windowOver>[0], voices: Voices = new Map()) =>
    detector.evaluate(windowOver(facts), baselineWith({ share: 0.3 }), voices);
  /** A past in which social media are always gloomier. */
  const gloomy = (share: number): Voices => {
    const voices: Voices = new Map();
    for (let index = 0; index < 2000; index += 1) {
      const facts = { id: `v${index}`, time: START - 5 * DAY + index, feed: 'f' };
      listen(voices, observe(opinionOf({ ...facts, sourceClass: 'news', negative: 0.1 })));
      listen(voices, observe(opinionOf({ ...facts, sourceClass: 'social', negative: share })));
    }
    return voices;
  };

  it('fires when social media are far more negative than the news, and names the side', () => {
    const judgement = judge([...side('social', 30, 2), ...side('news', 2, 28)]);
    expect([judgement.anomalous, judgement.measure]).toEqual([true, 'share']);
    expect(judgement.reasons[0]).toContain('stories of social are negative');
    expect(judgement.stories.every(({ sourceClass }) => sourceClass === 'social')).toBe(true);
  });

  it('keeps still when both sides say the same, or one hardly speaks', () => {
    expect(judge([...side('social', 20, 5), ...side('news', 20, 5)]).anomalous).toBe(false);
    expect(judge([...side('social', 30, 2), ...side('news', 0, 3)]).anomalous).toBe(false);
    expect(judge(side('social', 30, 2)).anomalous).toBe(false);
  });

  it('takes into account that a side is always gloomier', () => {
    const facts = [...side('social', 18, 10), ...side('news', 3, 25)];
    expect(judge(facts, gloomy(0.1)).score).toBeGreaterThan(judge(facts, gloomy(0.7)).score + 1);
  });

  it('tells an outlet from the others', () => {
    const sources = createDivergence('divergence', divergence.settings.parse({ between: 'sources', min_authors: 1 }));
    const facts = ['a', 'b', 'c'].flatMap((source) =>
      stories(source === 'a' ? 25 : 1, source === 'a' ? 0 : 20).map((one) => ({
        ...one,
        id: `${source} ${one.id}`,
        source,
      })),
    );
    const judgement = sources.evaluate(windowOver(facts), baselineWith({ share: 0.2 }), new Map());
    expect(judgement.anomalous).toBe(true);
    expect(judgement.reasons[0]).toContain('stories of source a');
  });
});
