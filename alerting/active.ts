/**
 * Which series are active: those with something in their window or waiting for it, or with an alert. They are judged at each tick, in
 * an order that is the same in every run; all others cost nothing until they are named again.
 */
import type { Series, SeriesKind } from '../core/event.ts';
import type { Detector } from './detector.ts';
import { courseKey, type WatchState } from './memory.ts';
import { isOccupied, type SeriesRecord } from './window.ts';

export interface Active {
  has(key: string): boolean;
  add(key: string): void;
  /** Lets go of what has nothing left, of these keys. */
  settle(keys: readonly string[]): void;
  /** Whether any series has something in its window or an alert: then no bucket may be skipped. */
  isUnsettled(): boolean;
  /** Whether the detector's alert on the series lives. */
  isAlive(detector: Detector, series: Series): boolean;
  /** When the first of what waits was published, epoch milliseconds; Infinity without any. */
  earliestWaiting(): number;
  /** The active series, entities before what they explain, else by key. */
  inOrder(): { readonly keys: readonly string[]; readonly records: readonly SeriesRecord[] };
}

/** What explains stands before what it explains. */
const RANKS: Record<SeriesKind, number> = {
  entity: 0,
  entity_topic: 1,
  topic: 2,
  source_class: 3,
  language: 4,
  source: 5,
};

/** Those of a state that was taken up again, and what is added. */
export function createActive(state: WatchState, detectors: readonly Detector[]): Active {
  const active = new Set<string>();
  let order: { keys: string[]; records: SeriesRecord[] } | null = null;
  for (const [key, record] of state.records) if (record.waiting.length > 0 || isOccupied(record)) active.add(key);
  for (const [course, { life }] of state.courses) {
    if (life.state !== 'inactive') active.add(course.slice(course.indexOf('\n') + 1));
  }

  function holds(key: string): boolean {
    const record = state.records.get(key);
    return record !== undefined && (isOccupied(record) || detectors.some((one) => isAlive(one, record.series)));
  }

  function isAlive(detector: Detector, series: Series): boolean {
    const life = state.courses.get(courseKey(detector.name, series))?.life;
    return life !== undefined && (life.state !== 'inactive' || life.anomalous);
  }

  function inOrder(): ReturnType<Active['inOrder']> {
    if (order !== null) return order;
    const found = [...active].flatMap((key) => {
      const record = state.records.get(key);
      return record === undefined ? [] : [{ key, record, rank: RANKS[record.series.kind] }];
    });
    found.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
    order = { keys: found.map(({ key }) => key), records: found.map(({ record }) => record) };
    return order;
  }

  function earliestWaiting(): number {
    let earliest = Infinity;
    for (const key of active) {
      for (const { time } of state.records.get(key)?.waiting ?? []) earliest = Math.min(earliest, time);
    }
    return earliest;
  }

  return {
    has: (key) => active.has(key),
    add(key) {
      if (active.has(key)) return;
      active.add(key);
      order = null;
    },
    settle(keys) {
      for (const key of keys) {
        if ((state.records.get(key)?.waiting.length ?? 0) > 0 || holds(key)) continue;
        active.delete(key);
        order = null;
      }
    },
    isUnsettled: () => [...active].some(holds),
    isAlive,
    earliestWaiting,
    inOrder,
  };
}
