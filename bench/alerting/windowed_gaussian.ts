/**
 * The windowed Gaussian of the Numenta Anomaly Benchmark, written anew: 1 minus the upper normal tail of a value under
 * the mean and deviation of the last `window` values. Here for one purpose: its scores a file are published, so running
 * it through our scorer shows whether the scorer is right.
 */
export interface GaussianRules {
  readonly window: number;
  /** The window slides by this many values at a time once it is full. */
  readonly step: number;
}

/** 1 - Q(z) rounds to exactly 1 from here on in double precision; published runs used that as threshold. */
const CERTAIN_DEVIATE = 8.2095;

/** 1 where the published run would give exactly 1, else 0. */
export function certainByGaussian(values: ArrayLike<number>, rules: GaussianRules): Float64Array {
  const count = values.length;
  const scores = new Float64Array(count);
  const sums = new Float64Array(count + 1);
  const squares = new Float64Array(count + 1);
  const offset = Array.from(values).reduce((sum, value) => sum + value, 0) / count;
  for (let row = 0; row < count; row += 1) {
    const value = (values[row] ?? 0) - offset;
    sums[row + 1] = (sums[row] ?? 0) + value;
    squares[row + 1] = (squares[row] ?? 0) + value * value;
  }
  let from = 0;
  let to = 0;
  for (let row = 0; row < count; row += 1) {
    if (to > from) {
      const mean = ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from);
      const variance = ((squares[to] ?? 0) - (squares[from] ?? 0)) / (to - from) - mean * mean;
      const deviation = variance > 1e-14 ? Math.sqrt(variance) : 1e-6;
      scores[row] = ((values[row] ?? 0) - offset - mean) / deviation > CERTAIN_DEVIATE ? 1 : 0;
    }
    if (to - from < rules.window) to = row + 1;
    else if (row + 1 - to >= rules.step) {
      from += rules.step;
      to = row + 1;
    }
  }
  return scores;
}
