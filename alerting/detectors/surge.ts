/**
 * Surge: many more negative stories than usual, and a larger part of all stories than usual. Both are asked for, because
 * each alone is fooled: the count by a busy day (results season brings praise and blame alike), the share by a quiet one
 * (one complaint out of one story). Minimum support asks how many different stories and people stand behind it.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import {
  binomialUpperTail,
  negativeBinomialInterval,
  negativeBinomialUpperTail,
  normalDeviate,
} from '../distribution.ts';
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
  min_stories: z.number().int().min(1).default(6).describe('Least number of different negative stories.'),
  min_authors: z.number().int().min(1).default(5).describe('Least number of different authors of negative stories.'),
});

type Settings = z.output<typeof settings>;

/** Judges by these settings. `name` is the instance's name, which findings and alert ids carry. */
export function createSurge(name: string, rules: Settings): Detector {
  return {
    name,
    mayFire: (window) => window.driving.length >= rules.min_stories && window.authors >= rules.min_authors,
    evaluate: (window, baseline) => judge(window, baseline, rules),
  };
}

function judge(window: SeriesWindow, baseline: Baseline, rules: Settings): Judgement {
  const { negative: observed, stories } = window;
  const { expected, variance, expectedShare } = baseline;
  const observedShare = stories === 0 ? 0 : Math.min(1, observed / stories);
  const pValue = negativeBinomialUpperTail(observed, expected, variance);
  const score = normalDeviate(pValue);
  const shareP = binomialUpperTail(observed, stories, expectedShare);
  const interval = negativeBinomialInterval(expected, variance);
  const hours = (window.end - window.start) / 3_600_000;
  const left = [...window.copies.values()].reduce((sum, count) => sum + count, 0);

  const enoughStories = window.driving.length >= rules.min_stories;
  const enoughAuthors = window.authors >= rules.min_authors;
  const farAbove = score >= rules.fire_score;
  const manyTimes = observed >= rules.min_ratio * expected;
  const shareAbove = observedShare > expectedShare && shareP <= rules.share_p_value;
  const reasons = [
    `${decimal(observed)} negative stories in ${hours} h where ${decimal(expected)} were expected ` +
      `(95% interval ${interval.low} to ${interval.high}): score ${decimal(score)}, ` +
      `${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
    `That is ${expected > 0 ? `${decimal(observed / expected)} times` : 'more than'} the expected number; ` +
      `${manyTimes ? 'at least' : 'less than'} ${rules.min_ratio} times.`,
    `${percent(observedShare)} of ${stories} stories are negative where ${percent(expectedShare)} are usual: ` +
      `p = ${probability(shareP)}, ${shareAbove ? 'at or below' : 'not at or below'} ${rules.share_p_value}.`,
    `${window.driving.length} stories lean negative; ${enoughStories ? 'at least' : 'fewer than'} ${rules.min_stories}.`,
    `${window.authors} authors wrote them; ${enoughAuthors ? 'at least' : 'fewer than'} ${rules.min_authors}.`,
    `The baseline rests on ${Math.round(baseline.hours)} h of history.`,
  ];
  if (left > 0 || window.capped > 0) {
    reasons.push(`Left out: ${left} copies of counted stories, ${window.capped} documents over the cap of an author.`);
  }
  return {
    observed,
    expected,
    interval,
    observedShare,
    expectedShare,
    score,
    pValue,
    anomalous: enoughStories && enoughAuthors && farAbove && manyTimes && shareAbove,
    reasons,
  };
}

function decimal(value: number): string {
  return Math.abs(value) >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function probability(p: number): string {
  return p >= 0.001 ? p.toFixed(3) : p.toExponential(1);
}

export const surge = defineComponent({
  name: 'surge',
  summary: 'Negative stories far above the usual number, and a larger share of all stories than usual.',
  settings,
  create: (values, { name }): Detector => createSurge(name, values),
});
