/**
 * How far the partitions of the log were heard, as one time of fetching: every document that was fetched before it has come.
 *
 * Partitions are read side by side, and after an outage or behind a slow classifier one is ahead of another by hours. The
 * newest event time of a feed then says nothing of what still waits in the other partitions, and windows that close by it
 * count those documents as late: an alert that they would have raised is missed. So event time goes by the partition that
 * is furthest behind, as in Flink (watermarks by split and their alignment, FLIP-182). A partition has come as far as the
 * newest document out of it, or, when nothing of it waited here and before the classifiers, as the moment at which that was asked.
 *
 * Progress is measured by the time of fetching, the one clock that all feeds share and in whose order a partition was
 * written; by event time a feed that seldom speaks would hold up all others. With one partition, as in the embedded log, the order
 * of the log is the order of fetching and nothing is waited for.
 *
 * Rejected: reading no further than the slowest partition (the log's limit would stop the classifier that is waited for);
 * more allowed lateness (it delays every alert, and no length of it is enough).
 */
import type { Lag } from '../core/stream/stream.ts';

export interface Heard {
  /** A document that was fetched then came out of that partition. Epoch milliseconds. */
  note(partition: number, fetched: number): void;
  /**
   * What waited at the moment `at`: before the classifiers, and for alerting beyond what it `holds` by partition. The
   * partitions of both topics are the same by key where there are as many of them.
   */
  learn(at: number, before: Lag, own: Lag, holds: ReadonlyMap<number, number>): void;
  /** Says that earlier documents are not waited for any more. */
  letGo(until: number): void;
  /** Epoch milliseconds; Infinity with one partition, -Infinity before anything is known. */
  until(): number;
  /** The partition that is furthest behind, and by how many milliseconds behind the one furthest ahead; null with one. */
  slowest(): { readonly partition: number; readonly behindMs: number } | null;
}

export function createHeard(): Heard {
  const reached = new Map<number, number>();
  let count = 0;
  let floor = -Infinity;

  function note(partition: number, fetched: number): void {
    reached.set(partition, Math.max(reached.get(partition) ?? -Infinity, fetched));
  }

  const earliest = (): number => Math.min(...reached.values());

  return {
    note,
    learn(at, before, own, holds) {
      count = own.partitions.size;
      const isAlike = before.partitions.size === count;
      for (const [partition, { messages, here }] of own.partitions) {
        if (!here) {
          // Another process judges what is in it.
          reached.delete(partition);
          continue;
        }
        const waitsBefore = isAlike ? before.partitions.get(partition)?.messages : before.messages;
        const isThrough = messages <= (holds.get(partition) ?? 0) && (waitsBefore ?? 0) === 0;
        note(partition, isThrough ? at : -Infinity);
      }
    },
    letGo(until) {
      floor = Math.max(floor, until);
    },
    until() {
      if (count === 1) return Infinity;
      return Math.max(floor, reached.size === 0 ? -Infinity : earliest());
    },
    slowest() {
      for (const [partition, time] of reached) {
        if (count > 1 && time === earliest()) return { partition, behindMs: Math.max(...reached.values()) - time };
      }
      return null;
    },
  };
}
