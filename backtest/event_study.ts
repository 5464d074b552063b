/**
 * What prices did after alerts (MacKinlay 1997, "Event Studies in Economics and Finance"): the return from the first close on a
 * day after people would have been told, when they can have acted in any time zone, to the close of some trading days later.
 * It is averaged over alerts, with a bootstrap interval, beside a placebo: the same number of random days of the same entities,
 * many times. Returns are raw unless a market series is given, whose return over the same days is taken off. What this
 * gives away: the fall of the day itself, which nobody who waits for a close can have.
 */
import type { FiredAlert } from './run.ts';
import type { Close, Market, Prices } from './prices.ts';
import { generator } from './random.ts';

export interface StudyRow {
  readonly days: number;
  readonly alerts: number;
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
  /** Alerts on entities with prices. */
  readonly usable: number;
  /** True where there are fewer usable alerts than any statement should rest on. */
  readonly tooFew: boolean;
  /** Symbol whose returns were taken off; null: returns are raw. */
  readonly market: string | null;
}

const HORIZONS = [1, 3, 5, 10, 20];
const ROUNDS = 2000;
/** Below this many alerts the table is shown with a warning instead of a conclusion. */
export const LEAST_ALERTS = 20;

/** @param market prices of what the market did, or null for raw returns */
export function eventStudy(alerts: readonly FiredAlert[], prices: Prices, market: Market | null, seed = 7): Study {
  const usable = alerts.flatMap((alert) => {
    const closes = alert.series.entity === null ? undefined : prices.get(alert.series.entity);
    if (closes === undefined) return [];
    const start = closes.findIndex(({ day }) => day > new Date(alert.toldAt).toISOString().slice(0, 10));
    return start < 0 ? [] : [{ closes, start }];
  });
  const random = generator(seed);
  const base = market?.closes ?? null;
  const rows = HORIZONS.flatMap((days): StudyRow[] => {
    const returns = usable.flatMap(({ closes, start }) => returnOf(closes, start, days, base) ?? []);
    if (returns.length === 0) return [];
    const means = rounds(() => mean(returns.map(() => returns[Math.floor(random() * returns.length)] ?? 0)));
    const placebo = rounds(() =>
      mean(
        usable.flatMap(({ closes }) => {
          const start = Math.floor(random() * Math.max(1, closes.length - days));
          return returnOf(closes, start, days, base) ?? [];
        }),
      ),
    );
    const own = mean(returns);
    return [
      {
        days,
        alerts: returns.length,
        mean: own,
        interval: [quantile(means, 0.025), quantile(means, 0.975)],
        placebo: mean(placebo),
        placeboInterval: [quantile(placebo, 0.025), quantile(placebo, 0.975)],
        rank: placebo.filter((value) => value <= own).length / placebo.length,
      },
    ];
  });
  return { rows, usable: usable.length, tooFew: usable.length < LEAST_ALERTS, market: market?.symbol ?? null };
}

function returnOf(
  closes: readonly Close[],
  start: number,
  days: number,
  market: readonly Close[] | null,
): number | null {
  const from = closes[start];
  const to = closes[start + days];
  if (from === undefined || to === undefined) return null;
  const own = to.close / from.close - 1;
  if (market === null) return own;
  const before = market.find(({ day }) => day >= from.day);
  const after = market.find(({ day }) => day >= to.day);
  return before === undefined || after === undefined ? null : own - (after.close / before.close - 1);
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
