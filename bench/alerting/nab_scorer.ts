/**
 * The score of the Numenta Anomaly Benchmark, written from its papers (Lavin & Ahmad 2015, "Evaluating Real-time Anomaly
 * Detection Algorithms"; Ahmad et al. 2017) and checked against published per-file scores (nab_check.ts). The first rows
 * of a series (15%, at most 750) are probation and do not count. In each labelled window only the earliest detection
 * counts, worth more the earlier it is; every detection outside costs, less just after a window than far from one; a
 * missed window costs. One threshold for the whole corpus and profile is the one that scores best, as in NAB; the sum is
 * put on a scale where a detector that says nothing has 0 and a perfect one 100.
 */
export interface Profile {
  readonly name: 'standard' | 'reward_low_FP' | 'reward_low_FN';
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
}

export const PROFILES: readonly Profile[] = [
  { name: 'standard', truePositive: 1, falsePositive: 0.11, falseNegative: 1 },
  { name: 'reward_low_FP', truePositive: 1, falsePositive: 0.22, falseNegative: 1 },
  { name: 'reward_low_FN', truePositive: 1, falsePositive: 0.11, falseNegative: 2 },
];

/** A series with its scores in [0, 1]; windows are first and last row, both within. */
export interface ScoredSeries {
  readonly name: string;
  readonly scores: ArrayLike<number>;
  readonly windows: readonly (readonly [number, number])[];
}

export interface FileScore {
  readonly name: string;
  readonly score: number;
  readonly windows: number;
  readonly found: number;
  readonly falsePositives: number;
}

export interface CorpusScore {
  readonly threshold: number;
  readonly raw: number;
  /** 0 says nothing, 100 is perfect. */
  readonly normalised: number;
  readonly files: readonly FileScore[];
}

export function probationRows(rows: number): number {
  return Math.min(Math.floor(0.15 * rows), 750);
}

/** 2/(1+e^5x) - 1: nearly 1 at the left edge of a window (x = -1), 0 at its right edge, -1 from three widths beyond. */
export function scaledSigmoid(position: number): number {
  return position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}

/** What a detection at each row would be worth before weights, and the window it lies in (-1: none, -2: probation). */
export function worthOfRows(
  rows: number,
  windows: ScoredSeries['windows'],
): { readonly worth: Float64Array; readonly window: Int32Array } {
  const worth = new Float64Array(rows);
  const window = new Int32Array(rows);
  const probation = probationRows(rows);
  let next = 0;
  let previous: readonly [number, number] | null = null;
  for (let row = 0; row < rows; row += 1) {
    const current = windows[next];
    let inside = -1;
    if (current !== undefined && row >= current[0]) {
      const width = current[1] - current[0] + 1;
      worth[row] = scaledSigmoid(-(current[1] - row + 1) / width) / scaledSigmoid(-1);
      inside = next;
      if (row === current[1]) {
        previous = current;
        next += 1;
      }
    } else {
      const past = previous === null ? 3 : (row - previous[1]) / (previous[1] - previous[0]);
      worth[row] = scaledSigmoid(past);
    }
    window[row] = row < probation ? -2 : inside;
  }
  return { worth, window };
}

/** The score of one series when every row at or above the threshold is a detection. */
export function scoreFile(series: ScoredSeries, profile: Profile, threshold: number): FileScore {
  const rows = series.scores.length;
  const { worth, window } = worthOfRows(rows, series.windows);
  const best = new Map<number, number>();
  const counted = new Set<number>();
  let score = 0;
  let falsePositives = 0;
  for (let row = 0; row < rows; row += 1) {
    const inside = window[row] ?? -2;
    if (inside >= 0) counted.add(inside);
    if (inside === -2 || (series.scores[row] ?? 0) < threshold) continue;
    if (inside >= 0) {
      best.set(inside, Math.max(best.get(inside) ?? -1, (worth[row] ?? 0) * profile.truePositive));
    } else {
      score += (worth[row] ?? 0) * profile.falsePositive;
      falsePositives += 1;
    }
  }
  for (const value of best.values()) score += value;
  score -= (counted.size - best.size) * profile.falseNegative;
  return { name: series.name, score, windows: series.windows.length, found: best.size, falsePositives };
}

/** The threshold that scores best over all series together: every score that occurs is tried. */
export function bestThreshold(corpus: readonly ScoredSeries[], profile: Profile): number {
  const rows = corpus.reduce((sum, { scores }) => sum + scores.length, 0);
  const scores = new Float64Array(rows);
  const worths = new Float64Array(rows);
  const windows = new Int32Array(rows);
  let count = 0;
  let windowsBefore = 0;
  for (const series of corpus) {
    const { worth, window } = worthOfRows(series.scores.length, series.windows);
    for (let row = 0; row < series.scores.length; row += 1) {
      const inside = window[row] ?? -2;
      // A score of 0 says that nothing is wrong.
      if (inside === -2 || (series.scores[row] ?? 0) <= 0) continue;
      scores[count] = series.scores[row] ?? 0;
      worths[count] = worth[row] ?? 0;
      windows[count] = inside < 0 ? -1 : windowsBefore + inside;
      count += 1;
    }
    windowsBefore += series.windows.length;
  }
  const order = Array.from({ length: count }, (_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const parts = new Float64Array(windowsBefore).fill(-profile.falseNegative);
  let total = 0;
  let best = 0;
  let threshold = 1.1;
  for (let place = 0; place < count; place += 1) {
    const index = order[place] ?? 0;
    const inside = windows[index] ?? -1;
    const worth = worths[index] ?? 0;
    if (inside < 0) total += worth * profile.falsePositive;
    else {
      const gain = Math.max(parts[inside] ?? 0, worth * profile.truePositive) - (parts[inside] ?? 0);
      parts[inside] = (parts[inside] ?? 0) + gain;
      total += gain;
    }
    const score = scores[index] ?? 0;
    const last = place + 1 === count || scores[order[place + 1] ?? 0] !== score;
    if (last && total > best) {
      best = total;
      threshold = score;
    }
  }
  return threshold;
}

/** Scores a corpus at the threshold given, or at its best one. */
export function scoreCorpus(corpus: readonly ScoredSeries[], profile: Profile, at?: number): CorpusScore {
  const threshold = at ?? bestThreshold(corpus, profile);
  const files = corpus.map((series) => scoreFile(series, profile, threshold));
  const raw = files.reduce((sum, { score }) => sum + score, 0);
  const windows = corpus.reduce((sum, series) => sum + series.windows.length, 0);
  const nothing = -profile.falseNegative * windows;
  return { threshold, raw, normalised: (100 * (raw - nothing)) / (profile.truePositive * windows - nothing), files };
}
