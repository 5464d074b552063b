/** What the watch forgets once a day of event time: all that no baseline reaches any more, and the oldest ids where there are too many. */
import type { SeriesKind } from '../core/event.ts';
import type { Active } from './active.ts';
import { forgetDays } from './lanes.ts';
import { isResting, type LifecycleRules } from './lifecycle.ts';
import type { Touched, WatchState } from './memory.ts';
import { forgetVoices } from './voices.ts';
import { forgetBefore, type WindowRules } from './window.ts';

export interface PruneRules {
  readonly window: WindowRules;
  readonly historyMs: number;
  readonly lifecycle: LifecycleRules;
}

/** Ids remembered at most: about 60 MB. The oldest go first. */
const MOST_IDS = 400_000;

/** Whether ids have become so many that a day is too long to wait. */
export function isCrowded({ ids }: WatchState): boolean {
  return ids.size > MOST_IDS * 1.25;
}

/** @param live how many series of each kind there are; kept right @param end of the last judged bucket, epoch milliseconds */
export function prune(
  state: WatchState,
  touched: Touched,
  active: Active,
  live: Map<SeriesKind, number>,
  rules: PruneRules,
  end: number,
): void {
  const before = end - rules.window.windowMs - rules.historyMs;
  for (const [id, time] of state.ids) {
    if (time < before || state.ids.size > MOST_IDS) {
      state.ids.delete(id);
      touched.ids.add(id);
    }
  }
  for (const side of forgetVoices(state.voices, before)) touched.voices.add(side);
  for (const name of forgetDays(state.lanes, before)) touched.lanes.add(name);
  for (const [key, record] of state.records) {
    if (forgetBefore(record, before, rules.window)) touched.records.add(key);
    if (record.past.size > 0 || active.has(key)) continue;
    state.records.delete(key);
    live.set(record.series.kind, (live.get(record.series.kind) ?? 1) - 1);
    touched.records.add(key);
  }
  for (const [key, { life }] of state.courses) {
    if (life.state !== 'inactive' || life.anomalous || isResting(life, end, rules.lifecycle)) continue;
    state.courses.delete(key);
    touched.courses.add(key);
  }
}
