/**
 * Event time set back, after a clock that was ahead had carried it into the future: what was dated then goes, and what was decided
 * then is dated now, so that neither an alert's rest nor an incident lasts until that time comes. What was forgotten meanwhile,
 * because it seemed old, is learnt anew. Rejected: a copy from before the leap (nobody knows at the time that it is one).
 */
import type { Life } from './lifecycle.ts';
import type { Touched, WatchState } from './memory.ts';
import { forgetFuture } from './past.ts';
import type { WindowRules } from './window.ts';

/** In place; `touched` learns what has to be written down. `to` is the end of a bucket, epoch milliseconds. */
export function rewind(state: WatchState, touched: Touched, to: number, { windowMs }: WindowRules): void {
  state.closed = to;
  for (const [key, record] of state.records) {
    const known = record.buckets.length;
    record.buckets = record.buckets.filter(({ start }) => start < to);
    const isChanged = forgetFuture(record.past, Math.ceil(to / windowMs)) || record.buckets.length < known;
    if (isChanged) touched.records.add(key);
  }
  for (const [key, course] of state.courses) {
    course.life = datedBy(course.life, to);
    touched.courses.add(key);
  }
  for (const incident of state.incidents.values()) incident.at = Math.min(incident.at, to);
}

function datedBy(life: Life, to: number): Life {
  const before = (time: number | null): number | null => (time === null ? null : Math.min(time, to));
  if (life.state === 'inactive') return { ...life, resolvedAt: before(life.resolvedAt) };
  return { ...life, startedAt: Math.min(life.startedAt, to), clearSince: before(life.clearSince) };
}
