/**
 * Volume: a spike of attention, whatever its sentiment: many more stories about a series than usual for the hour, the day
 * of the week and how busy its feeds are. The same negative binomial as surge, over all stories. Of use beside surge, for
 * desks that want to know of good news and rumours as well.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import { negativeBinomialInterval, negativeBinomialUpperTail, normalDeviate } from '../distribution.ts';
import { decimal, percent, probability } from '../phrases.ts';
import { enough, supportSettings } from '../support.ts';
import { differentBy, type SeriesWindow } from '../window.ts';
import { leftOut, restsOn } from './surge.ts';

const settings = z.object({
  fire_score: z
    .number()
    .min(1)
    .max(30)
    .default(5)
    .describe('Standardised distance above the usual number of stories from which a window is anomalous.'),
  min_ratio: z.number().min(1).default(3).describe('Stories must be at least this many times the expected.'),
  ...supportSettings('stories', { stories: 12, authors: 8 }),
});

type Settings = z.output<typeof settings>;

export function createVolume(name: string, rules: Settings): Detector {
  return {
    name,
    mayFire: ({ stories }) => stories >= rules.min_stories - 1e-9,
    evaluate: (window, baseline) => judge(window, baseline, rules),
  };
}

function judge(window: SeriesWindow, baseline: Baseline, rules: Settings): Judgement {
  const observed = window.stories;
  const { expected, variance } = baseline.stories;
  const pValue = negativeBinomialUpperTail(observed, expected, variance);
  const score = normalDeviate(pValue);
  const interval = negativeBinomialInterval(expected, variance);
  const hours = (window.end - window.start) / 3_600_000;
  const copied = window.counted.reduce((sum, { story }) => sum + (window.copies.get(story) ?? 0), 0);
  const support = enough(
    {
      documents: window.counted.length + copied,
      stories: observed,
      authors: differentBy(window.counted, ({ author }) => author),
      sources: differentBy(window.counted, ({ source }) => source),
    },
    rules,
    'stories',
  );
  const farAbove = score >= rules.fire_score;
  const manyTimes = observed >= rules.min_ratio * expected;
  const observedShare = observed === 0 ? 0 : Math.min(1, Math.max(0, window.negative) / observed);
  return {
    measure: 'stories',
    hours,
    observed,
    expected,
    interval,
    observedShare,
    expectedShare: baseline.expectedShare,
    score,
    pValue,
    anomalous: support.holds && farAbove && manyTimes,
    reasons: [
      `${decimal(observed)} stories in ${hours} h where ${decimal(expected)} were expected ` +
        `(95% interval ${interval.low} to ${interval.high}): p = ${probability(pValue)}, score ${decimal(score)}, ` +
        `${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
      `That is ${expected > 0 ? `${decimal(observed / expected)} times` : 'more than'} the expected number; ` +
        `${manyTimes ? 'at least' : 'less than'} ${rules.min_ratio} times.`,
      support.reason,
      `${percent(observedShare)} of them are negative, where ${percent(baseline.expectedShare)} are usual; no rule asks for it.`,
      ...restsOn(baseline.stories, baseline),
      ...leftOut(window),
    ],
    stories: [...window.counted].sort(
      (a, b) => (window.copies.get(b.story) ?? 0) - (window.copies.get(a.story) ?? 0) || b.time - a.time,
    ),
  };
}

export const volume = defineComponent({
  name: 'volume',
  summary: 'A spike of attention: stories of any sentiment far above the usual number.',
  settings,
  create: (values, { name }): Detector => createVolume(name, values),
});
