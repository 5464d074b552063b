/**
 * How strict to be, learned from verdicts: a contextual bandit by Thompson sampling (Thompson 1933; Agrawal & Goyal 2013). The
 * arms are a small grid of factors on the tick's level of false discovery (discovery.ts): 1 is what the settings say, 3 lets
 * three times as improbable false alerts through, 0.1 a tenth. The context is the group of the series: its kind and how much
 * is usually said of it.
 *
 * Arms are nested, and that is what makes a few verdicts enough: what a strict arm raises, every looser one raises too. So what
 * is learned is not an arm's worth but a *band's*: of alerts whose q-value lies between two neighbouring arms, what part is
 * useful (a Beta each). An arm's worth follows: it gains what is useful in the bands that it raises, pays for the noise in
 * them, and pays for what is useful in the bands that it leaves out, which nobody would have seen. One verdict therefore
 * speaks of every arm at once, and an arm that was never tried has a prior, not a blank.
 *
 * Bounded by the grid's ends whatever anyone says. Rejected: a bandit on the arms themselves (no verdict ever says what a
 * stricter arm would have missed, so the strictest looks best), and gradient steps on the level (no ends, and no why).
 */
import { drawBeta, numbersFor } from './draw.ts';

export interface BanditRules {
  /** Factors on the level, ascending; one of them is 1. */
  readonly factors: readonly number[];
  /** Worth of a useful alert, cost of a noisy one, cost of a useful one that was not raised. */
  readonly useful: number;
  readonly noise: number;
  readonly missed: number;
  /** A verdict that old counts half. */
  readonly halfLifeMs: number;
  readonly seed: number;
}

/** What people say of one alert, as the bandit reads it. */
export interface Case {
  readonly group: string;
  /** q-value of the alert divided by the level of its tick. */
  readonly ratio: number;
  /** `late`: useful, and a looser arm would have raised it sooner. */
  readonly outcome: 'useful' | 'noise' | 'late';
  /** How much it counts, in (0, 1]: how sure it is that this is what people think (core/trust). */
  readonly weight: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Beta(useful, noise) of a band. */
export interface Band {
  readonly useful: number;
  readonly noise: number;
}

export interface Choice {
  readonly factor: number;
  /** Verdicts of this group that it rests on, those that count less counted less. */
  readonly verdicts: number;
  /** Mean of each band's useful part, strictest first. */
  readonly bands: readonly number[];
}

/** The band of a ratio: the strictest arm that raises it; null where not even the loosest does. */
export function bandOf(ratio: number, factors: readonly number[]): number | null {
  const band = factors.findIndex((factor) => ratio <= factor * (1 + 1e-9));
  return band === -1 ? null : band;
}

/**
 * What is known of each band at `now`. Before any verdict: two of three are useful at the settings' own level and stricter,
 * fewer the looser it gets, for that is what a larger q-value says.
 */
export function bandsOf(cases: readonly Case[], rules: BanditRules, now: number): Band[] {
  const usual = rules.factors.indexOf(1);
  const bands = rules.factors.map((_, band) => ({
    useful: band <= usual ? 2 : 1,
    noise: 1 + Math.max(0, band - usual),
  }));
  const count = (band: number, side: 'useful' | 'noise', weight: number): void => {
    const own = bands[band];
    if (own !== undefined) own[side] += weight;
  };
  for (const { ratio, outcome, weight, at } of cases) {
    const band = bandOf(ratio, rules.factors);
    if (band === null) continue;
    const counts = weight * 0.5 ** (Math.max(0, now - at) / rules.halfLifeMs);
    if (outcome === 'noise') count(band, 'noise', counts);
    else count(band, 'useful', counts);
    if (outcome === 'late') count(band + 1, 'useful', counts);
  }
  return bands;
}

/** Worth of each arm where the bands' useful parts are these. */
export function worthOf(useful: readonly number[], rules: BanditRules): number[] {
  return useful.map((_, arm) =>
    useful.reduce(
      (sum, share, band) =>
        sum + (band <= arm ? share * rules.useful - (1 - share) * rules.noise : -share * rules.missed),
      0,
    ),
  );
}

/** The arm of a group on one day (`day` counts whole days), the same whenever it is asked. */
export function choose(group: string, cases: readonly Case[], rules: BanditRules, day: number): Choice {
  const now = day * 86_400_000;
  const own = cases.filter((one) => one.group === group && one.at <= now);
  const bands = bandsOf(own, rules, now);
  const random = numbersFor(String(rules.seed), group, String(day));
  const drawn = bands.map(({ useful, noise }) => drawBeta(useful, noise, random));
  const worth = worthOf(drawn, rules);
  const best = worth.reduce((top, value, arm) => (value > (worth[top] ?? -Infinity) ? arm : top), 0);
  return {
    factor: rules.factors[best] ?? 1,
    verdicts: own.reduce((sum, { weight, at }) => sum + weight * 0.5 ** ((now - at) / rules.halfLifeMs), 0),
    bands: bands.map(({ useful, noise }) => useful / (useful + noise)),
  };
}
