/**
 * One small ranker a person: Bayesian logistic regression with a diagonal Gaussian, and Thompson sampling for exploration
 * (Chapelle & Li 2011, "An Empirical Evaluation of Thompson Sampling", algorithm 3). The prior is the cold start: what is on
 * the watchlist, fresh, alarming and spreading comes first, and each click moves it. Pure, and the same for the same seed,
 * so that a list does not jump while one reads it.
 * Rejected: matrix factorisation (a team has five people, not five million), LinUCB (its width is tuned by hand; sampling
 * needs no such number).
 */
import { FEATURES, type Feature } from './features.ts';

export interface Lesson {
  readonly features: readonly number[];
  /** Opened or corrected (1), dismissed or passed over (0). */
  readonly liked: 0 | 1;
  /** How much it counts: what lay far down was perhaps not seen at all. */
  readonly weight: number;
}

export interface Ranker {
  readonly mean: readonly number[];
  readonly precision: readonly number[];
  readonly lessons: number;
}

/** Means and precisions before the first click, by feature: likings are trusted as soon as there are any. */
const PRIOR: Readonly<Record<Feature, readonly [mean: number, precision: number]>> = {
  base: [-1.5, 1],
  fresh: [1.2, 5],
  watched: [0.8, 5],
  negative: [0.5, 5],
  size: [0.3, 5],
  spread: [0.3, 5],
  alert: [0.7, 5],
  entity: [1.5, 0.8],
  topic: [1.5, 0.8],
  source: [0.8, 0.8],
  language: [1, 0.8],
};
const SWEEPS = 15;

export const COLD_START: Ranker = {
  mean: FEATURES.map((name) => PRIOR[name][0]),
  precision: FEATURES.map((name) => PRIOR[name][1]),
  lessons: 0,
};

/**
 * The posterior after `lessons`: the mode by Newton's step in one weight after the other, each with the others as they are
 * by then (features move together, and steps in all weights at once swing), its curvature as precision.
 */
export function learn(lessons: readonly Lesson[], prior: Ranker = COLD_START): Ranker {
  if (lessons.length === 0) return prior;
  const mean = [...prior.mean];
  const precision = [...prior.precision];
  const margins = lessons.map(({ features }) => product(mean, features));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let index = 0; index < mean.length; index += 1) {
      const own = prior.precision[index] ?? 1;
      let slope = own * ((mean[index] ?? 0) - (prior.mean[index] ?? 0));
      let curve = own;
      lessons.forEach(({ features, liked, weight }, at) => {
        const value = features[index] ?? 0;
        const chance = sigmoid(margins[at] ?? 0);
        slope += weight * (chance - liked) * value;
        curve += weight * chance * (1 - chance) * value * value;
      });
      // Where the curve is flat a whole step would leave the range in which it holds.
      const step = Math.max(-1, Math.min(1, slope / curve));
      mean[index] = (mean[index] ?? 0) - step;
      precision[index] = curve;
      lessons.forEach(({ features }, at) => {
        margins[at] = (margins[at] ?? 0) - step * (features[index] ?? 0);
      });
    }
  }
  return { mean, precision, lessons: lessons.length };
}

/** A draw of the weights. `random` gives numbers in [0, 1). */
export function draw({ mean, precision }: Ranker, random: () => number): number[] {
  return mean.map((own, index) => {
    // Box and Muller's normal.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return own + normal / Math.sqrt(precision[index] ?? 1);
  });
}

/** Indexes of `all`, best first by these weights. */
export function rank(all: readonly (readonly number[])[], weights: readonly number[]): number[] {
  const scores = all.map((features) => product(weights, features));
  return scores.map((_, index) => index).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
}

/**
 * What spoke most for a story, largest first: features whose part of the score is above 0.15, at most three. A story that is more
 * likely something else than negative is not said to be negative, though what there is of it counts.
 */
export function whyShown({ mean }: Ranker, features: readonly number[]): Feature[] {
  return FEATURES.map((name, index) => ({
    name,
    value: features[index] ?? 0,
    part: (mean[index] ?? 0) * (features[index] ?? 0),
  }))
    .filter(({ name, value, part }) => name !== 'base' && part > 0.15 && (name !== 'negative' || value >= 0.5))
    .sort((a, b) => b.part - a.part)
    .slice(0, 3)
    .map(({ name }) => name);
}

export function chanceOf({ mean }: Ranker, features: readonly number[]): number {
  return sigmoid(product(mean, features));
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Log-odds that a story is opened, by these weights. */
export function scoreOf(features: readonly number[], weights: readonly number[]): number {
  return product(weights, features);
}

function product(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
