/** Seeded draws for the benchmarks: the same seed gives the same streams on every machine. */
export interface Draw {
  /** Uniform in [0, 1). */
  uniform(): number;
  normal(): number;
  /** Marsaglia & Tsang 2000. Mean shape x scale. */
  gamma(shape: number, scale: number): number;
  poisson(mean: number): number;
  /** Negative binomial as a gamma mixture of Poissons: variance mean + mean^2 / size. */
  negativeBinomial(mean: number, size: number): number;
  /** 1 or more, with P(X > x) = x^-tail. */
  pareto(tail: number): number;
  /** A whole number in [0, below). */
  below(limit: number): number;
}

export function drawFrom(seed: number): Draw {
  let state = seed | 0;
  // mulberry32
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const gamma = (shape: number, scale: number): number => {
    if (shape < 1) return gamma(shape + 1, scale) * (1 - uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale;
    }
  };
  const poisson = (mean: number): number => {
    if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    const limit = Math.exp(-mean);
    let product = uniform();
    let count = 0;
    while (product > limit) {
      product *= uniform();
      count += 1;
    }
    return count;
  };
  return {
    uniform,
    normal,
    gamma,
    poisson,
    negativeBinomial: (mean, size) => (mean <= 0 ? 0 : poisson(gamma(size, mean / size))),
    pareto: (tail) => (1 - uniform()) ** (-1 / tail),
    below: (limit) => Math.floor(uniform() * limit),
  };
}
