/**
 * How improbable a value is among those seen before: -log10 of its upper tail probability. Within the sample that is its
 * rank (a conformal p-value: Vovk et al. 2005; Burnaev & Ishimtsev 2016); beyond the upper twentieth an exponential tail
 * is fitted to the excesses, in the values themselves or in their logarithms (then it is a Pareto tail with Hill's 1975
 * estimate), as in peaks over threshold (Siffer et al. 2017, SPOT). Rejected: a normal tail, which calls a tenth of a
 * bursty count series impossible.
 */
export interface Tail {
  /** Decades of improbability, 0 or more; 0 until `warmUp` values were seen. */
  decades(value: number): number;
  push(value: number): void;
}

/** Share of the sample that the tail is fitted to, and the least number of values. */
const TAIL_SHARE = 0.05;
const LEAST_IN_TAIL = 8;
/** A sample that is all one value has no scale: one part in a thousand of it, or 0.02 in logarithms. */
const LEAST_SCALE = 1e-3;
const LEAST_LOG_SCALE = 0.02;
const SMALLEST = 1e-9;
const MOST_DECADES = 30;

/** Remembers the last `memory` values, kept sorted: a value costs a binary search and a move of part of the array. */
export function createTail(options: { memory: number; warmUp: number; logarithmic: boolean }): Tail {
  const { memory, warmUp, logarithmic } = options;
  const sorted = new Float64Array(memory + 1);
  const ring = new Float64Array(memory);
  let count = 0;
  let next = 0;

  function place(value: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function decades(value: number): number {
    if (count < warmUp) return 0;
    const within = Math.max(LEAST_IN_TAIL, Math.floor(count * TAIL_SHARE));
    const start = sorted[count - within] ?? 0;
    if (value <= start) return -Math.log10((count - place(value) + 1) / (count + 1));
    const base = -Math.log10(within / count);
    let scale = 0;
    if (logarithmic) {
      const logStart = Math.log(Math.max(start, SMALLEST));
      for (let index = count - within; index < count; index += 1) {
        scale += Math.log(Math.max(sorted[index] ?? 0, SMALLEST)) - logStart;
      }
      const excess = Math.log(Math.max(value, SMALLEST)) - logStart;
      return Math.min(MOST_DECADES, base + excess / (scale / within + LEAST_LOG_SCALE) / Math.LN10);
    }
    for (let index = count - within; index < count; index += 1) scale += (sorted[index] ?? 0) - start;
    const least = Math.max(LEAST_SCALE * Math.abs(start), SMALLEST);
    return Math.min(MOST_DECADES, base + (value - start) / Math.max(scale / within, least) / Math.LN10);
  }

  function push(value: number): void {
    if (count === memory) {
      const oldest = place(ring[next] ?? 0);
      sorted.copyWithin(oldest, oldest + 1, count);
      count -= 1;
    }
    ring[next] = value;
    next = (next + 1) % memory;
    const at = place(value);
    sorted.copyWithin(at + 1, at, count);
    sorted[at] = value;
    count += 1;
  }

  return { decades, push };
}
