/**
 * What people use today to be told of a surge, re-implemented on hourly counts of one series. Each gives a strength an
 * hour, the quantity that its threshold is set on, so that every threshold can be tried:
 *
 * - static: negatives in the last `hours` hours, as in a saved search with "more than N".
 * - rolling deviation: (count - mean) / standard deviation of the same count over the last seven days, as in a Grafana
 *   or Prometheus rule with avg_over_time and stddev_over_time.
 * - spike: count over the count of the window before, at least `least` of them (ElastAlert's `spike` rule with
 *   spike_height swept, threshold_cur = least, and 1 where the window before is empty).
 * - S-H-ESD: seasonal hybrid extreme studentized deviate (Hochenbaum, Vallis & Kejariwal 2017) over the last 14 days of
 *   hourly counts, positive direction, at most a tenth outliers, asked of the newest hour; strength is -log10 of the
 *   least alpha at which that hour is an outlier. Seasonal component: the mean of each hour of day, as STL's periodic one.
 */
import { regularizedBeta } from '../../alerting/distribution.ts';

export interface Peer {
  readonly name: string;
  /** Strength at the end of each hour from the counts up to it. */
  strengths(counts: Float64Array): Float64Array;
}

const DAY_HOURS = 24;

function windowed(counts: Float64Array, hours: number): Float64Array {
  const sums = new Float64Array(counts.length);
  let sum = 0;
  for (let hour = 0; hour < counts.length; hour += 1) {
    sum += (counts[hour] ?? 0) - (hour >= hours ? (counts[hour - hours] ?? 0) : 0);
    sums[hour] = sum;
  }
  return sums;
}

export function staticThreshold(hours: number): Peer {
  return { name: `static threshold, ${hours} h`, strengths: (counts) => windowed(counts, hours) };
}

export function rollingDeviation(hours: number): Peer {
  const past = 7 * DAY_HOURS;
  return {
    name: `rolling mean + k sigma, ${hours} h`,
    strengths(counts) {
      const sums = windowed(counts, hours);
      return sums.map((value, hour) => {
        if (hour < past) return 0;
        let mean = 0;
        for (let back = 0; back < past; back += 1) mean += (sums[hour - back] ?? 0) / past;
        let squares = 0;
        for (let back = 0; back < past; back += 1) squares += ((sums[hour - back] ?? 0) - mean) ** 2;
        return squares === 0 ? 0 : (value - mean) / Math.sqrt(squares / past);
      });
    },
  };
}

export function spikeRatio(hours: number, least: number): Peer {
  return {
    name: `spike ratio, ${hours} h, at least ${least}`,
    strengths(counts) {
      const sums = windowed(counts, hours);
      return sums.map((value, hour) =>
        hour < 2 * hours || value < least ? 0 : value / Math.max(1, sums[hour - hours] ?? 0),
      );
    },
  };
}

export function seasonalHybridEsd(): Peer {
  const past = 14 * DAY_HOURS;
  return {
    name: 'S-H-ESD, 14 days',
    strengths: (counts) =>
      counts.map((value, hour) =>
        hour < past || value === 0 ? 0 : lastIsOutlier(counts.subarray(hour - past + 1, hour + 1)),
      ),
  };
}

/** -log10 of the least alpha at which the last value is an outlier; 0 for none. */
function lastIsOutlier(window: Float64Array): number {
  const count = window.length;
  const sorted = window.slice().sort();
  const median = middle(sorted, count);
  const season = new Float64Array(DAY_HOURS);
  window.forEach(
    (value, hour) =>
      (season[hour % DAY_HOURS] = (season[hour % DAY_HOURS] ?? 0) + (value - median) / (count / DAY_HOURS)),
  );
  const rest = window.map((value, hour) => value - median - (season[hour % DAY_HOURS] ?? 0));
  const last = rest[count - 1] ?? 0;
  rest.sort();
  const most = Math.floor(count / 10);
  let above = 0;
  while (above < count && (rest[count - 1 - above] ?? 0) > last) above += 1;
  if (above >= most) return 0;
  let strength = 0;
  // The largest leaves first; the last value is an outlier when a test at its rank or beyond holds.
  for (let rank = 1; rank <= most; rank += 1) {
    const left = count - rank + 1;
    const center = middle(rest, left);
    const spread = 1.4826 * medianDistance(rest, left, center);
    if (spread === 0) break;
    const deviate = ((rest[left - 1] ?? 0) - center) / spread;
    if (deviate <= 0) break;
    if (rank > above) strength = Math.max(strength, strengthOf(deviate, alphaOf(deviate, count, rank)));
  }
  return strength;
}

function middle(sorted: Float64Array, count: number): number {
  const half = count >> 1;
  return count % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** Median of |x - center| over the first `count` of an ascending array, by walking out from the center. */
function medianDistance(sorted: Float64Array, count: number, center: number): number {
  let high = 0;
  while (high < count && (sorted[high] ?? 0) < center) high += 1;
  let low = high - 1;
  let distance = 0;
  for (let taken = 0; taken <= count >> 1; taken += 1) {
    const down = low >= 0 ? center - (sorted[low] ?? 0) : Infinity;
    const up = high < count ? (sorted[high] ?? 0) - center : Infinity;
    if (down < up) {
      distance = down;
      low -= 1;
    } else {
      distance = up;
      high += 1;
    }
  }
  return distance;
}

/** Beyond what an alpha can say, the deviate itself orders, so that thresholds go on being tried. */
function strengthOf(deviate: number, alpha: number): number {
  return alpha > 1e-300 ? -Math.log10(alpha) : 300 + deviate;
}

/** The alpha at which generalised ESD's critical value equals the deviate (Rosner 1983), one-sided. */
function alphaOf(deviate: number, count: number, rank: number): number {
  const n = count - rank;
  const denominator = n * n - deviate * deviate * (n + 1);
  if (denominator <= 0) return 0;
  const t2 = (deviate * deviate * (n - 1) * (n + 1)) / denominator;
  const degrees = n - 1;
  const tail = 0.5 * regularizedBeta(degrees / (degrees + t2), degrees / 2, 0.5);
  return tail * (n + 1);
}
