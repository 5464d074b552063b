/**
 * Takes a classifier's measured errors out of a sum of its probabilities, so that a worse model does not look like a worse
 * world. A matrix says what the model gives to text of each true class on average. Mixed texts then get the mixture of its
 * rows, and solving for the mixture gives the true shares: "black-box shift estimation" (Lipton, Wang & Smola 2018) with
 * soft predictions, which for two classes is the scaled probability average of Bella et al. (2010) and, with labels,
 * Forman's adjusted count (2008). The solution is linear in the probabilities, so it is applied to each document; single
 * values may lie below 0 or above 1, sums are what they are for.
 *
 * It is kept by model, so a baseline learnt from one model's labels holds for the next one's. The price is variance, by
 * about 1 / (hit rate - false alarm rate)²; the baseline measures that from the past like any other scatter. Rejected:
 * Saerens, Latinne & Decaestecker's EM (2002), which needs well calibrated posteriors, repeats for each window, and whose
 * result is not a sum over documents.
 */
import type { Opinion } from '../core/event.ts';

/** Rows: true negative, neutral, positive text. Columns: mean probability of negative, neutral, positive. */
export type Confusion = readonly (readonly [number, number, number])[];

/** A share of 1 in the model's negative probability must mean at least that much more negative text. */
const LEAST_TELLING = 0.2;

/** What the matrix lacks, as one phrase for an error message; null for a usable one. */
export function confusionFault(confusion: Confusion): string | null {
  for (const [index, row] of confusion.entries()) {
    const sum = row[0] + row[1] + row[2];
    if (Math.abs(sum - 1) > 0.02) return `row ${index + 1} sums to ${sum.toFixed(3)}, not to 1`;
  }
  const [negative, neutral, positive] = confusion;
  if (negative === undefined || neutral === undefined || positive === undefined) return 'needs three rows';
  if (negative[0] - Math.max(neutral[0], positive[0]) < LEAST_TELLING) {
    return `negative text gets hardly more negative probability than other text: such a model tells nothing apart`;
  }
  return negativeWeights(confusion) === null ? 'has no inverse' : null;
}

/**
 * Weights of (negative, neutral, positive) whose sum with a document's probabilities estimates how negative it truly is:
 * the first row of the inverse of the transposed matrix. Null where there is no inverse.
 */
export function negativeWeights(confusion: Confusion): readonly [number, number, number] | null {
  const [a, b, c] = confusion;
  if (a === undefined || b === undefined || c === undefined) return null;
  const cofactors = [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]] as const;
  const determinant = a[0] * cofactors[0] + a[1] * cofactors[1] + a[2] * cofactors[2];
  if (Math.abs(determinant) < 0.01) return null;
  return [cofactors[0] / determinant, cofactors[1] / determinant, cofactors[2] / determinant];
}

export type Corrected = (probabilities: Opinion['sentiment_probabilities'], model: string) => number;

/**
 * How negative a document is by that model's matrix; its own probability where none is known. Keys: name@version or *. A matrix
 * that is put there later, as of a model that is swapped in, holds from then on.
 */
export function createCorrection(matrices: ReadonlyMap<string, Confusion>): Corrected {
  /** Each is inverted once. */
  const weights = new Map<Confusion, ReturnType<typeof negativeWeights>>();
  function weightsOf(model: string): ReturnType<typeof negativeWeights> {
    const matrix = matrices.get(model);
    if (matrix === undefined) return null;
    const known = weights.get(matrix);
    if (known !== undefined) return known;
    const found = negativeWeights(matrix);
    weights.set(matrix, found);
    return found;
  }
  return ({ negative, neutral, positive }, model) => {
    const [a, b, c] = weightsOf(model) ?? weightsOf('*') ?? [1, 0, 0];
    return a * negative + b * neutral + c * positive;
  };
}
