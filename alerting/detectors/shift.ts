/**
 * Shift: a slow change that no single window shows. A one-sided CUSUM (Page 1954) over whole days: each day's negative
 * stories against the rate of the time before, as a standard normal deviate z by the negative binomial, add up as
 * S = max(0, S + z - k). A day counts at most 3, so that a day's spike (which is surge's) does not pass for a trend.
 *
 * Its p-value is Lundberg's bound for a random walk of N(-k, 1) steps, P(S >= s) <= exp(-2ks) (Siegmund 1985), so it stands in
 * the same false-discovery control as the rest. The rate before is uncertain, and one error of it is in every day: it is
 * taken one standard error higher, and never for less than half a story (Jeffreys' prior of a rate), so that a company of which
 * nothing was said is one that can change. Days whose corrected sums lie below 0 are lifted (prediction.ts). Rejected: Bayesian
 * online change points (Adams & MacKay 2007), which answer when and not whether, and whose hazard rate nobody can choose; the
 * level's own trend, which a slow rise takes along with it.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Baseline, PastBlock } from '../baseline.ts';
import type { Detector, Judgement } from '../detector.ts';
import { betaBinomialUpperTail, normalDeviate } from '../distribution.ts';
import { decimal, percent, probability } from '../phrases.ts';
import { intervalOf, upperTail, type Prediction } from '../prediction.ts';
import type { SeriesWindow } from '../window.ts';

const settings = z.object({
  recent_days: z
    .number()
    .int()
    .min(3)
    .max(60)
    .default(10)
    .describe('How far back the change may have begun; the time before that, at least as long, says what is usual.'),
  slack: z
    .number()
    .min(0.25)
    .max(2)
    .default(0.5)
    .describe('k: a day must lie that many standard deviations above the usual to add to the sum.'),
  fire_score: z.number().min(1).max(30).default(4).describe('Score, by the sum’s p-value, from which it is anomalous.'),
  min_ratio: z
    .number()
    .min(1)
    .default(1.4)
    .describe('Negative stories since the change must be that many times the usual.'),
  share_p_value: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.05)
    .describe('The negative share since the change must be this improbable under its usual value.'),
  min_negative: z.number().min(1).default(15).describe('Least number of negative stories since the change.'),
});

type Settings = z.output<typeof settings>;

const DAY_MS = 86_400_000;
/** Most that one day adds. */
const MOST_A_DAY = 3;
/** Negative stories that the time before is taken to have had at least. */
const LEAST_BEFORE = 0.5;

export function createShift(name: string, rules: Settings): Detector {
  return {
    name,
    mayFire: ({ leaning }) => leaning > 0,
    evaluate: (window, baseline) => judge(window, baseline, rules),
  };
}

interface Day {
  readonly start: number;
  readonly negative: number;
  readonly stories: number;
  /** How much the day could have said: what today's level expects of it, with its lift. 0 where its feeds were not heard. */
  readonly exposure: number;
}

/** Blocks as whole days, oldest first, counted back from `until`: the day in progress is no day yet. */
function daysOf(blocks: readonly PastBlock[], until: number): Day[] {
  const days = new Map<number, { start: number; negative: number; stories: number; exposure: number }>();
  for (const { start, negative, stories, expected, lift } of blocks) {
    const ago = Math.floor((until - start - 1) / DAY_MS);
    const day = days.get(ago) ?? { start: until - (ago + 1) * DAY_MS, negative: 0, stories: 0, exposure: 0 };
    day.negative += negative;
    day.stories += stories;
    day.exposure += expected + lift;
    days.set(ago, day);
  }
  return [...days.values()].sort((a, b) => a.start - b.start);
}

function judge(window: SeriesWindow, baseline: Baseline, rules: Settings): Judgement {
  const last = baseline.blocks.at(-1);
  const blockMs = window.end - window.start;
  const until = last === undefined ? window.start : last.start + blockMs;
  const days = daysOf(baseline.blocks, until);
  const recentFrom = until - rules.recent_days * DAY_MS;
  const before = days.filter(({ start }) => start < recentFrom);
  const recent = days.filter(({ start }) => start >= recentFrom);
  const usual = usualOf(before);

  let sum = 0;
  let since: Day[] = [];
  for (const day of recent) {
    const high = usual.predicted(day.exposure, usual.error);
    // 0 also where its feeds were not heard in the time before, which then says nothing of what is usual.
    const deviate = high.variance > 0 ? Math.min(MOST_A_DAY, midDeviate(day.negative, high)) : 0;
    sum = Math.max(0, sum + deviate - rules.slack);
    if (sum === 0) since = [];
    else since.push(day);
  }
  const total = (pick: (day: Day) => number): number => since.reduce((all, day) => all + pick(day), 0);
  const observed = Math.max(
    0,
    total((day) => day.negative),
  );
  const predicted = usual.predicted(total((day) => day.exposure));
  const expected = Math.max(0, predicted.expected);
  const stories = total((day) => day.stories);
  const observedShare = stories === 0 ? 0 : Math.min(1, observed / stories);
  const correlation = baseline.shareCorrelation + (1 - baseline.shareCorrelation) / (usual.stories + 21);
  const size = (1 - correlation) / correlation;
  const shareP = betaBinomialUpperTail(observed, stories, usual.share * size, (1 - usual.share) * size);
  // Where nothing at all was said, nobody may have looked: a name that was put on the watchlist just now has no past.
  const learnt = before.length >= rules.recent_days && usual.stories > 0;
  const pValue = learnt ? Math.min(1, Math.exp(-2 * rules.slack * sum)) : 1;
  const score = normalDeviate(pValue);

  const farAbove = score >= rules.fire_score;
  const manyTimes = observed >= rules.min_ratio * expected;
  const shareAbove = observedShare > usual.share && shareP <= rules.share_p_value;
  const supported = observed >= rules.min_negative;
  return {
    measure: 'negative',
    hours: Math.max(1, since.length) * 24,
    observed,
    expected,
    interval: intervalOf(predicted),
    observedShare,
    expectedShare: usual.share,
    score,
    pValue,
    anomalous: learnt && farAbove && manyTimes && shareAbove && supported,
    reasons: [
      learnt
        ? `${before.length} days before the last ${rules.recent_days} say what is usual.`
        : before.length < rules.recent_days
          ? `Only ${before.length} days before the last ${rules.recent_days}; it takes as many to say what is usual.`
          : `Nothing at all was said before the last ${rules.recent_days} days, which says nothing of what is usual.`,
      `The sum of the days above the usual is ${decimal(sum)} after ${since.length} days: p at most ${probability(pValue)}, ` +
        `score ${decimal(score)}, ${farAbove ? 'at or above' : 'below'} ${rules.fire_score}.`,
      `${decimal(observed)} negative stories in these days where ${decimal(expected)} were usual; ` +
        `${manyTimes ? 'at least' : 'less than'} ${rules.min_ratio} times; ` +
        `${supported ? 'at least' : 'fewer than'} ${rules.min_negative}.`,
      `${percent(observedShare)} of ${decimal(stories)} stories are negative where ${percent(usual.share)} were usual: ` +
        `p = ${probability(shareP)}, ${shareAbove ? 'at or below' : 'not at or below'} ${rules.share_p_value}.`,
    ],
    stories: window.driving,
  };
}

/** The time before: what it lets expect of other days, its rate `error` stories higher where asked for, and its share. */
function usualOf(before: readonly Day[]) {
  const total = (pick: (day: Day) => number): number => before.reduce((sum, day) => sum + pick(day), 0);
  const negative = total((day) => day.negative);
  const exposure = total((day) => day.exposure);
  const stories = total((day) => day.stories);
  const lift = 2 * total((day) => Math.max(0, -day.negative));
  const mass = negative + lift;
  const rate = exposure > 0 ? negative / exposure : 0;
  const squares = before.reduce((sum, day) => sum + (day.negative - rate * day.exposure) ** 2, 0);
  const dispersion = Math.max(
    1,
    mass > 0 && before.length > 1 ? ((squares / mass) * before.length) / (before.length - 1) : 1,
  );
  const held = Math.max(LEAST_BEFORE, mass);
  const predicted = (of: number, more = 0): Prediction => {
    const part = exposure > 0 ? of / exposure : 0;
    const mean = (held + more) * part;
    return { expected: mean - lift * part, lift: lift * part, variance: mean * dispersion };
  };
  const share = Math.min(0.999, Math.max(0.001, (Math.max(0, negative) + 4) / (stories + 20)));
  return { predicted, error: Math.sqrt(dispersion * held), share, stories };
}

/** The deviate of a count, halfway between the chance of more and of as many: without bias for small counts. */
function midDeviate(count: number, predicted: Prediction): number {
  const from = Math.max(-predicted.lift, count);
  return normalDeviate((upperTail(from, predicted) + upperTail(from + 1, predicted)) / 2);
}

export const shift = defineComponent({
  name: 'shift',
  summary: 'A slow rise of negative stories over days, which no single window shows (CUSUM).',
  settings,
  create: (values, { name }): Detector => createShift(name, values),
});
