/**
 * Surge: many more negative stories than usual, and a larger part of all stories than usual. Both are asked for, because
 * each alone is fooled: the count by a busy day (results season brings praise and blame alike), the share by a quiet one
 * (one complaint out of one story). The count is tested by a negative binomial (Farrington et al. 1996; Noufaily et al.
 * 2013), the share by a beta-binomial; minimum support asks how many different stories and people stand behind it. The
 * p-value of the count is what false-discovery control reads; the share can only make alerts fewer.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import {
  betaBinomialUpperTail,
  negativeBinomialInterval,
  negativeBinomialUpperTail,
  normalDeviate,
} from '../distribution.ts';
import { decimal, factor, percent, probability } from '../phrases.ts';
import { enough, negativeSupport, supportSettings } from '../support.ts';
import type { SeriesWindow } from '../window.ts';

const settings = z.object({
  fire_score: z
    .number()
    .min(1)
    .max(30)
    .default(4)
    .describe('Standardised distance above the baseline from which a window is anomalous; 4 is one window in 30,000.'),
  min_ratio: z.number().min(1).default(2).describe('Negative stories must be at least this many times the expected.'),
  share_p_value: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('The negative share must be this improbable under its usual value.'),
  ...supportSettings('negative stories', { stories: 6, authors: 5 }),
});

type Settings = z.output<typeof settings>;

/** Judges by these settings. `name` is the instance's name, which findings and alert ids carry. */
export function createSurge(name: string, rules: Settings): Detector {
  return {
    name,
    mayFire: ({ leaning }) => leaning >= rules.min_stories - 1e-9,
    evaluate: (window, baseline) => judge(window, baseline, rules),
  };
}

function judge(window: SeriesWindow, baseline: Baseline, rules: Settings): Judgement {
  const { stories } = window;
  const observed = Math.max(0, window.negative);
  const { expectedShare } = baseline;
  const { expected } = baseline.negative;
  const variance = baseline.negative.variance * noiseOf(window, baseline);
  const observedShare = stories === 0 ? 0 : Math.min(1, observed / stories);
  const pValue = negativeBinomialUpperTail(observed, expected, variance);
  const score = normalDeviate(pValue);
  const shareP = betaBinomialUpperTail(observed, stories, baseline.shareAlpha, baseline.shareBeta);
  const interval = negativeBinomialInterval(expected, variance);
  const hours = (window.end - window.start) / 3_600_000;

  const support = enough(negativeSupport(window), rules, 'negative stories');
  const farAbove = score >= rules.fire_score;
  const manyTimes = observed >= rules.min_ratio * expected;
  const shareAbove = observedShare > expectedShare && shareP <= rules.share_p_value;
  return {
    measure: 'negative',
    hours,
    observed,
    expected,
    interval,
    observedShare,
    expectedShare,
    score,
    pValue,
    anomalous: support.holds && farAbove && manyTimes && shareAbove,
    reasons: [
      `${decimal(observed)} negative stories in ${hours} h where ${decimal(expected)} were expected ` +
        `(95% interval ${interval.low} to ${interval.high}): p = ${probability(pValue)}, score ${decimal(score)}, ` +
        `${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
      `That is ${expected > 0 ? `${decimal(observed / expected)} times` : 'more than'} the expected number; ` +
        `${manyTimes ? 'at least' : 'less than'} ${rules.min_ratio} times.`,
      `${percent(observedShare)} of ${decimal(stories)} stories are negative where ${percent(expectedShare)} are usual: ` +
        `p = ${probability(shareP)}, ${shareAbove ? 'at or below' : 'not at or below'} ${rules.share_p_value}.`,
      support.reason,
      ...restsOn(baseline.negative, baseline),
      ...leftOut(window),
    ],
    stories: window.driving,
  };
}

/**
 * How much more a window scatters than its baseline for the errors of the model that labelled it: where corrected values lie
 * beyond [0, 1], their sum is a compound Poisson count, whose variance over mean is that of their squares over them. A baseline
 * learnt from a better model's labels cannot know. 1 without correction.
 */
function noiseOf({ counted, negative }: SeriesWindow, { negative: { dispersion } }: Baseline): number {
  if (negative <= 0) return 1;
  const squares = counted.reduce((sum, one) => sum + (one.weight * one.negative) ** 2, 0);
  return Math.max(1, squares / negative / dispersion);
}

/** How the expected number came about. */
export function restsOn(level: Baseline['negative'], { activity, hours, season, usualHours }: Baseline): string[] {
  return [
    `Expected from ${factor(level.perHour)} a usual hour over ${Math.round(hours)} h of history: ${factor(usualHours)} usual ` +
      `hours, seasonal factor ${factor(season)}, feeds ${factor(activity)} times as busy as usual, dispersion ` +
      `${factor(level.dispersion)}.`,
  ];
}

/** What was left out of the count, where anything was. */
export function leftOut({ capped, copies, discounted }: SeriesWindow): string[] {
  const repeated = [...copies.values()].reduce((sum, count) => sum + count, 0);
  if (repeated === 0 && capped === 0 && discounted < 0.05) return [];
  return [
    `Left out: ${repeated} copies of counted stories, ${capped} documents over the cap of an author, ` +
      `${decimal(discounted)} stories' worth of what looks coordinated.`,
  ];
}

export const surge = defineComponent({
  name: 'surge',
  summary: 'Negative stories far above the usual number, and a larger share of all stories than usual.',
  settings,
  create: (values, { name }): Detector => createSurge(name, values),
});
