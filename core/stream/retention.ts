/**
 * What may go and who has to wait: pure decisions over the log's counts. A message goes only when every registered
 * group has acknowledged it, and then for age, or (oldest first) when the log is over its size. What is unread stays,
 * whatever the size: then writers wait instead. Rejected: dropping the oldest unread messages, as a log of fixed size
 * would; a monitor that drops what it did not read is blind exactly when much is said.
 */
import type { TopicState } from './journal.ts';

/** First offset that some group has not acknowledged; without groups everything counts as acknowledged. */
export function acknowledgedBelow(topic: TopicState, groups: ReadonlyMap<string, number>): number {
  let low = topic.next;
  for (const offset of groups.values()) low = Math.min(low, offset);
  return Math.max(low, topic.first);
}

/** Messages that the slowest group has still to acknowledge. */
export function backlog(topic: TopicState, groups: ReadonlyMap<string, number>): number {
  return topic.next - acknowledgedBelow(topic, groups);
}

/**
 * The offset below which messages are too old and acknowledged. `takenAt` gives a message's epoch milliseconds and
 * must not fall with the offset; `cutoff` is the epoch millisecond before which messages are too old.
 */
export function expiredBelow(
  topic: TopicState,
  groups: ReadonlyMap<string, number>,
  cutoff: number,
  takenAt: (offset: number) => number | undefined,
): number {
  let low = topic.first;
  let high = acknowledgedBelow(topic, groups);
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if ((takenAt(middle) ?? 0) < cutoff) low = middle + 1;
    else high = middle;
  }
  return low;
}
