/**
 * Divergence: within one series and window, one side is far more negative than the other: news against social media, or one
 * outlet against all others. What is usual for a side over all series is taken into account (a gloomy outlet is no news), as a
 * difference of log-odds. The prediction for a side is beta-binomial: its share by the other side's words, as uncertain as
 * these are few, and with the scatter that shares of this series have from window to window. The most telling side counts;
 * its p-value is multiplied by the number of sides tried (Bonferroni), then stands in the false-discovery control.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import { betaBinomialUpperTail, normalDeviate } from '../distribution.ts';
import type { Observation } from '../observation.ts';
import { decimal, percent, probability } from '../phrases.ts';
import { enough, supportSettings } from '../support.ts';
import { sideOf, usualOf, type Voices } from '../voices.ts';
import { differentBy, type SeriesWindow } from '../window.ts';
import { leftOut } from './surge.ts';

const settings = z.object({
  between: z
    .enum(['classes', 'sources'])
    .default('classes')
    .describe('classes: news against social media; sources: each outlet against all others.'),
  fire_score: z
    .number()
    .min(1)
    .max(30)
    .default(4)
    .describe('Standardised distance of the shares from which it is anomalous.'),
  min_difference: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('Least distance between the negative share of a side and the share that the other side lets expect.'),
  min_other_stories: z.number().int().min(1).default(8).describe('Least number of stories of the other side.'),
  ...supportSettings('stories of the more negative side', { stories: 8, authors: 5 }),
});

type Settings = z.output<typeof settings>;

export function createDivergence(name: string, rules: Settings): Detector {
  const least = rules.min_stories + rules.min_other_stories;
  return {
    name,
    mayFire: ({ stories, leaning }) => stories >= least - 1e-9 && leaning > 0,
    evaluate: (window, baseline, voices) => judge(window, baseline, voices, rules),
  };
}

interface Side {
  readonly name: string;
  readonly counted: readonly Observation[];
  readonly stories: number;
  readonly negative: number;
  readonly otherStories: number;
  readonly otherShare: number;
  readonly expectedShare: number;
  readonly pValue: number;
  readonly alpha: number;
  readonly beta: number;
}

function judge(window: SeriesWindow, baseline: Baseline, voices: Voices, rules: Settings): Judgement {
  const sides = sidesOf(window, baseline, voices, rules);
  const tried = sides.filter(({ stories, otherStories }) => {
    return stories >= rules.min_stories - 1e-9 && otherStories >= rules.min_other_stories - 1e-9;
  });
  const worst = tried.reduce<Side | null>(
    (best, side) => (best === null || side.pValue < best.pValue ? side : best),
    null,
  );
  const hours = (window.end - window.start) / 3_600_000;
  if (worst === null) {
    const reason = `No two sides with ${rules.min_stories} and ${rules.min_other_stories} stories.`;
    const nothing = { observed: 0, expected: 0, interval: { low: 0, high: 100 }, observedShare: 0, expectedShare: 0 };
    return {
      measure: 'share',
      hours,
      ...nothing,
      score: 0,
      pValue: 1,
      anomalous: false,
      reasons: [reason],
      stories: [],
    };
  }
  const pValue = Math.min(1, worst.pValue * tried.length);
  const score = normalDeviate(pValue);
  const share = Math.min(1, Math.max(0, worst.negative) / worst.stories);
  const driving = window.driving.filter((one) => sideOf(one, rules.between) === worst.name);
  const support = enough(
    {
      documents: worst.counted.reduce((sum, { story }) => sum + 1 + (window.copies.get(story) ?? 0), 0),
      stories: worst.stories,
      authors: differentBy(worst.counted, ({ author }) => author),
      sources: differentBy(worst.counted, ({ source }) => source),
    },
    rules,
    'more negative side',
  );
  const farAbove = score >= rules.fire_score;
  const apart = share - worst.expectedShare >= rules.min_difference;
  return {
    measure: 'share',
    hours,
    observed: share * 100,
    expected: worst.expectedShare * 100,
    interval: intervalOf(worst),
    observedShare: share,
    expectedShare: worst.expectedShare,
    score,
    pValue,
    anomalous: support.holds && farAbove && apart,
    reasons: [
      `${percent(share)} of ${decimal(worst.stories)} stories of ${worst.name} are negative, ${percent(worst.otherShare)} of the ` +
        `${decimal(worst.otherStories)} others; by those ${percent(worst.expectedShare)} were expected, given how each side usually speaks.`,
      `p = ${probability(pValue)} after ${tried.length} sides tried, score ${decimal(score)}, ` +
        `${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
      `The shares lie ${percent(share - worst.expectedShare)} apart; ${apart ? 'at least' : 'less than'} ${percent(rules.min_difference)}.`,
      support.reason,
      ...leftOut(window),
    ],
    stories: driving,
  };
}

/** Stories that the series' usual share is worth beside those of the other side, and a side's usual beside its own past. */
const PRIOR_STORIES = 10;
const PRIOR_USUAL = 50;

function sidesOf(window: SeriesWindow, baseline: Baseline, voices: Voices, rules: Settings): Side[] {
  const groups = new Map<string, Observation[]>();
  for (const one of window.counted) {
    const name = sideOf(one, rules.between);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  if (groups.size < 2) return [];
  const sums = [...groups].map(([name, counted]) => ({
    name,
    counted,
    stories: counted.reduce((sum, { weight }) => sum + weight, 0),
    negative: counted.reduce((sum, { weight, negative }) => sum + weight * negative, 0),
    usual: shrunk(usualOf(voices, name, window.start), baseline.pool.share),
  }));
  const all = sums.reduce(
    (sum, { stories, negative }) => ({ stories: sum.stories + stories, negative: sum.negative + negative }),
    {
      stories: 0,
      negative: 0,
    },
  );
  return sums.map(({ usual, ...side }) => {
    const otherStories = all.stories - side.stories;
    const otherNegative = Math.max(0, all.negative - side.negative);
    const others = sums.filter(({ name }) => name !== side.name);
    const otherUsual = others.reduce((sum, one) => sum + one.usual * one.stories, 0) / Math.max(1e-9, otherStories);
    // The other side's share, shrunk to the usual of the series, and moved by how far the two sides usually lie apart.
    const other = bounded((otherNegative + PRIOR_STORIES * baseline.expectedShare) / (otherStories + PRIOR_STORIES));
    const expectedShare = bounded(logistic(logit(other) + logit(usual) - logit(otherUsual)));
    const correlation =
      baseline.shareCorrelation + (1 - baseline.shareCorrelation) / (otherStories + PRIOR_STORIES + 1);
    const size = (1 - correlation) / correlation;
    const [alpha, beta] = [expectedShare * size, (1 - expectedShare) * size];
    return {
      ...side,
      otherStories,
      otherShare: otherStories > 0 ? Math.min(1, otherNegative / otherStories) : 0,
      expectedShare,
      alpha,
      beta,
      pValue: betaBinomialUpperTail(Math.max(0, side.negative), side.stories, alpha, beta),
    };
  });
}

/** The middle 95% of shares, in percent. */
function intervalOf({ alpha, beta, stories }: Side): { low: number; high: number } {
  const whole = Math.max(1, Math.round(stories));
  let [low, high] = [0, whole];
  while (low < whole && 1 - betaBinomialUpperTail(low + 1, whole, alpha, beta) <= 0.025) low += 1;
  while (high > 0 && betaBinomialUpperTail(high, whole, alpha, beta) <= 0.025) high -= 1;
  return { low: (100 * low) / whole, high: (100 * high) / whole };
}

function shrunk(usual: { stories: number; share: number }, to: number): number {
  return bounded((usual.stories * usual.share + PRIOR_USUAL * to) / (usual.stories + PRIOR_USUAL));
}

function bounded(share: number): number {
  return Math.min(0.98, Math.max(0.02, share));
}

function logit(share: number): number {
  return Math.log(share / (1 - share));
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

export const divergence = defineComponent({
  name: 'divergence',
  summary: 'One side far more negative than the other: news against social media, or an outlet against the rest.',
  settings,
  create: (values, { name }): Detector => createDivergence(name, values),
});
