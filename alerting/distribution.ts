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
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum = 0.9999999999998099;
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

/** Trials up to which the beta-binomial is summed term by term. */
const MOST_TERMS = 2000;

/**
 * P(X >= successes) for a beta-binomial X: `trials` draws whose probability is itself drawn from Beta(alpha, beta) (Griffiths
 * 1973). Between whole numbers the logarithm is interpolated. From 2,000 trials on the share is read as a beta of the same
 * mean and variance.
 */
export function betaBinomialUpperTail(successes: number, trials: number, alpha: number, beta: number): number {
  if (successes <= 0 || trials <= 0) return 1;
  const n = Math.max(1, Math.round(trials));
  const k = Math.min(n, successes);
  if (n > MOST_TERMS) {
    const size = alpha + beta;
    const matched = (n * (size + 1)) / (size + n) - 1;
    const mean = alpha / size;
    // The other end of the beta, not one less the lower part, which has no digits left under 1e-16.
    return clampProbability(regularizedBeta(1 - (k - 0.5) / n, (1 - mean) * matched, mean * matched));
  }
  const below = Math.floor(k);
  const above = wholeTail(Math.min(n, below + 1), n, alpha, beta);
  if (k === n) return clampProbability(wholeTail(n, n, alpha, beta));
  const at = below === 0 ? 1 : above + betaBinomial(below, n, alpha, beta);
  return clampProbability(Math.exp((1 - (k - below)) * Math.log(at) + (k - below) * Math.log(above)));
}

function betaBinomial(k: number, n: number, alpha: number, beta: number): number {
  const logChoose = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const logBetas =
    logGamma(k + alpha) + logGamma(n - k + beta) - logGamma(n + alpha + beta) - logGamma(alpha) - logGamma(beta);
  return Math.exp(logChoose + logBetas + logGamma(alpha + beta));
}

/** Summed from the mean outwards: a sum that began far on the other side would begin at 0 and stay there. */
function wholeTail(from: number, n: number, alpha: number, beta: number): number {
  if (from <= (n * alpha) / (alpha + beta)) return 1 - lowerTail(from - 1, n, alpha, beta);
  let term = betaBinomial(from, n, alpha, beta);
  let sum = 0;
  for (let k = from; k <= n; k += 1) {
    sum += term;
    term *= ((n - k) / (k + 1)) * ((k + alpha) / Math.max(1e-300, n - k - 1 + beta));
  }
  return Math.max(SMALLEST_P, sum);
}

/** P(X <= to). */
function lowerTail(to: number, n: number, alpha: number, beta: number): number {
  let term = betaBinomial(to, n, alpha, beta);
  let sum = 0;
  for (let k = to; k >= 0; k -= 1) {
    sum += term;
    term *= (k / (n - k + 1)) * ((n - k + beta) / Math.max(1e-300, k - 1 + alpha));
  }
  return sum;
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
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const CENTRAL_BOTTOM = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852546,
];
const MIDDLE_TOP = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_BOTTOM = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const FAR_TOP = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const FAR_BOTTOM = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
];
