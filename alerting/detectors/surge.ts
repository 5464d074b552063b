/**
 * Surge: many more negative stories than usual, and a larger part of all stories than usual. Both are asked for, because
 * each alone is fooled: the count by a busy day (results season brings praise and blame alike), the share by a quiet one
 * (one complaint out of one story). A count many times beyond what busy days bring does not wait for proof from the share: a
 * collapse that every paper reports in sober words is seventeen negative stories where none was expected, among fifty that the
 * model reads as neutral. Then the share must only not be smaller than usual. The count is tested by a negative binomial
 * (Farrington et al. 1996; Noufaily et al. 2013), the share by a beta-binomial; minimum support asks how many different
 * stories and people stand behind it. The p-value of the count is what false-discovery control reads; the share can only
 * make alerts fewer.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import { betaBinomialUpperTail, normalDeviate } from '../distribution.ts';
import { withoutBurst } from '../burst.ts';
import { decimal, factor, percent, probability } from '../phrases.ts';
import { intervalOf, upperTail, type Prediction } from '../prediction.ts';
import { enough, negativeSupport, supportSettings } from '../support.ts';
import type { SeriesWindow } from '../window.ts';

const settings = z.object({
  fire_score: z
    .number()
    .min(1)
    .max(30)
    .default(3)
    .describe(
      'Least standardised distance above the baseline; how much more it takes follows from false_alerts_per_month.',
    ),
  min_ratio: z.number().min(1).default(2).describe('Negative stories must be at least this many times the expected.'),
  share_p_value: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('The negative share must be this improbable under its usual value.'),
  alone_ratio: z
    .number()
    .min(1)
    .default(10)
    .describe(
      'From this many times the expected number the share must only not be improbably small (by share_p_value): no busy day does that.',
    ),
  burst_part: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.5)
    .describe(
      'One burst of posts is no surge: without the posts of the densest stretch, this part of the window long, the rest must be improbable, too (by burst_p_value). 0: not asked.',
    ),
  burst_p_value: z
    .number()
    .gt(0)
    .max(1)
    .default(0.4)
    .describe('How improbable what came beside the densest stretch of posts must be.'),
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
  const expected = Math.max(0, baseline.negative.expected);
  const predicted = { ...baseline.negative, variance: baseline.negative.variance * noiseOf(window, baseline) };
  const observedShare = stories === 0 ? 0 : Math.min(1, observed / stories);
  const pValue = upperTail(window.negative, predicted);
  const score = normalDeviate(pValue);
  const shareP = betaBinomialUpperTail(observed, stories, baseline.shareAlpha, baseline.shareBeta);
  const interval = intervalOf(predicted);
  const hours = (window.end - window.start) / 3_600_000;

  const support = enough(negativeSupport(window), rules, 'negative stories');
  const farAbove = score >= rules.fire_score;
  const manyTimes = observed >= rules.min_ratio * expected;
  const isLarger = observedShare >= expectedShare;
  const shareAbove = isLarger && shareP <= rules.share_p_value;
  // Not "larger than usual": where the share is as usual, that would be the toss of a coin.
  const beyondBusy = shareP < 1 - rules.share_p_value && observed >= rules.alone_ratio * expected;
  const lasting = lastsBeyondBurst(window, predicted, rules);
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
    anomalous: support.holds && lasting.holds && farAbove && manyTimes && (shareAbove || beyondBusy),
    reasons: [
      `${decimal(observed)} negative stories in ${hours} h where ${decimal(expected)} were expected ` +
        `(95% interval ${interval.low} to ${interval.high}): p = ${probability(pValue)}, score ${decimal(score)}, ` +
        `${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
      `That is ${expected > 0 ? `${decimal(observed / expected)} times` : 'more than'} the expected number; ` +
        `${manyTimes ? 'at least' : 'less than'} ${rules.min_ratio} times.`,
      `${percent(observedShare)} of ${decimal(stories)} stories are negative where ${percent(expectedShare)} are usual: ` +
        `p = ${probability(shareP)}, ${shareAbove ? 'at or below' : 'not at or below'} ${rules.share_p_value}` +
        `${!shareAbove && beyondBusy ? `, which from ${rules.alone_ratio} times the expected number is not asked for` : ''}.`,
      support.reason,
      ...lasting.reasons,
      ...restsOn(baseline.negative, baseline),
      ...liftedBy(baseline.negative),
      ...leftOut(window),
    ],
    stories: window.driving,
  };
}

/** Whether more than usual is left without the densest stretch of posts, and one sentence where there were such posts. */
function lastsBeyondBurst(
  window: SeriesWindow,
  { expected, lift, variance }: Prediction,
  rules: Settings,
): { holds: boolean; reasons: string[] } {
  if (rules.burst_part === 0) return { holds: true, reasons: [] };
  const rest = withoutBurst(window, rules.burst_part);
  if (rest.posts === 0) return { holds: true, reasons: [] };
  const observed = Math.max(0, rest.negative);
  const usual = { expected: expected * rest.part, lift: lift * rest.part, variance: variance * rest.part };
  const p = upperTail(rest.negative, usual);
  const holds = p <= rules.burst_p_value;
  return {
    holds,
    reasons: [
      `Without the ${rest.posts} negative posts of the densest ${decimal(rest.hours)} h: ${decimal(observed)} where ` +
        `${decimal(Math.max(0, usual.expected))} were expected, p = ${probability(p)}, ${holds ? 'at or below' : 'above'} ` +
        `${rules.burst_p_value}${holds ? '' : ': one burst of posts is told when it lasts or outlets report it'}.`,
    ],
  };
}

/**
 * How much more a window scatters than its baseline for the errors of the model that labelled it: where corrected values lie
 * beyond [0, 1], their sum is a compound Poisson count, whose variance over mean is that of their squares over them. A baseline
 * learnt from a better model's labels cannot know. Held against the expected number where the window has less: what happened to
 * cancel is no noise. 1 without correction.
 */
function noiseOf({ counted, negative }: SeriesWindow, { negative: { dispersion, expected, lift } }: Baseline): number {
  const count = Math.max(negative, expected) + lift;
  if (count <= 0) return 1;
  const squares = counted.reduce((sum, one) => sum + (one.weight * one.negative) ** 2, 0);
  return Math.max(1, squares / count / dispersion);
}

/** That the count was lifted, where it was: without it nobody could work out p from the numbers shown. */
function liftedBy({ expected, lift }: Prediction): string[] {
  if (lift < 0.05) return [];
  return [
    `The correction takes sums of this series below 0 (expected ${decimal(expected)}): observed and expected are ${decimal(lift)} ` +
      `higher in the test, and the scatter is the same.`,
  ];
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
