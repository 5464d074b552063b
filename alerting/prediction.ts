/**
 * How improbable a count is under its prediction, also where the model's correction takes sums below 0 (correction.ts). A calm
 * text then counts a little less than nothing, so a series' blame and calm can add up to 0 or less, while its windows scatter as
 * before. A negative binomial of a mean near 0 cannot say that: it puts nearly everything at 0 and what is left evenly far
 * out, so that three stories are as telling as forty. So the sum is read as a count that was moved down: both it and its mean
 * are lifted by what the correction took, which leaves the variance as it is (translated Poisson: Barbour & Čekanavičius 2002; Röllin 2007).
 * The lift is 0 where no sum of the past was below 0, and nothing changes there. Rejected: a least variance without a lift, whose
 * 95% interval on such a series is 0 to 0; a least mean, which hides the first stories of a surge.
 */
import { negativeBinomialInterval, negativeBinomialUpperTail } from './distribution.ts';

export interface Prediction {
  /** May lie below 0, as sums of corrected values may. */
  readonly expected: number;
  /** What the count and `expected` are moved up by, so that both are those of a count; 0 or more. */
  readonly lift: number;
  readonly variance: number;
}

/** P(X >= count). */
export function upperTail(count: number, { expected, lift, variance }: Prediction): number {
  return negativeBinomialUpperTail(count + lift, expected + lift, variance);
}

/** The whole counts from 0 on between which a window falls with probability 95%. */
export function intervalOf({ expected, lift, variance }: Prediction): { low: number; high: number } {
  const { low, high } = negativeBinomialInterval(expected + lift, variance);
  return { low: Math.max(0, Math.floor(low - lift)), high: Math.max(0, Math.ceil(high - lift)) };
}
