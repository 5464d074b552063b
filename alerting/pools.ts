/**
 * The prior of each kind of series, from all of its members, as of the last whole day before the judged window: worked
 * out once a day and the same after a restart, for a price of at most a day's delay.
 */
import type { Series } from '../core/event.ts';
import { historyOf, poolOf, type HistoryRange, type Pool } from './baseline.ts';
import type { WatchState } from './memory.ts';

const DAY_MS = 86_400_000;

export function createPools(
  state: WatchState,
  learningHours: number,
): (kind: Series['kind'], range: HistoryRange) => Pool {
  const pools = new Map<string, Pool>();
  return (kind, range) => {
    const to = Math.floor(range.to / DAY_MS) * DAY_MS;
    const key = `${kind} ${to}`;
    const known = pools.get(key);
    if (known !== undefined) return known;
    const whole: HistoryRange = { ...range, to, learningHours: learningHours - 24 };
    // Sorted, because sums of floats depend on their order and a reloaded map has another.
    const histories = [...state.records]
      .filter(([, { series }]) => series.kind === kind)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { buckets }]) => historyOf(buckets, state.lanes, whole))
      .filter(({ stories }) => stories > 0);
    const pool = poolOf(histories);
    if (pools.size > 8) pools.clear();
    pools.set(key, pool);
    return pool;
  };
}
