/**
 * The level of a count and its prediction: a discounted gamma-Poisson rate by exposure, blocks far above the rest weighted down,
 * a pooled prior beside it, and a variance that knows how bursty the series is. The sources are in baseline.ts. Where corrected
 * sums fall below 0 (prediction.ts), the scatter is measured against the sum of their sizes, which no cancelling makes small:
 * twice what lies below 0 is the lift that leads from the one to the other.
 */
import type { Row } from './baseline_rows.ts';
import type { Prediction } from './prediction.ts';

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
export interface Level extends Prediction {
  /** Own rate a usual hour, before the prior; and what it is worth in counts. */
  readonly perHour: number;
  readonly mass: number;
  readonly dispersion: number;
}

/** Negative stories that the prior is worth at least: nothing is impossible only because it was never seen. */
const LEAST_PRIOR = 0.1;
/** Blocks that the kind's scatter is worth beside a series' own. */
const PRIOR_BLOCKS = 10;
const RESIDUAL_LIMIT = 2.58;
const REWEIGHTINGS = 5;

export interface Fit {
  /** Per row: rate by its exposure, and lift by it. */
  readonly rates: readonly number[];
  readonly lifts: readonly number[];
  /** Weight of each block for how unusual it was. */
  readonly weights: Float64Array;
  /** Sum of the counts, and the same with the lift. */
  readonly said: number;
  readonly mass: number;
  readonly dispersion: number;
  /** The dispersion before it was held at 1 or more. */
  readonly measured: number;
  /** Expected counts that the dispersion rests on, at most the number of blocks. */
  readonly support: number;
  /** Of the judged window: expected, and lift. */
  readonly ahead: number;
  readonly liftAhead: number;
}

/** Rates and scatter of counts by block, those far above the rest weighted down. */
export function levelOf(
  counts: readonly Float64Array[],
  rows: readonly Row[],
  usual: Float64Array,
  discount: Float64Array,
): Fit {
  const blocks = discount.length;
  const weights = new Float64Array(blocks).fill(1);
  const rates = rows.map(() => 0);
  const lifts = rows.map(() => 0);
  const scatter = { dispersion: 1, measured: 1, support: 0 };
  let fit: Fit = { rates, lifts, weights, said: 0, mass: 0, ...scatter, ahead: 0, liftAhead: 0 };
  if (rows.length === 0) return fit;
  const observed = new Float64Array(blocks);
  for (const column of counts)
    for (let at = 0; at < blocks; at += 1) observed[at] = (observed[at] ?? 0) + (column[at] ?? 0);
  const expected = new Float64Array(blocks);
  const lift = new Float64Array(blocks);
  for (let round = 0; round <= REWEIGHTINGS; round += 1) {
    let [all, mass, ahead, liftAhead] = [0, 0, 0, 0];
    expected.fill(0);
    lift.fill(0);
    for (const [place, row] of rows.entries()) {
      let [said, below, could] = [0, 0, 0];
      for (let at = 0; at < blocks; at += 1) {
        const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
        const count = counts[place]?.[at] ?? 0;
        said += weight * count;
        if (count < 0) below -= weight * count;
        could += weight * (row.exposure[at] ?? 0);
      }
      const rate = could > 0 ? said / could : 0;
      const lifted = could > 0 ? (2 * below) / could : 0;
      rates[place] = rate;
      lifts[place] = lifted;
      all += said;
      mass += said + 2 * below;
      ahead += rate * row.ahead;
      liftAhead += lifted * row.ahead;
      for (let at = 0; at < blocks; at += 1) {
        expected[at] = (expected[at] ?? 0) + rate * (row.exposure[at] ?? 0);
        lift[at] = (lift[at] ?? 0) + lifted * (row.exposure[at] ?? 0);
      }
    }
    let squares = 0;
    let means = 0;
    let seen = 0;
    for (let at = 0; at < blocks; at += 1) {
      if ((usual[at] ?? 0) === 0) continue;
      const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
      seen += weights[at] ?? 0;
      squares += weight * ((observed[at] ?? 0) - (expected[at] ?? 0)) ** 2;
      means += weight * ((expected[at] ?? 0) + (lift[at] ?? 0));
    }
    const measured = means > 0 && seen > 1 ? (squares / means) * (seen / (seen - 1)) : 1;
    const dispersion = Math.max(1, measured);
    const support = Math.min(seen, means);
    fit = { rates, lifts, weights, said: all, mass, dispersion, measured, support, ahead, liftAhead };
    if (round === REWEIGHTINGS || mass === 0) break;
    for (let at = 0; at < blocks; at += 1) {
      const mean = (expected[at] ?? 0) + (lift[at] ?? 0);
      if (mean <= 0) continue;
      const count = Math.max(0, (observed[at] ?? 0) + (lift[at] ?? 0));
      const scale = Math.sqrt(dispersion) * mean ** (1 / 6);
      const residual = (1.5 * (count ** (2 / 3) - mean ** (2 / 3))) / scale;
      weights[at] = residual > RESIDUAL_LIMIT ? (RESIDUAL_LIMIT / residual) ** 2 : 1;
    }
  }
  return fit;
}

export function predict(
  fit: Fit,
  pooledPerHour: number,
  pooledDispersion: number,
  { hours, windowHours, pool }: { hours: number; windowHours: number; pool: Pool },
): Level {
  const priorMass = Math.max(LEAST_PRIOR, pooledPerHour * pool.hours);
  const prior = priorMass / pool.hours;
  const said = Math.max(0, fit.said);
  const own = hours / (hours + pool.hours);
  const expected = own * fit.ahead + (1 - own) * prior * windowHours;
  const lift = own * fit.liftAhead;
  const mean = expected + lift;
  const dispersion = Math.max(
    1,
    (fit.support * fit.dispersion + PRIOR_BLOCKS * pooledDispersion) / (fit.support + PRIOR_BLOCKS),
  );
  return {
    expected,
    lift,
    variance: mean * dispersion + (mean * mean * dispersion) / (fit.mass + priorMass),
    perHour: hours > 0 ? said / hours : 0,
    mass: said,
    dispersion,
  };
}
