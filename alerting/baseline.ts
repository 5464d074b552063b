/**
 * What a series usually says in one window: expected number of negative stories with its variance, and expected
 * negative share, from the history before the window. Three sources of error are met:
 *
 * - Few mentions. The rate is shrunk to the pooled rate of all series of its kind, a gamma prior worth one day of
 *   watching (empirical Bayes: Clayton & Kaldor 1987; DuMouchel 1999 for sparse counts), the share to the pooled share,
 *   a beta prior worth 20 stories. A series that was never mentioned has a history too: the silence while its feeds ran.
 * - Past incidents. Windows of the past far above the rest are weighted down by their standardised Anscombe residual
 *   (Farrington et al. 1996; Noufaily et al. 2013: weight (2.58/residual)^2 beyond 2.58), so that one incident does not
 *   hide the next.
 * - News comes in bursts. The variance is the rate's times a dispersion estimated from the same windows (at least 1),
 *   plus the uncertainty of the rate itself; the prediction is negative binomial.
 *
 * Feeds that were added later are scaled up to the time that they have been watched. Hours of the day and days of the
 * week are not modelled yet; their swing is within the dispersion. Rejected: mean and standard deviation (a single
 * incident doubles both), median and MAD (both are 0 for most entities), a week-old copy of the window (too noisy).
 */
import { hasLearnt, watched, type Lane, type Lanes } from './lanes.ts';
import type { LaneSum } from './window.ts';

export interface Baseline {
  /** Expected negative stories in one window, and the variance of a single observation around it. */
  readonly expected: number;
  readonly variance: number;
  readonly expectedShare: number;
  /** Hours of history that it rests on. */
  readonly hours: number;
}

/** The history of a series, or of all series of a kind together, cut into windows of the length that is judged. */
export interface History {
  /** Negative probability mass of each past window that was watched, newest first. */
  readonly windows: readonly number[];
  readonly windowHours: number;
  readonly stories: number;
  readonly negative: number;
  /** Mass of each feed and the hours it was watched. */
  readonly lanes: readonly { readonly negative: number; readonly hours: number }[];
}

/** What all series of a kind say: the prior for one of them. */
export interface Pool {
  readonly negativePerHour: number;
  readonly share: number;
}

export interface HistoryRange {
  /** Epoch milliseconds: the end of the history is the start of the judged window. */
  readonly from: number;
  readonly to: number;
  readonly windowMs: number;
  readonly learningHours: number;
}

const HOUR_MS = 3_600_000;
const PRIOR_HOURS = 24;
/** Negative stories that the prior is worth at least: nothing is impossible only because it was never seen. */
const LEAST_PRIOR = 0.1;
const PRIOR_STORIES = 20;
/** Share of negative stories assumed before anything was seen, and its worth in stories. */
const FIRST_SHARE = 0.2;
const RESIDUAL_LIMIT = 2.58;
const REWEIGHTINGS = 5;

type Sums = readonly { readonly start: number; readonly lanes: ReadonlyMap<string, LaneSum> }[];

/** Cuts buckets (ascending by start) into past windows, counting only lanes that have a history of their own. */
export function historyOf(buckets: Sums, lanes: Lanes, range: HistoryRange): History {
  const counted = learntLanes(lanes, range);
  const count = Math.floor((range.to - range.from) / range.windowMs);
  const sums = Array.from({ length: count }, () => 0);
  const perLane = new Map<string, number>();
  let stories = 0;
  let negative = 0;
  for (let index = buckets.length - 1; index >= 0; index -= 1) {
    const bucket = buckets[index];
    if (bucket === undefined || bucket.start >= range.to) continue;
    const position = Math.floor((range.to - 1 - bucket.start) / range.windowMs);
    if (position >= count) break;
    for (const [name, sum] of bucket.lanes) {
      if (!counted.has(name)) continue;
      sums[position] = (sums[position] ?? 0) + sum.negative;
      stories += sum.stories;
      negative += sum.negative;
      perLane.set(name, (perLane.get(name) ?? 0) + sum.negative);
    }
  }
  const stretches = [...counted.values()].flat();
  const windows = sums.filter((_, position) => {
    const middle = range.to - (position + 0.5) * range.windowMs;
    return stretches.some(([start, end]) => start <= middle && middle < end);
  });
  return {
    windows,
    windowHours: range.windowMs / HOUR_MS,
    stories,
    negative,
    lanes: [...perLane].map(([name, mass]) => ({ negative: mass, hours: hoursOf(counted.get(name) ?? []) })),
  };
}

function learntLanes(lanes: Lanes, range: HistoryRange): Map<string, readonly (readonly [number, number])[]> {
  const counted = new Map<string, readonly (readonly [number, number])[]>();
  for (const [name, lane] of lanes) {
    if (isLearnt(lane, range.to, range.learningHours)) counted.set(name, watched(lane, range.from, range.to));
  }
  return counted;
}

/** True when documents of this lane may count in a window that starts at `windowStart`. */
export function isLearnt(lane: Lane | undefined, windowStart: number, learningHours: number): boolean {
  return lane !== undefined && hasLearnt(lane, windowStart, learningHours);
}

function hoursOf(stretches: readonly (readonly [number, number])[]): number {
  return stretches.reduce((sum, [start, end]) => sum + end - start, 0) / HOUR_MS;
}

/** The prior of one kind, from the histories of its members over the same range. */
export function poolOf(histories: readonly History[]): Pool {
  const hours = histories.reduce((sum, { windows, windowHours }) => sum + windows.length * windowHours, 0);
  const stories = histories.reduce((sum, history) => sum + history.stories, 0);
  const negative = histories.reduce((sum, history) => sum + history.negative, 0);
  return {
    negativePerHour: hours === 0 ? 0 : negative / hours,
    share: (negative + FIRST_SHARE * PRIOR_STORIES) / (stories + PRIOR_STORIES),
  };
}

export function baselineOf(history: History, pool: Pool): Baseline {
  const { windows, windowHours } = history;
  const priorMass = Math.max(LEAST_PRIOR, pool.negativePerHour * PRIOR_HOURS);
  const { mass, weight, dispersion } = robustRate(windows);
  const hours = weight * windowHours;
  const posterior = mass + priorMass;
  const rate = posterior / (hours + PRIOR_HOURS);
  const expected = rate * windowHours * coverage(history);
  const ofRate = (expected * expected * dispersion) / posterior;
  return {
    expected,
    variance: expected * dispersion + ofRate,
    expectedShare: (history.negative + pool.share * PRIOR_STORIES) / (history.stories + PRIOR_STORIES),
    hours: windows.length * windowHours,
  };
}

/** How much more there would have been, had every feed been watched for as long as the longest one. At least 1. */
function coverage({ lanes, windows, windowHours, negative }: History): number {
  const hours = windows.length * windowHours;
  if (hours === 0 || negative <= 0) return 1;
  const perHour = lanes.reduce((sum, lane) => sum + (lane.hours > 0 ? lane.negative / lane.hours : 0), 0);
  return Math.max(1, perHour / (negative / hours));
}

interface RobustRate {
  /** Weighted sum of the windows, and the sum of weights: their quotient is the rate a window. */
  readonly mass: number;
  readonly weight: number;
  /** Variance over mean, at least 1. */
  readonly dispersion: number;
}

/** Mean and dispersion of past windows, those far above the rest weighted down. */
export function robustRate(windows: readonly number[]): RobustRate {
  let weights = windows.map(() => 1);
  let rate: RobustRate = { mass: 0, weight: 0, dispersion: 1 };
  for (let round = 0; round <= REWEIGHTINGS; round += 1) {
    const weight = weights.reduce((sum, value) => sum + value, 0);
    const mass = windows.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
    const mean = weight > 0 ? mass / weight : 0;
    if (mean <= 0) return { mass, weight, dispersion: 1 };
    const squares = windows.reduce((sum, value, index) => sum + (value - mean) ** 2 * (weights[index] ?? 0), 0);
    rate = { mass, weight, dispersion: Math.max(1, squares / Math.max(1, weight - 1) / mean) };
    const scale = Math.sqrt(rate.dispersion) * mean ** (1 / 6);
    weights = windows.map((value) => {
      const residual = (1.5 * (value ** (2 / 3) - mean ** (2 / 3))) / scale;
      return residual > RESIDUAL_LIMIT ? (RESIDUAL_LIMIT / residual) ** 2 : 1;
    });
  }
  return rate;
}
