/**
 * The few probability functions that detection needs, written out because no small, typed, maintained package has the
 * incomplete beta function to full precision. Pure and exact to about 1e-12, which test/alerting/distribution.test.ts
 * holds against published tables. Rejected: normal approximations, which are off by orders of magnitude in the tail of
 * the small counts that entities have.
 */

/** Smallest p-value told apart from zero; keeps scores finite. */
const SMALLEST_P = 1e-300;

/** Natural logarithm of the gamma function for x > 0. Lanczos' approximation with g = 7 and 9 terms (Godfrey 2001). */
export function logGamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum = 0.99999999999980993;
  for (const [index, coefficient] of coefficients.entries()) sum += coefficient / (shifted + index + 1);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * The regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1]: continued fraction by Lentz's method
 * (DLMF 8.17.22; Numerical Recipes 6.4).
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side only; the other follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 5000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    const delta = d * c;
    fraction *= delta;
    if (Math.abs(delta - 1) < 1e-14) break;
  }
  return front * fraction;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/**
 * P(X >= count) for a negative binomial X of that mean and variance; `count` may be a real number (a sum of
 * probabilities), for which the incomplete beta function interpolates. A variance at or under the mean is read as
 * Poisson's, whose limit a very large size parameter gives.
 */
export function negativeBinomialUpperTail(count: number, mean: number, variance: number): number {
  if (count <= 0) return 1;
  if (mean <= 0) return SMALLEST_P;
  const size = Math.min(1e5, variance > mean ? (mean * mean) / (variance - mean) : 1e5);
  return clampProbability(regularizedBeta(mean / (mean + size), count, size));
}

/** P(X >= successes) for a binomial X of `trials` and `share`; both counts may be real numbers. */
export function binomialUpperTail(successes: number, trials: number, share: number): number {
  if (successes <= 0) return 1;
  return clampProbability(regularizedBeta(share, successes, Math.max(0, trials - successes) + 1));
}

/** The whole counts between which a negative binomial falls with probability `coverage`, as much outside each end. */
export function negativeBinomialInterval(
  mean: number,
  variance: number,
  coverage = 0.95,
): { low: number; high: number } {
  const tail = (1 - coverage) / 2;
  const above = (count: number): number => negativeBinomialUpperTail(count, mean, variance);
  return {
    low: largest((count) => 1 - above(count) <= tail, mean),
    high: largest((count) => above(count) > tail, mean),
  };
}

/** The largest whole number for which `holds`, which must be true up to it and false beyond, and true at 0. */
function largest(holds: (count: number) => boolean, near: number): number {
  let low = 0;
  let high = Math.ceil(near) + 1;
  while (holds(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The standard normal deviate that `p` of the distribution lies above: 0.5 gives 0, 0.0228 gives 2. At most 37.0. */
export function normalDeviate(p: number): number {
  return -standardQuantile(clampProbability(p));
}

/** Wichura's AS 241 (1988), algorithm PPND16: the quantile of the standard normal to about 1e-16. */
function standardQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRAL_TOP, r)) / polynomial(CENTRAL_BOTTOM, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const value =
    r <= 5
      ? polynomial(MIDDLE_TOP, r - 1.6) / polynomial(MIDDLE_BOTTOM, r - 1.6)
      : polynomial(FAR_TOP, r - 5) / polynomial(FAR_BOTTOM, r - 5);
  return q < 0 ? -value : value;
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

function clampProbability(p: number): number {
  return Math.min(1 - 1e-16, Math.max(SMALLEST_P, p));
}

const CENTRAL_TOP = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRAL_BOTTOM = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852545925,
];
const MIDDLE_TOP = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_BOTTOM = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const FAR_TOP = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const FAR_BOTTOM = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
