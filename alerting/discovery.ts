/**
 * False discoveries across series and time. With thousands of series judged every hour, one window in 30,000 is an alert a
 * day. Each tick, the p-values of all live series go through Benjamini and Hochberg's procedure (1995) together; its level
 * is the tick's share of what the settings allow in 30 days, at most `max_false_share`. As far as the p-values are right,
 *
 * - within a tick the expected part of false ones among what it rejects is at most the level, under any number of true
 *   incidents, also where series share documents (positive dependence: Benjamini & Yekutieli 2001);
 * - while nothing is wrong, that is the chance that a tick rejects anything, so the ticks of 30 days that do are expected to be at
 *   most `false_alerts_per_month`, however they depend on one another: windows overlap, and a sum needs no independence.
 *
 * What it does not bound: how many series one such tick rejects (they share documents), nor the number of false ones beside
 * many true incidents, of which they are a share; nor what a wrong model of the counts adds. The rest of the rule (support, ratio,
 * share, two buckets) and alerts that hold many ticks keep it far below in practice.
 *
 * Kinds of series get equal parts of the level (weighted procedure: Genovese, Roeder & Wasserman 2006): else 20,000 pairs of
 * entity and topic would drown 100 entities. A live series without enough support counts as a test that failed (p = 1).
 * Rejected: online procedures (LORD, SAFFRON, ADDIS: Javanmard & Montanari 2018; Ramdas et al. 2018; Tian & Ramdas 2019).
 * Their levels depend on the whole past stream, so that nobody can check one alert by itself, one late document changes all
 * later levels, they fade after quiet months, and SAFFRON and ADDIS ask for independent p-values.
 */
import type { SeriesKind } from '../core/event.ts';

export interface Tested {
  readonly kind: SeriesKind;
  readonly pValue: number;
}

/**
 * The q-value of each tested window, in the order given: the least level at which the procedure rejects it. `live` says how
 * many series of each kind there are, tested or not.
 */
export function qValues(tested: readonly Tested[], live: ReadonlyMap<SeriesKind, number>): number[] {
  const kinds = [...live.values()].filter((count) => count > 0).length;
  // With weights of mean 1, p is multiplied by (all series) and divided by (all series / kinds / series of its kind).
  const scaled = tested.map(({ kind, pValue }) => pValue * kinds * Math.max(1, live.get(kind) ?? 1));
  const order = scaled.map((_, index) => index).sort((a, b) => (scaled[a] ?? 0) - (scaled[b] ?? 0) || a - b);
  const values = scaled.map(() => 1);
  let least = 1;
  for (let rank = order.length; rank >= 1; rank -= 1) {
    const index = order[rank - 1] ?? 0;
    least = Math.min(least, (scaled[index] ?? 1) / rank);
    values[index] = least;
  }
  return values;
}

/** Of what one tick rejects, at most this part may be expected to be false, whatever the settings allow. */
const MOST_FALSE_SHARE = 0.05;

/** The level of one tick: its share of what is allowed in 30 days, at most `most`. */
export function levelOf(falseAlertsPerMonth: number, bucketMs: number, most: number = MOST_FALSE_SHARE): number {
  return Math.min(most, (falseAlertsPerMonth * bucketMs) / (30 * 86_400_000));
}
