/**
 * What prices did after alerts (MacKinlay 1997, "Event Studies in Economics and Finance"): the return from the first close on a
 * day after people would have been told, when they can have acted in any time zone, to the close of some trading days later.
 * It is averaged over alerts, with a bootstrap interval, beside a placebo: for each of these alerts a random day of the same
 * entity, many times. Returns are raw unless a market series is given, whose return over the same days is taken off. What
 * this gives away: the fall of the day itself, which nobody who waits for a close can have.
 */
import type { FiredAlert } from './run.ts';
import type { Close, Market, Prices } from './prices.ts';
import { generator } from './random.ts';
import { returnsByStart, startAfter } from './returns.ts';

export interface StudyRow {
  readonly days: number;
  /** Alerts that have a return over so many days: own mean and placebo are of these. */
  readonly alerts: number;
  /** True where they are fewer than any statement should rest on. */
  readonly tooFew: boolean;
  /** Mean return as a fraction, with its 95% bootstrap interval. */
  readonly mean: number;
  readonly interval: readonly [number, number];
  /** Mean of the placebo's means, where 95% of them lie, and the part of them at or below ours: near 0.5 means nothing was found. */
  readonly placebo: number;
  readonly placeboInterval: readonly [number, number];
  readonly rank: number;
}

export interface Study {
  readonly rows: readonly StudyRow[];
  /** Alerts on entities with prices, told within the prices' time. */
  readonly usable: number;
  /** Alerts on entities with prices that were told before the first close, after the last, or in a gap. */
  readonly leftOut: number;
  /** Alerts on entities that have no prices. */
  readonly withoutPrices: number;
  /** Symbol whose returns were taken off; null: returns are raw. */
  readonly market: string | null;
}

const HORIZONS = [1, 3, 5, 10, 20];
const ROUNDS = 2000;
/** Below this many alerts a row is shown with a warning instead of a conclusion. */
export const LEAST_ALERTS = 20;

/** @param market prices of what the market did, or null for raw returns */
export function eventStudy(alerts: readonly FiredAlert[], prices: Prices, market: Market | null, seed = 7): Study {
  const priced = alerts.flatMap(({ series, toldAt }) => {
    const closes = series.entity === null ? undefined : prices.get(series.entity);
    return closes === undefined ? [] : [{ closes, start: startAfter(closes, toldAt) }];
  });
  const usable = priced.flatMap(({ closes, start }) => (start === null ? [] : [{ closes, start }]));
  const random = generator(seed);
  const pick = <Item>(list: readonly Item[]): Item | undefined => list[Math.floor(random() * list.length)];
  const rows = HORIZONS.flatMap((days): StudyRow[] => {
    const samples = samplesOf(usable, days, market);
    if (samples.length === 0) return [];
    const means = rounds(() => mean(samples.map(() => pick(samples)?.own ?? 0)));
    const placebo = rounds(() => mean(samples.map(({ all }) => pick(all) ?? 0)));
    const own = mean(samples.map((sample) => sample.own));
    return [
      {
        days,
        alerts: samples.length,
        tooFew: samples.length < LEAST_ALERTS,
        mean: own,
        interval: [quantile(means, 0.025), quantile(means, 0.975)],
        placebo: mean(placebo),
        placeboInterval: [quantile(placebo, 0.025), quantile(placebo, 0.975)],
        rank: placebo.filter((value) => value <= own).length / placebo.length,
      },
    ];
  });
  return {
    rows,
    usable: usable.length,
    leftOut: priced.length - usable.length,
    withoutPrices: alerts.filter(({ series: { entity } }) => entity !== null && !prices.has(entity)).length,
    market: market?.symbol ?? null,
  };
}

/** One alert at one horizon. */
interface Sample {
  readonly own: number;
  /** The returns from every day of its entity: what the placebo draws from. */
  readonly all: readonly number[];
}

/** Returns are worked out once for each entity, since thousands of rounds draw from them. */
function samplesOf(
  usable: readonly { readonly closes: readonly Close[]; readonly start: number }[],
  days: number,
  market: Market | null,
): Sample[] {
  const known = new Map<readonly Close[], { readonly byStart: (number | null)[]; readonly all: number[] }>();
  return usable.flatMap(({ closes, start }): Sample[] => {
    let returns = known.get(closes);
    if (returns === undefined) {
      const byStart = returnsByStart(closes, days, market?.closes ?? null);
      known.set(closes, (returns = { byStart, all: byStart.filter((one) => one !== null) }));
    }
    const own = returns.byStart[start] ?? null;
    return own === null ? [] : [{ own, all: returns.all }];
  });
}

function rounds(draw: () => number): number[] {
  return Array.from({ length: ROUNDS }, draw).toSorted((a, b) => a - b);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(sorted: readonly number[], at: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))] ?? 0;
}
