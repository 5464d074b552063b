/**
 * Logistic regression, a label at a time, by Newton's method as repeated weighted ridge regressions (iteratively reweighted
 * least squares: Hastie, Tibshirani & Friedman 2009, section 4.4.1). For a head alone, over states that stay as they are:
 * the one minimum is found in a few steps, where gradient steps would need a schedule.
 */
import { choleskySolve, moments } from './matrix.ts';

/** Newton's steps; the loss changes in its fifth digit after about six. */
const STEPS = 8;
/** Least weight of a row that is certain, so that its response stays finite. */
const LEAST = 1e-4;
/** The constant's column: large, so that the ridge hardly holds the bias. */
const CONSTANT = 30;

export interface LinearHead {
  /** labels × width */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * @param features rows × width
 * @param gold a row's labels by place; none is an answer too
 * @param ridge a part of the number of rows, since features are standardised first
 */
export function fitLabels(
  features: Float32Array,
  width: number,
  gold: readonly (readonly number[])[],
  labels: number,
  ridge: number,
): LinearHead {
  const rows = gold.length;
  const { mean, deviation } = moments(features, rows, width);
  const inputs = width + 1;
  const scaled = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < width; at += 1)
      scaled[row * inputs + at] = ((features[row * width + at] ?? 0) - (mean[at] ?? 0)) / (deviation[at] ?? 1);
    scaled[row * inputs + width] = CONSTANT;
  }
  const weight = new Float32Array(labels * width);
  const bias = new Float32Array(labels);
  for (let label = 0; label < labels; label += 1) {
    const isTrue = gold.map((places) => places.includes(label));
    const own = fitOne(scaled, inputs, isTrue, ridge * rows);
    bias[label] = CONSTANT * (own[width] ?? 0);
    for (let at = 0; at < width; at += 1) {
      const factor = (own[at] ?? 0) / (deviation[at] ?? 1);
      weight[label * width + at] = factor;
      bias[label] = (bias[label] ?? 0) - factor * (mean[at] ?? 0);
    }
  }
  return { weight, bias };
}

function fitOne(x: Float32Array, inputs: number, isTrue: readonly boolean[], penalty: number): Float64Array {
  const rows = isTrue.length;
  let solution = new Float64Array(inputs);
  const weighted = new Float32Array(x.length);
  const response = new Float32Array(rows);
  for (let step = 0; step < STEPS; step += 1) {
    for (let row = 0; row < rows; row += 1) {
      let logit = 0;
      for (let at = 0; at < inputs; at += 1) logit += (x[row * inputs + at] ?? 0) * (solution[at] ?? 0);
      const probability = 1 / (1 + Math.exp(-logit));
      const root = Math.sqrt(Math.max(LEAST, probability * (1 - probability)));
      response[row] = root * logit + ((isTrue[row] === true ? 1 : 0) - probability) / root;
      for (let at = 0; at < inputs; at += 1) weighted[row * inputs + at] = root * (x[row * inputs + at] ?? 0);
    }
    solution = choleskySolve(weighted, response, rows, inputs, 1, penalty) as Float64Array<ArrayBuffer>;
  }
  return solution;
}
