/**
 * Detector for any one series of counts or gauges: one row in, one score out, nothing known of the file or its future.
 *
 * Two questions, each answered as a tail probability under the series' own past: is this value far from what is usual at
 * this time of day (seasonal.ts), and have the last rows a shape that was not seen before (shape.ts)? Both of square roots, which
 * makes the spread of counts even (Bartlett 1936). Joined by Fisher's method; a gauge that stands still (stuck.ts) is a
 * third, on its own. Multiplied by the number of rows seen, because who looks ten times as often finds ten times as
 * much; then the refractory rest (rest.ts).
 *
 * Related work: Ahmad et al. 2017 (anomaly likelihood), Burnaev & Ishimtsev 2016 (KNN-CAD), Hochenbaum et al. 2017
 * (S-H-ESD). Rejected after measuring (docs/detection_benchmarks.md): calibrating the joined evidence a second time,
 * the largest of the parts in place of their sum, first differences and window means as further parts.
 */
import { createRest, type RestRules } from './rest.ts';
import { createSeasonal } from './seasonal.ts';
import { createShape } from './shape.ts';
import { createStuck } from './stuck.ts';
import { createTail } from './tail.ts';

export interface DetectRules {
  /** Days and weeks of the seasonal medians. */
  readonly days: number;
  readonly weeks: number;
  /** Rows of a shape, and rows back that it is compared with. */
  readonly shapeRows: number;
  readonly shapeMemory: number;
  /** Residuals and distances that a tail probability rests on, at most and at least. */
  readonly tailMemory: number;
  readonly warmUp: number;
  readonly rest: RestRules;
}

/** Chosen once (docs/detection_benchmarks.md says how) and the same for every file. */
export const DETECT_RULES: DetectRules = {
  days: 14,
  weeks: 6,
  shapeRows: 19,
  shapeMemory: 1000,
  tailMemory: 8192,
  warmUp: 100,
  rest: { share: 0.03, leastRows: 20, mostRows: 150, finding: 2.5, beatUnremarkable: 0.1, beatFinding: 1 },
};

export interface SeriesDetector {
  /**
   * `time` in epoch milliseconds, in the order of the file; `value` finite. Returns the anomaly score in [0, 1]: s means
   * that 1000 x 10^(-10 s) rows as odd would be expected by chance among all rows seen so far.
   */
  score(time: number, value: number): number;
}

/** Decades are counted against one row in a thousand: at 0 as many as that would be expected in all rows seen. */
const PER_ROWS = 1000;
/** Decades that give a score of 1; capped before the rest, so that what cannot get worse is not said again. */
const FULL_SCORE = 10;

export function createSeriesDetector(rules: DetectRules = DETECT_RULES): SeriesDetector {
  const seasonal = createSeasonal(rules);
  const shape = createShape({ length: rules.shapeRows, memory: rules.shapeMemory });
  const stuck = createStuck();
  const tail = { memory: rules.tailMemory, warmUp: rules.warmUp, logarithmic: true };
  const residuals = createTail(tail);
  const distances = createTail(tail);
  const rest = createRest(rules.rest);
  let rows = 0;

  return {
    score(time, value) {
      rows += 1;
      const root = Math.sign(value) * Math.sqrt(Math.abs(value));
      const expected = seasonal.expect(time);
      seasonal.push(time, root);
      const residual = expected === null ? null : Math.abs(root - expected);
      shape.push(root);
      stuck.push(value);
      const joined = fisher(evidence(residual, residuals), evidence(shape.distance(), distances));
      const unlikely = Math.max(joined, stuck.decades());
      const corrected = unlikely === 0 ? 0 : unlikely - Math.log10(rows / PER_ROWS);
      return rest.admit(Math.min(FULL_SCORE, Math.max(0, corrected))) / FULL_SCORE;
    },
  };
}

function evidence(statistic: number | null, past: ReturnType<typeof createTail>): number {
  if (statistic === null) return 0;
  const decades = past.decades(statistic);
  past.push(statistic);
  return decades;
}

/** Fisher's method for two p-values, in decades: P(chi-squared of 4 >= -2 ln(p q)) = p q (1 - ln(p q)). */
function fisher(first: number, second: number): number {
  const sum = first + second;
  return sum - Math.log10(1 + sum * Math.LN10);
}
