/**
 * What a series usually says in one window, from its past before the window and from how much its feeds could and did say:
 *
 *   expected = level an hour × usual hours of the window × the series' own swing × how busy the feeds are
 *
 * - Level: a discounted gamma-Poisson rate. What is `half_life_days` old counts half, so the level follows a trend (Harrison
 *   & Stevens 1976; the power-steady model of Smith & Miller 1986). A prior from all series of the kind stands beside it
 *   (empirical Bayes: Clayton & Kaldor 1987; DuMouchel 1999 for sparse counts), so a new or thin series is no blank. Silence
 *   counts: a series that was never mentioned has the time that its feeds were watched behind it.
 * - Past incidents: blocks far above the rest are weighted down by their standardised Anscombe residual, (2.58/r)² beyond
 *   2.58 (Farrington et al. 1996; Noufaily et al. 2013), so one incident does not hide the next.
 * - Scatter: news comes in bursts. The variance is a dispersion estimated from the same blocks (at least 1, shrunk to the
 *   kind's) times the mean, plus the uncertainty of the level; the prediction is negative binomial, lifted where the model's
 *   correction takes sums below 0 (prediction.ts).
 * - Share: a beta posterior with the pooled share as prior; its own scatter from block to block makes the test
 *   beta-binomial (Griffiths 1973), estimated by moments and shrunk to the kind's.
 *
 * Feeds are read one by one, each with its own exposure, so one that was added later is not averaged with the time before
 * it. Rejected: mean and standard deviation (a single incident doubles both), median and MAD (both are 0 for most entities),
 * a week-old copy of the window (too noisy), a state-space fit a series (a second each, and nothing to show for it).
 */
import { levelOf, predict, type Fit, type Level, type Pool } from './baseline_level.ts';
import { busy, rowsOf, swingOf, type Row } from './baseline_rows.ts';
import { shareOf, shareSums } from './baseline_share.ts';
import type { Exposures } from './exposure.ts';
import type { Past } from './past.ts';
import { meanFactor } from './seasonality.ts';

export interface PastBlock {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly negative: number;
  readonly stories: number;
  /** By today's level and that block's exposure. Of corrected sums it may lie below 0; `lift` is theirs (prediction.ts). */
  readonly expected: number;
  readonly lift: number;
  readonly expectedStories: number;
}

export interface Baseline {
  readonly negative: Level;
  readonly stories: Level;
  readonly expectedShare: number;
  /** Beta-binomial: parameters of the predicted share. */
  readonly shareAlpha: number;
  readonly shareBeta: number;
  readonly shareCorrelation: number;
  /** Usual hours of the window, the series' own swing in it, and how busy its feeds are against their usual. */
  readonly usualHours: number;
  readonly season: number;
  readonly activity: number;
  /** Hours of history, discounted, that it rests on; hours that the prior is worth. */
  readonly hours: number;
  readonly priorHours: number;
  readonly pool: Pool;
  /** Watched blocks, oldest first. */
  readonly blocks: readonly PastBlock[];
}

/**
 * @param window stories of this series in the judged window, by feed: they are no measure of how busy the feed is without it
 */
export function baselineOf(
  past: Past,
  window: ReadonlyMap<string, number>,
  exposures: Exposures,
  pool: Pool,
): Baseline {
  const fitted = fit(past, window, exposures);
  const { rows, usual, season, activity, negative, stories } = fitted;
  const context = { hours: exposures.hours, windowHours: exposures.windowHours * season, pool };
  return {
    negative: predict(negative, pool.negativePerHour, pool.dispersion, context),
    stories: predict(stories, pool.storiesPerHour, pool.storyDispersion, context),
    ...shareOf(rows, negative.weights, usual, exposures.discount, pool),
    usualHours: exposures.windowHours,
    season,
    activity,
    hours: exposures.hours,
    priorHours: pool.hours,
    pool,
    blocks: blocksOf(rows, negative, stories, usual, exposures),
  };
}

/** How one series scatters by itself, for the pool of its kind. */
export interface Scatter {
  readonly mass: number;
  /** Variance over mean as measured, which may be under 1; so may the correlation be under 0: a mean of them has no bias. */
  readonly dispersion: number;
  readonly storyMass: number;
  readonly storyDispersion: number;
  readonly shareCorrelation: number;
  /** Pairs of stories of one block that the correlation rests on. */
  readonly pairs: number;
}

export function scatterOf(past: Past, exposures: Exposures, pool: Pool): Scatter {
  const { rows, usual, negative, stories } = fit(past, new Map(), exposures);
  const { correlation, pairs } = shareSums(rows, negative.weights, usual, exposures.discount, pool);
  return {
    mass: negative.mass,
    dispersion: negative.measured,
    storyMass: stories.mass,
    storyDispersion: stories.measured,
    shareCorrelation: correlation,
    pairs,
  };
}

function fit(past: Past, window: ReadonlyMap<string, number>, exposures: Exposures) {
  const { count, discount, windowMs, first } = exposures;
  const rows = rowsOf(past, exposures);
  const swing = swingOf(past, rows, exposures);
  const season = meanFactor(swing, exposures.windowStart, exposures.windowEnd);
  const usual = new Float64Array(count);
  for (const lane of exposures.lanes.values()) {
    for (let index = 0; index < count; index += 1) {
      usual[index] = Math.max(usual[index] ?? 0, lane.usual[index] ?? 0);
    }
  }
  let activity = 1;
  let most = -1;
  for (const row of rows) {
    const { lane } = row;
    const own = lane.totalStories > 0 ? Math.min(1, row.discounted / lane.totalStories) : 0;
    for (let index = 0; index < count; index += 1) {
      const hours = lane.usual[index] ?? 0;
      if (hours === 0) continue;
      const start = (first + index) * windowMs;
      row.exposure[index] =
        hours *
        meanFactor(swing, start, start + windowMs) *
        busy((lane.stories[index] ?? 0) - (row.stories[index] ?? 0), lane.rate * hours * (1 - own));
    }
    const others = lane.window.stories - (window.get(row.name) ?? 0);
    const active = busy(others, lane.rate * lane.window.usual * (1 - own));
    row.ahead = lane.window.usual * season * active;
    if (row.discounted > most) {
      most = row.discounted;
      activity = active;
    }
  }
  const level = (pick: (row: Row) => Float64Array): Fit => levelOf(rows.map(pick), rows, usual, discount);
  return {
    rows,
    usual,
    season,
    activity,
    negative: level((row) => row.negative),
    stories: level((row) => row.stories),
  };
}

function blocksOf(
  rows: readonly Row[],
  negative: Fit,
  stories: Fit,
  usual: Float64Array,
  exposures: Exposures,
): PastBlock[] {
  const blocks: PastBlock[] = [];
  for (let at = 0; at < exposures.count; at += 1) {
    if ((usual[at] ?? 0) === 0) continue;
    const block = { negative: 0, stories: 0, expected: 0, lift: 0, expectedStories: 0 };
    for (const [place, row] of rows.entries()) {
      block.negative += row.negative[at] ?? 0;
      block.stories += row.stories[at] ?? 0;
      block.expected += (negative.rates[place] ?? 0) * (row.exposure[at] ?? 0);
      block.lift += (negative.lifts[place] ?? 0) * (row.exposure[at] ?? 0);
      block.expectedStories += (stories.rates[place] ?? 0) * (row.exposure[at] ?? 0);
    }
    blocks.push({ start: (exposures.first + at) * exposures.windowMs, ...block });
  }
  return blocks;
}
