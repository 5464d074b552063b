/**
 * The partitions that one reader owns at present. Each is begun by fencing its earlier owners and reading where the group
 * stands after that (kafka_transaction.ts); only then anything is fetched. When the group rebalances, partitions that
 * stay go on where they were; open deliveries of those that leave fail to be acknowledged and come again elsewhere. If
 * another owner came between unnoticed, the fence tells at the next commit.
 */
import type { Kafka } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { toStreamError } from './kafka_client.ts';
import { isWithin, type Offsets } from './kafka_offsets.ts';
import { createPartition, type OwnedPartition } from './kafka_partition.ts';
import { groupId, transactionalId, type KafkaStreamSettings } from './kafka_settings.ts';
import { createTransactor, FencedError, type Transactor } from './kafka_transaction.ts';

const LONGEST_BACKOFF_MS = 10_000;

/** One membership in the consumer group; over when its consumer is replaced. */
export interface Seat {
  readonly current: () => boolean;
  /** Where fetching of a partition goes on. */
  readonly seek: (partition: number, offset: number) => void;
}

export interface OwnershipContext {
  readonly transactions: Kafka;
  readonly settings: KafkaStreamSettings;
  readonly offsets: Offsets;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when nothing is taken over any more. */
  readonly stopping: AbortSignal;
  /** Waits for room in the topics of outputs. */
  readonly room: (topics: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly committed: (partition: number, offset: number) => void;
  readonly changed: () => void;
  /** Another owner was noticed: only a new seat can mend it. */
  readonly fenced: () => void;
}

/** What was fetched and not acknowledged, and where fetching stands. */
export interface Standing {
  readonly seen: number;
  readonly messages: number;
  readonly oldest: number | undefined;
}

export interface Ownership<Value> {
  /** What the group gave this reader: the rest is given up. */
  assign(seat: Seat, indexes: readonly number[]): void;
  get(index: number): OwnedPartition<Value> | undefined;
  all(): OwnedPartition<Value>[];
  inFlight(): number;
  buffered(): number;
  standing(): Map<number, Standing>;
  /** Gives a partition up and begins it anew, at the place that its group has then. */
  renew(seat: Seat, index: number, why: string): void;
  /** Gives everything up; resolves when no transaction is on its way. */
  leave(why: string): Promise<unknown>;
}

export function createOwnership<Value>(topic: string, group: string, context: OwnershipContext): Ownership<Value> {
  const { settings, offsets, clock, log } = context;
  const partitions = new Map<number, OwnedPartition<Value>>();
  const transactors = new Map<number, Transactor>();

  function lost(index: number, why: string): TidewatchError {
    return new TidewatchError(
      'storage.unavailable',
      `Partition ${index} of ${topic} is not this reader's any more (${why}); what it had not acknowledged comes again`,
    );
  }

  const sum = (count: (partition: OwnedPartition<Value>) => number): number =>
    [...partitions.values()].reduce((total, partition) => total + count(partition), 0);
  function transactorOf(index: number): Transactor {
    let transactor = transactors.get(index);
    if (transactor === undefined) {
      transactor = createTransactor({
        client: context.transactions,
        settings,
        transactionalId: transactionalId(settings, topic, group, String(index)),
        groupId: groupId(settings, topic, group),
        topic,
        partition: index,
        committed: async () => (await offsets.committed(topic, group)).get(index),
      });
      transactors.set(index, transactor);
    }
    return transactor;
  }

  /** Gives a partition up; a transaction that is on its way may end. */
  async function drop(index: number, why: string): Promise<void> {
    const partition = partitions.get(index);
    const transactor = transactors.get(index);
    partition?.revoke(lost(index, why));
    partitions.delete(index);
    transactors.delete(index);
    // From here on it begins no more: a late try would fence whoever has the partition now.
    transactor?.retire();
    await partition?.idle();
    await transactor?.close();
  }

  /** A new start for a partition: fence, read where the group stands, fetch from there. */
  function take(seat: Seat, index: number): void {
    const partition = createPartition<Value>(index, transactorOf(index), {
      changed: context.changed,
      committed: (offset) => context.committed(index, offset),
      room: (outputs) => context.room([...new Set(outputs.map((output) => output.topic))], context.stopping),
      failed(error) {
        if (partitions.get(index) !== partition) return;
        const isFenced = error instanceof FencedError;
        // The committed offset decides what comes again.
        partition.revoke(lost(index, isFenced ? 'another reader has fenced it' : 'an acknowledgement failed'));
        if (isFenced) context.fenced();
        else if (seat.current() && !context.stopping.aborted) take(seat, index);
        else void drop(index, 'an acknowledgement failed');
      },
    });
    partitions.set(index, partition);
    void begin(seat, partition);
  }

  async function begin(seat: Seat, partition: OwnedPartition<Value>): Promise<void> {
    const { index } = partition;
    const current = (): boolean => seat.current() && partitions.get(index) === partition;
    for (let pause = 500; current(); pause = Math.min(pause * 2, LONGEST_BACKOFF_MS)) {
      try {
        let committed = await transactorOf(index).begin();
        const limits = (await offsets.bounds(topic)).get(index) ?? { low: 0, high: 0 };
        if (!isWithin(committed, limits)) {
          await offsets.createGroup(topic, group);
          committed = (await offsets.committed(topic, group)).get(index);
        }
        const position = committed ?? limits.low;
        if (!current()) return;
        partition.start(committed, position);
        seat.seek(index, position);
        context.changed();
        return;
      } catch (error) {
        if (!current()) return;
        const failure = toStreamError(error, `Taking over partition ${index} of ${topic}`, settings);
        log.warn({ topic, group, partition: index }, `${failure.message}; trying again in ${pause / 1000} s`);
        await clock.sleep(pause, context.stopping).catch(() => undefined);
      }
    }
  }

  return {
    assign(seat, indexes) {
      for (const index of partitions.keys()) if (!indexes.includes(index)) void drop(index, 'its group rebalanced');
      for (const index of indexes) {
        const kept = partitions.get(index);
        const seen = kept?.seen();
        if (kept === undefined) take(seat, index);
        else if (seen !== undefined) seat.seek(index, seen);
      }
    },
    get: (index) => partitions.get(index),
    all: () => [...partitions.values()],
    inFlight: () => sum((partition) => partition.inFlight()),
    buffered: () => sum((partition) => partition.buffered()),
    standing() {
      const found = new Map<number, Standing>();
      for (const [index, partition] of partitions) {
        const seen = partition.seen();
        if (seen !== undefined && !partition.revoked) found.set(index, { seen, ...partition.open() });
      }
      return found;
    },
    renew(seat, index, why) {
      void drop(index, why);
      take(seat, index);
    },
    leave: (why) => Promise.allSettled([...partitions.keys()].map((index) => drop(index, why))),
  };
}
