/** Companies of which mostly calm things are said: under the model's correction their sums lie at 0 or below. */
import { describe, expect, it } from 'vitest';
import type { Detector, Judgement } from '../../alerting/detector.ts';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { negativeBinomialInterval, negativeBinomialUpperTail } from '../../alerting/distribution.ts';
import { intervalOf, upperTail } from '../../alerting/prediction.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch } from '../../alerting/watch.ts';
import { DAY, HOUR, START, opinionOf, randomFrom } from './opinions.ts';

/** Negative text counts 1.1, other text -0.19: 14% of the one and 86% of the other make a little less than nothing. */
const MATRIX = [
  [0.92248, 0.03876, 0.03876],
  [0.147287, 0.802713, 0.05],
  [0.147287, 0.05, 0.802713],
];
const NEGATIVE = 0.14;
const LEARNT = START + 10 * DAY;

/** Three companies with about 48 stories a window by themselves; from `surgeAt` on, for a window, 24 negative ones more about one. */
function watched(days: number, surgeAt = Infinity) {
  const random = randomFrom(1);
  const judged: { company: string | null; end: number; judgement: Judgement }[] = [];
  const asShipped = createSurge('surge', surge.settings.parse({}));
  const noting: Detector = {
    ...asShipped,
    mayFire: () => true,
    evaluate(window, baseline, voices) {
      const judgement = asShipped.evaluate(window, baseline, voices);
      judged.push({ company: window.series.entity, end: window.end, judgement });
      return judgement;
    },
  };
  const rules = rulesOf(
    alertingSettings.parse({ series: ['entity'], confusion: [{ model: '*', matrix: MATRIX }] }),
    'global',
    [],
  );
  const watch = createWatch(rules, [noting], ({ entity }) => ({ en: entity ?? '', zh: entity ?? '' }));
  const fired: string[] = [];
  let told = 0;
  const say = (company: string, time: number, negative: number): void => {
    told += 1;
    watch.take(opinionOf({ id: `d${told}`, time, negative, entities: [company], source: `outlet ${told % 9}` }));
  };
  for (let at = START; at < START + days * DAY; at += HOUR) {
    for (const company of ['a', 'b', 'c']) {
      for (let story = 0; story < 8; story += 1) {
        if (random() < 0.75) say(company, at + Math.floor(random() * HOUR), random() < NEGATIVE ? 1 : 0);
      }
    }
    if (at >= surgeAt && at < surgeAt + 8 * HOUR) for (let more = 0; more < 3; more += 1) say('c', at + more, 1);
    for (const alert of watch.advance(at + HOUR).alerts) {
      if (alert.state === 'firing') fired.push(`${alert.name} ${alert.at}`);
    }
  }
  return { fired, judged: judged.filter(({ end }) => end >= LEARNT) };
}

describe('a calm series under the correction', () => {
  it('raises no alert in 40 days on which nothing happens, and 95% of windows fall in the interval', () => {
    const { fired, judged } = watched(40);
    expect(fired).toEqual([]);
    const means = judged.map(({ judgement }) => judgement.expected);
    expect(means.filter((mean) => mean < 1).length / means.length).toBeGreaterThan(0.9);
    const within = judged.filter(
      ({ judgement: { observed, interval } }) => observed >= interval.low && observed <= interval.high,
    );
    expect(within.length / judged.length).toBeGreaterThan(0.94);
    // An interval that holds anything is no help: the sum scatters by 3 around 0.
    const widest = Math.max(...judged.map(({ judgement }) => judgement.interval.high));
    expect(widest).toBeLessThan(20);
  });

  it('still tells a real surge, within its day and about no other company', () => {
    const surgeAt = START + 20 * DAY;
    const { fired } = watched(22, surgeAt);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatch(/^c /);
    const at = Date.parse(fired[0]?.slice(2) ?? '');
    expect(at).toBeGreaterThan(surgeAt);
    expect(at).toBeLessThan(surgeAt + DAY);
  });
});

describe('a prediction', () => {
  it('is the plain negative binomial where no sum was below 0', () => {
    const plain = { expected: 2, lift: 0, variance: 3 };
    expect(upperTail(6, plain)).toBe(negativeBinomialUpperTail(6, 2, 3));
    expect(intervalOf(plain)).toEqual(negativeBinomialInterval(2, 3));
  });

  it('tells three stories from forty where sums lie around 0, which a negative binomial of mean 0 cannot', () => {
    const calm = { expected: -0.4, lift: 2.9, variance: 9.6 };
    expect(upperTail(3, calm)).toBeGreaterThan(0.1);
    expect(upperTail(40, calm)).toBeLessThan(1e-5);
    expect(intervalOf(calm).low).toBe(0);
    expect(intervalOf(calm).high).toBeGreaterThan(5);
    expect(negativeBinomialUpperTail(3, 0.05, 9.6)).toBeLessThan(0.001);
    expect(negativeBinomialUpperTail(40, 0.05, 9.6)).toBeGreaterThan(1e-4);
  });
});
