/**
 * Whose turn it is: the partition that a reader hands out from next, and how long it waits before.
 *
 * Without times of messages: a full delivery at once, each partition in turn, else what has waited longest. With times
 * (SubscribeOptions.timeOf) the partition whose next message is the earliest, as in a merge, so that a backlog is read
 * abreast: partitions of different sizes read at the same pace drift apart by as much as the backlog is long. A partition that was
 * emptied while the broker has more of it may hold what is earlier still, so it is waited for, but only a moment: this
 * order saves memory and is no promise (alerting keeps its own account of how far each partition was heard). Rejected:
 * waiting for as long as it takes, which lets one sick partition stop all.
 */
import type { OwnedPartition } from './kafka_partition.ts';
import type { SubscribeOptions } from './stream.ts';

/** As long as the brokers may take to answer a fetch of little. */
const EMPTIED_MS = 300;

export interface Turn<Value> {
  readonly partition: OwnedPartition<Value>;
  readonly waitMs: number;
}

type TurnOptions = Pick<SubscribeOptions, 'maxMessages' | 'maxWaitMs' | 'timeOf'>;

/** `rotation` counts the turns; `now` is performance.now(). */
export function nextTurn<Value>(
  owned: readonly OwnedPartition<Value>[],
  options: TurnOptions,
  rotation: number,
  now: number,
): Turn<Value> | undefined {
  const filled = owned.filter((partition) => partition.buffered() > 0);
  if (filled.length === 0) return undefined;
  const full = filled.filter((partition) => partition.buffered() >= options.maxMessages);
  const { timeOf } = options;
  if (timeOf !== undefined) {
    const partition = least(filled, (one) => one.nextTime(timeOf));
    const gathered = full.length > 0 ? now : partition.waitingSince() + options.maxWaitMs;
    const emptied = owned.filter((one) => one.buffered() === 0 && one.hasMore()).map((one) => one.emptySince());
    return { partition, waitMs: Math.max(gathered, ...emptied.map((since) => since + EMPTIED_MS)) - now };
  }
  const partition = full[rotation % Math.max(1, full.length)] ?? least(filled, (one) => one.waitingSince());
  return { partition, waitMs: full.length > 0 ? 0 : partition.waitingSince() + options.maxWaitMs - now };
}

function least<Item>(items: readonly Item[], of: (item: Item) => number): Item {
  return items.reduce((least, next) => (of(next) < of(least) ? next : least));
}
