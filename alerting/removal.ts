/**
 * What was taken back goes out of what alerting remembers: documents in windows and evidence, also of alerts that live,
 * and out of what waits to be stored or sent. Sums of closed buckets stay: they say how many, not what or who; so do the short
 * hashes by which copies are known that come late (hindsight.ts), which go with their time.
 */
import { removalSchema, removeWithin, type Removal } from '../core/removal.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import { type Touched, type WatchState } from './memory.ts';

export const REMOVAL_GROUP = 'alerting-removal';
const TOGETHER_MS = 1000;

/** Hands every batch of removals to `act`, and acknowledges it when that has resolved. */
export async function readRemovals(
  stream: Stream,
  signal: AbortSignal,
  act: (removals: readonly Removal[]) => Promise<void>,
): Promise<void> {
  const options = { maxMessages: 200, maxWaitMs: TOGETHER_MS, signal };
  for await (const delivery of stream.subscribe<unknown>(TOPICS.removals, REMOVAL_GROUP, options)) {
    const removals = delivery.messages.flatMap(({ value }) => {
      const parsed = removalSchema.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    });
    if (removals.length > 0) await act(removals);
    await delivery.acknowledge();
  }
}

/** In place; `touched` learns what has to be written down. How many things went. */
export function forgetIn(state: WatchState, touched: Touched, removals: readonly Removal[]): number {
  let removed = 0;
  for (const [key, record] of state.records) {
    const here = removeWithin(record, removals);
    if (here > 0) {
      touched.records.add(key);
      touched.rewritten.add(key);
    }
    removed += here;
  }
  for (const [key, course] of state.courses) {
    const here = removeWithin(course.peak, removals);
    if (here > 0) touched.courses.add(key);
    removed += here;
  }
  for (const [language, sample] of state.background) {
    const here = removeWithin(sample, removals);
    if (here > 0) touched.languages.add(language);
    removed += here;
  }
  return removed;
}
