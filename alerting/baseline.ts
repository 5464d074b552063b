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
 *   kind's) times the mean, plus the uncertainty of the level; the prediction is negative binomial.
 * - Share: a beta posterior with the pooled share as prior; its own scatter from block to block makes the test
 *   beta-binomial (Griffiths 1973), estimated by moments and shrunk to the kind's.
 *
 * Feeds are read one by one, each with its own exposure, so one that was added later is not averaged with the time before
 * it. Rejected: mean and standard deviation (a single incident doubles both), median and MAD (both are 0 for most entities),
 * a week-old copy of the window (too noisy), a state-space fit a series (a second each, and nothing to show for it).
 */
import type { Exposures, LaneExposure } from './exposure.ts';
import type { Past } from './past.ts';
import { FLAT, HOURS_OF_WEEK, meanFactor, profileOf, type Profile } from './seasonality.ts';

/** What all series of a kind say: the prior for one of them. Rates an usual hour. */
export interface Pool {
  readonly negativePerHour: number;
  readonly storiesPerHour: number;
  readonly share: number;
  /** Hours of watching that the prior of the rates is worth. */
  readonly hours: number;
  /** Variance over mean of a block's negative mass, and of its stories. */
  readonly dispersion: number;
  readonly storyDispersion: number;
  /** Correlation of two stories of one block: 0 where the share scatters as by chance alone. */
  readonly shareCorrelation: number;
}

/** A count's prediction with the numbers that led to it. */
export interface Level {
  readonly expected: number;
  /** Of a single window around `expected`. */
  readonly variance: number;
  /** Own rate a usual hour, before the prior; and what it is worth in counts. */
  readonly perHour: number;
  readonly mass: number;
  readonly dispersion: number;
}

export interface PastBlock {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly negative: number;
  readonly stories: number;
  /** By today's level and that block's exposure. */
  readonly expected: number;
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

/** Negative stories that the prior is worth at least: nothing is impossible only because it was never seen. */
const LEAST_PRIOR = 0.1;
export const PRIOR_STORIES = 20;
/** Blocks that the kind's scatter is worth beside a series' own. */
const PRIOR_BLOCKS = 10;
const RESIDUAL_LIMIT = 2.58;
const REWEIGHTINGS = 5;
/** Stories that "as busy as usual" is worth against a feed's count of a window. */
const PRIOR_VOLUME = 20;
/** Twice as busy a feed is expected to say 1.4 times as much of each series, and at most that much more. */
const BUSY_POWER = 0.5;
const MOST_ACTIVITY = 2;
const LEAST_ACTIVITY = 0.1;

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

/** How busy a feed is against its usual, without the series that asks: below 1 in proportion, above it damped. */
function busy(said: number, usual: number): number {
  const ratio = (Math.max(0, said) + PRIOR_VOLUME) / (Math.max(0, usual) + PRIOR_VOLUME);
  return ratio <= 1 ? Math.max(LEAST_ACTIVITY, ratio) : Math.min(MOST_ACTIVITY, ratio ** BUSY_POWER);
}

/** One feed's part of a series' past. */
interface Row {
  readonly name: string;
  readonly lane: LaneExposure;
  readonly negative: Float64Array;
  readonly stories: Float64Array;
  readonly exposure: Float64Array;
  /** Discounted stories. */
  discounted: number;
  /** Exposure of the judged window. */
  ahead: number;
}

function rowsOf(past: Past, { lanes, first, count, discount }: Exposures): Row[] {
  const rows: (Row | undefined)[] = past.lanes.map((name) => {
    const lane = lanes.get(name);
    if (lane === undefined) return undefined;
    const [negative, stories, exposure] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
    return { name, lane, negative, stories, exposure, discounted: 0, ahead: 0 };
  });
  for (let entry = past.size - 1; entry >= 0; entry -= 1) {
    const index = (past.block[entry] ?? 0) - first;
    if (index < 0) break;
    const row = rows[past.lane[entry] ?? 0];
    if (index >= count || row === undefined) continue;
    row.negative[index] = past.negative[entry] ?? 0;
    row.stories[index] = past.stories[entry] ?? 0;
    row.discounted += (past.stories[entry] ?? 0) * (discount[index] ?? 0);
  }
  // By name, because sums depend on their order and a feed's place in the past on who spoke first.
  return rows.filter((row) => row !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The series' own weekly swing beside its feeds', flat before it has enough stories. */
function swingOf(past: Past, rows: readonly Row[], { windowStart, halfLifeMs }: Exposures): Profile {
  if (past.hours === null) return FLAT;
  const usual = new Float64Array(HOURS_OF_WEEK);
  for (const { lane, discounted } of rows) {
    const rate = lane.totalUsual > 0 ? discounted / lane.totalUsual : 0;
    for (let hour = 0; hour < HOURS_OF_WEEK; hour += 1) {
      usual[hour] = (usual[hour] ?? 0) + rate * (lane.byHour[hour] ?? 0);
    }
  }
  const scale = 2 ** ((past.hoursAt - windowStart) / halfLifeMs);
  return profileOf(
    past.hours.map((value) => value * scale),
    usual,
  );
}

interface Fit {
  /** Per row: rate by its exposure. */
  readonly rates: readonly number[];
  /** Weight of each block for how unusual it was. */
  readonly weights: Float64Array;
  readonly mass: number;
  readonly dispersion: number;
  /** The dispersion before it was held at 1 or more. */
  readonly measured: number;
  /** Expected counts that the dispersion rests on, at most the number of blocks. */
  readonly support: number;
  readonly ahead: number;
}

/** Rates and scatter of counts by block, those far above the rest weighted down. */
function levelOf(
  counts: readonly Float64Array[],
  rows: readonly Row[],
  usual: Float64Array,
  discount: Float64Array,
): Fit {
  const blocks = discount.length;
  const weights = new Float64Array(blocks).fill(1);
  const rates = rows.map(() => 0);
  let fit: Fit = { rates, weights, mass: 0, dispersion: 1, measured: 1, support: 0, ahead: 0 };
  if (rows.length === 0) return fit;
  const observed = new Float64Array(blocks);
  for (const column of counts)
    for (let at = 0; at < blocks; at += 1) observed[at] = (observed[at] ?? 0) + (column[at] ?? 0);
  const expected = new Float64Array(blocks);
  for (let round = 0; round <= REWEIGHTINGS; round += 1) {
    let mass = 0;
    let ahead = 0;
    expected.fill(0);
    for (const [place, row] of rows.entries()) {
      let said = 0;
      let could = 0;
      for (let at = 0; at < blocks; at += 1) {
        const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
        said += weight * (counts[place]?.[at] ?? 0);
        could += weight * (row.exposure[at] ?? 0);
      }
      const rate = could > 0 ? Math.max(0, said) / could : 0;
      rates[place] = rate;
      mass += Math.max(0, said);
      ahead += rate * row.ahead;
      for (let at = 0; at < blocks; at += 1) expected[at] = (expected[at] ?? 0) + rate * (row.exposure[at] ?? 0);
    }
    let squares = 0;
    let means = 0;
    let seen = 0;
    for (let at = 0; at < blocks; at += 1) {
      if ((usual[at] ?? 0) === 0) continue;
      const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
      seen += weights[at] ?? 0;
      squares += weight * ((observed[at] ?? 0) - (expected[at] ?? 0)) ** 2;
      means += weight * (expected[at] ?? 0);
    }
    const measured = means > 0 && seen > 1 ? (squares / means) * (seen / (seen - 1)) : 1;
    const dispersion = Math.max(1, measured);
    fit = { rates, weights, mass, dispersion, measured, support: Math.min(seen, means), ahead };
    if (round === REWEIGHTINGS || mass === 0) break;
    for (let at = 0; at < blocks; at += 1) {
      const mean = expected[at] ?? 0;
      if (mean <= 0) continue;
      const scale = Math.sqrt(dispersion) * mean ** (1 / 6);
      const residual = (1.5 * (Math.max(0, observed[at] ?? 0) ** (2 / 3) - mean ** (2 / 3))) / scale;
      weights[at] = residual > RESIDUAL_LIMIT ? (RESIDUAL_LIMIT / residual) ** 2 : 1;
    }
  }
  return fit;
}

function predict(
  fit: Fit,
  pooledPerHour: number,
  pooledDispersion: number,
  { hours, windowHours, pool }: { hours: number; windowHours: number; pool: Pool },
): Level {
  const priorMass = Math.max(LEAST_PRIOR, pooledPerHour * pool.hours);
  const prior = priorMass / pool.hours;
  const own = hours / (hours + pool.hours);
  const expected = own * fit.ahead + (1 - own) * prior * windowHours;
  const dispersion = Math.max(
    1,
    (fit.support * fit.dispersion + PRIOR_BLOCKS * pooledDispersion) / (fit.support + PRIOR_BLOCKS),
  );
  return {
    expected,
    variance: expected * dispersion + (expected * expected * dispersion) / (fit.mass + priorMass),
    perHour: hours > 0 ? fit.mass / hours : 0,
    mass: fit.mass,
    dispersion,
  };
}

function shareSums(
  rows: readonly Row[],
  weights: Float64Array,
  usual: Float64Array,
  discount: Float64Array,
  pool: Pool,
) {
  let negative = 0;
  let stories = 0;
  const sums = { squares: 0, products: 0, sizes: 0, pairs: 0 };
  for (let at = 0; at < discount.length; at += 1) {
    if ((usual[at] ?? 0) === 0) continue;
    let [y, n] = [0, 0];
    for (const row of rows) {
      y += row.negative[at] ?? 0;
      n += row.stories[at] ?? 0;
    }
    if (n === 0) continue;
    const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
    negative += weight * y;
    stories += weight * n;
    sums.squares += weight * y * y;
    sums.products += weight * y * n;
    sums.sizes += weight * n * n;
    sums.pairs += weight * Math.max(0, n * n - n);
  }
  const expectedShare = clamp((Math.max(0, negative) + pool.share * PRIOR_STORIES) / (stories + PRIOR_STORIES));
  // E (y - nπ)² = π(1-π)(n + ρ(n² - n)): solved for ρ over all blocks, then shrunk by the pairs of stories behind it.
  const spread = expectedShare * (1 - expectedShare);
  const scatter = sums.squares - 2 * expectedShare * sums.products + expectedShare ** 2 * sums.sizes;
  const correlation = sums.pairs > 0 ? Math.min(0.9, (scatter / spread - stories) / sums.pairs) : 0;
  return { expectedShare, stories, correlation, pairs: sums.pairs };
}

function shareOf(rows: readonly Row[], weights: Float64Array, usual: Float64Array, discount: Float64Array, pool: Pool) {
  const { correlation: own, expectedShare, pairs, stories } = shareSums(rows, weights, usual, discount, pool);
  const trust = pairs / (pairs + PRIOR_STORIES ** 2);
  const shareCorrelation = Math.max(0, trust * own + (1 - trust) * pool.shareCorrelation);
  const correlation = shareCorrelation + (1 - shareCorrelation) / (stories + PRIOR_STORIES + 1);
  const size = (1 - correlation) / correlation;
  return {
    expectedShare,
    shareCorrelation,
    shareAlpha: expectedShare * size,
    shareBeta: (1 - expectedShare) * size,
  };
}

function clamp(share: number): number {
  return Math.min(0.999, Math.max(0.001, share));
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
    const block = { negative: 0, stories: 0, expected: 0, expectedStories: 0 };
    for (const [place, row] of rows.entries()) {
      block.negative += row.negative[at] ?? 0;
      block.stories += row.stories[at] ?? 0;
      block.expected += (negative.rates[place] ?? 0) * (row.exposure[at] ?? 0);
      block.expectedStories += (stories.rates[place] ?? 0) * (row.exposure[at] ?? 0);
    }
    blocks.push({ start: (exposures.first + at) * exposures.windowMs, ...block });
  }
  return blocks;
}
