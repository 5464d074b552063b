/**
 * What the brokers know of topics and groups: bounds, committed offsets, lag. A group's first offsets (the earliest) are
 * committed in a transaction of their own id, so that of two processes that do so at once one is fenced and looks again;
 * kafkajs' admin can only set offsets of groups without readers, and takes seconds for it.
 *
 * Offsets count transaction markers as well as messages; whoever reads here keeps count itself (kafka_partition.ts).
 *
 * A committed offset beyond the end of the log is the place of a longer log: a broker has lost the end of it. From which
 * offset on the log is new only leader epochs tell (KIP-320), which kafkajs does not ask for; so all that the log still holds is read
 * again, and repetitions are harmless. Rejected: going on at the present end, which skips what was written since the loss.
 * A log that has grown past the old place before anybody looked cannot be told from one that lost nothing.
 */
import type { Admin, Kafka } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { errorMarks, isFenced, toStreamError } from './kafka_client.ts';
import { groupId, topicName, transactionalId, type KafkaStreamSettings } from './kafka_settings.ts';
import type { Topics } from './kafka_topics.ts';

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export interface Offsets {
  /** By partition, in ascending order. */
  bounds(topic: string): Promise<Map<number, Bounds>>;
  /** By partition; without those that have none. */
  committed(topic: string, group: string): Promise<Map<number, number>>;
  /** Commits the earliest offset for partitions without one, or with one beyond their end; creates the topic if it is absent. */
  createGroup(topic: string, group: string): Promise<void>;
  /** Age in seconds, within some 10 %, of the oldest message at or after these offsets. */
  age(topic: string, from: ReadonlyMap<number, number>): Promise<number>;
}

const CREATE_ATTEMPTS = 20;
const LEADER_ATTEMPTS = 16;
/** Of a topic or a broker that has just come up, or of a transaction of the same name that is still ending. */
const PASSES =
  /LEADER|UNKNOWN_TOPIC_OR_PARTITION|NOT_COORDINATOR|LOAD_IN_PROGRESS|COORDINATOR_NOT_AVAILABLE|CoordinatorNotFound|CONCURRENT_TRANSACTIONS/;
const LONGEST_AGE_MS = 400 * 86_400_000;

/** Whether an offset is a place in a log. Ask for the bounds after the offset: the log grows, and its readers with it. */
export function isWithin(committed: number | undefined, { high }: Pick<Bounds, 'high'>): committed is number {
  return committed !== undefined && committed <= high;
}

export function createOffsets(
  admin: Admin,
  client: Kafka,
  topics: Topics,
  settings: KafkaStreamSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Offsets {
  /** kafkajs asks once; a topic that was just made or moved has no leader for a moment, a broker that just started loads its groups. */
  async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        if (tries >= LEADER_ATTEMPTS || !PASSES.test(errorMarks(error))) {
          throw error;
        }
        await clock.sleep(50 * tries);
      }
    }
  }

  async function bounds(topic: string): Promise<Map<number, Bounds>> {
    const found = await patiently(() => admin.fetchTopicOffsets(topicName(settings, topic)));
    return new Map(
      found
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]),
    );
  }

  async function committed(topic: string, group: string): Promise<Map<number, number>> {
    const name = topicName(settings, topic);
    const ask = { groupId: groupId(settings, topic, group), topics: [name] };
    const found = await patiently(() => admin.fetchOffsets(ask));
    const offsets = new Map<number, number>();
    for (const { partition, offset } of found[0]?.partitions ?? []) {
      if (Number(offset) >= 0) offsets.set(partition, Number(offset));
    }
    return offsets;
  }

  async function commitEarliest(topic: string, group: string): Promise<void> {
    const producer = client.producer({
      transactionalId: transactionalId(settings, topic, group, 'create'),
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => () => 0,
    });
    try {
      await producer.connect();
      const transaction = await producer.transaction();
      // Looked at after the id was initialised: who looked before is fenced.
      const have = await committed(topic, group);
      const unplaced = [...(await bounds(topic))].filter(
        ([partition, limits]) => !isWithin(have.get(partition), limits),
      );
      const partitions = unplaced.map(([partition, { low }]) => ({ partition, offset: String(low) }));
      if (partitions.length === 0) {
        await transaction.abort();
        return;
      }
      await transaction.sendOffsets({
        consumerGroupId: groupId(settings, topic, group),
        topics: [{ topic: topicName(settings, topic), partitions }],
      });
      await transaction.commit();
      for (const [partition, { low, high }] of unplaced) {
        const lost = have.get(partition);
        if (lost === undefined) continue;
        log.warn(
          { event: 'stream.truncated', topic, group, partition, committed: lost, low, high },
          `Kafka has lost the end of ${topic}, partition ${partition}: ${group} stood at ${lost} and the log ends at ${high}; what it still holds is read again from ${low} on`,
        );
      }
    } finally {
      await producer.disconnect().catch(() => undefined);
    }
  }

  /** True if a message at or after `from` is older than `ageMs`. */
  async function isOlder(topic: string, from: ReadonlyMap<number, number>, ageMs: number): Promise<boolean> {
    const found = await admin.fetchTopicOffsetsByTimestamp(topicName(settings, topic), Math.round(clock.now() - ageMs));
    return found.some(({ partition, offset }) => Number(offset) > (from.get(partition) ?? Infinity));
  }

  return {
    bounds,
    committed,
    async createGroup(topic, group) {
      try {
        await topics.ensure(topic);
        for (let tries = 1; ; tries += 1) {
          const have = await committed(topic, group);
          if ([...(await bounds(topic))].every(([partition, limits]) => isWithin(have.get(partition), limits))) return;
          try {
            await commitEarliest(topic, group);
            return;
          } catch (error) {
            const passes = isFenced(error) || PASSES.test(errorMarks(error));
            if (!passes || tries >= CREATE_ATTEMPTS) throw error;
            // Several processes that start at one moment fence one another: each waits a time of its own. A busy broker may
            // have told of a new topic before it serves it.
            await clock.sleep(50 + Math.random() * 100 * Math.min(tries, 10));
          }
        }
      } catch (error) {
        throw toStreamError(error, `Registering ${group} as a reader of ${topic}`, settings);
      }
    },
    async age(topic, from) {
      if (from.size === 0) return 0;
      let young = 0;
      let old = 1000;
      while (old < LONGEST_AGE_MS && (await isOlder(topic, from, old))) {
        young = old;
        old *= 4;
      }
      for (let step = 0; step < 4; step += 1) {
        const middle = young === 0 ? old / 2 : Math.sqrt(young * old);
        if (await isOlder(topic, from, middle)) young = middle;
        else old = middle;
      }
      return (young === 0 ? old : Math.sqrt(young * old)) / 1000;
    },
  };
}
