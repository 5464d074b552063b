import { describe, expect, it } from 'vitest';
import {
  betaBinomialUpperTail,
  logGamma,
  negativeBinomialInterval,
  negativeBinomialUpperTail,
  normalDeviate,
  regularizedBeta,
} from '../../alerting/distribution.ts';

describe('probability functions', () => {
  it('gives factorials by the gamma function', () => {
    expect(logGamma(10)).toBeCloseTo(Math.log(362_880), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
  });

  it('gives the incomplete beta function of known values', () => {
    // I_x(1, 1) = x; I_x(2, 2) = 3x² − 2x³; symmetry.
    expect(regularizedBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(regularizedBeta(0.3, 2, 2)).toBeCloseTo(3 * 0.09 - 2 * 0.027, 12);
    expect(regularizedBeta(0.2, 3.5, 7.25)).toBeCloseTo(1 - regularizedBeta(0.8, 7.25, 3.5), 12);
    expect([regularizedBeta(0, 2, 3), regularizedBeta(1, 2, 3)]).toEqual([0, 1]);
  });

  it('gives the geometric tail for a negative binomial of size 1', () => {
    // Mean 2 and variance 6 is size 1: P(X >= k) = (2/3)^k.
    expect(negativeBinomialUpperTail(5, 2, 6)).toBeCloseTo((2 / 3) ** 5, 12);
    expect(negativeBinomialUpperTail(0, 2, 6)).toBe(1);
  });

  it('gives the Poisson tail when the variance is the mean', () => {
    // 1 − e⁻²(1 + 2 + 2 + 4/3 + 2/3 + 4/15)
    const exact = 1 - Math.exp(-2) * (1 + 2 + 2 + 4 / 3 + 2 / 3 + 4 / 15);
    expect(negativeBinomialUpperTail(6, 2, 2)).toBeCloseTo(exact, 5);
  });

  it('counts beta-binomial tails: even ones under a flat prior, binomial ones without scatter', () => {
    // Beta(1, 1): every count from 0 to n is as likely, 1 / (n + 1).
    expect(betaBinomialUpperTail(8, 10, 1, 1)).toBeCloseTo(3 / 11, 12);
    expect(betaBinomialUpperTail(10, 10, 1, 1)).toBeCloseTo(1 / 11, 12);
    expect(betaBinomialUpperTail(0, 10, 2, 8)).toBe(1);
    // A narrow beta is a fixed share: P(X >= 8 of 10 at one half) = 56 / 1024.
    expect(betaBinomialUpperTail(8, 10, 5e7, 5e7)).toBeCloseTo(56 / 1024, 6);
    const between = betaBinomialUpperTail(7.5, 10, 5e7, 5e7);
    expect(between).toBeLessThan(betaBinomialUpperTail(7, 10, 5e7, 5e7));
    expect(between).toBeGreaterThan(56 / 1024);
  });

  it('gives about the same beta-binomial tail by its sum and by its large-number form', () => {
    const summed = betaBinomialUpperTail(500, 2000, 20, 80);
    const matched = betaBinomialUpperTail(500.25, 2001, 20, 80);
    expect(matched / summed).toBeGreaterThan(0.97);
    expect(matched / summed).toBeLessThan(1.03);
  });

  it('keeps beta-binomial tails at both ends: far out with many stories, and near 1 with few', () => {
    // By a sum in logarithms: ln p = -39.0, and 1 less next to nothing.
    const far = Math.log(betaBinomialUpperTail(1200, 2400, 40, 160));
    expect(far).toBeGreaterThan(-40);
    expect(far).toBeLessThan(-38);
    expect(betaBinomialUpperTail(1, 1500, 900, 100)).toBeCloseTo(1, 12);
    // On either side of the mean, where the sum is begun at its other end: 30 of 100 under Beta(3, 7).
    const [below, at] = [betaBinomialUpperTail(30, 100, 3, 7), betaBinomialUpperTail(31, 100, 3, 7)];
    expect(below - at).toBeGreaterThan(0.02);
    expect(below - at).toBeLessThan(0.04);
  });

  it('turns p-values into standard deviations, far into the tail', () => {
    expect(normalDeviate(0.5)).toBeCloseTo(0, 12);
    expect(normalDeviate(0.025)).toBeCloseTo(1.959963984540054, 12);
    expect(normalDeviate(3.167124183311986e-5)).toBeCloseTo(4, 9);
    expect(normalDeviate(6.220960574271785e-16)).toBeCloseTo(8, 8);
    expect(normalDeviate(0)).toBeCloseTo(37.047, 3);
    expect(normalDeviate(1)).toBeLessThan(-8);
  });

  it('bounds 95% of a Poisson of mean 2.1 by 0 and 5', () => {
    // P(X <= 5) = 0.9796, P(X <= 4) = 0.938.
    expect(negativeBinomialInterval(2.1, 2.1)).toEqual({ low: 0, high: 5 });
  });

  it('bounds a large mean on both sides', () => {
    // Poisson of 100: 81 to 120 by the exact quantiles.
    const { low, high } = negativeBinomialInterval(100, 100);
    expect(low).toBeGreaterThanOrEqual(80);
    expect(low).toBeLessThanOrEqual(82);
    expect(high).toBeGreaterThanOrEqual(119);
    expect(high).toBeLessThanOrEqual(121);
  });
});
