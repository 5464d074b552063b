/**
 * One partition's transactions for one group: outputs and the offset that they answer, together or not at all.
 *
 * The transactional id belongs to the partition, not to the process: whoever gets the partition initialises the id and
 * so fences the earlier owner, and a transaction that the earlier owner left open ends at once instead of holding up
 * readers until it times out. kafkajs sends no group generation with a transaction's offsets (KIP-447), so with an id a
 * process, a reader that woke up late could commit what another had done already. Rejected for that reason.
 *
 * After any failure the producer is thrown away and the id initialised again: only then is the outcome of a commit whose
 * answer was lost settled, and the group's committed offset says what it was.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { TidewatchError } from '../errors.ts';
import { requests } from './kafka_append.ts';
import { errorMarks, isFenced, toStreamError } from './kafka_client.ts';
import { compressionType } from './kafka_compression.ts';
import { topicName, type KafkaStreamSettings } from './kafka_settings.ts';
import type { Output } from './stream.ts';

const ATTEMPTS = 3;
/** About 10 s in all. */
const TURNS = 120;

export interface TransactionPlace {
  readonly client: Kafka;
  readonly settings: KafkaStreamSettings;
  readonly transactionalId: string;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** The group's committed offset of this partition; undefined without one. */
  readonly committed: () => Promise<number | undefined>;
}

export interface Transactor {
  /** Fences earlier owners, ends what they left open, and gives the committed offset. */
  begin(): Promise<number | undefined>;
  /**
   * Commits `to` and appends the outputs. `from` is the offset committed before.
   * @throws TidewatchError storage.unavailable, input.too_large; FencedError when another reader took over
   */
  commit(from: number | undefined, to: number, outputs: readonly Output[]): Promise<void>;
  /** What is on its way may end; nothing is begun any more. */
  retire(): void;
  close(): Promise<void>;
}

/** Another owner of the partition has fenced this one: only a new place in the group can mend it. */
export class FencedError extends TidewatchError {}

export function createTransactor(place: TransactionPlace): Transactor {
  const { client, settings, groupId, topic, partition } = place;
  const compression = compressionType(settings);
  const what = `Acknowledging ${topic}, partition ${partition}`;
  let producer: Producer | undefined;
  let closed = false;

  const ended = (): TidewatchError => new TidewatchError('storage.unavailable', `${what}: this reader has ended`);

  async function discard(): Promise<void> {
    const old = producer;
    producer = undefined;
    await old?.disconnect().catch(() => undefined);
  }

  async function begin(): Promise<number | undefined> {
    await discard();
    if (closed) throw ended();
    const fresh = client.producer({
      transactionalId: place.transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await fresh.connect();
      // An empty transaction asks nothing of the broker but the id's new epoch.
      await (await fresh.transaction()).abort();
    } catch (error) {
      void fresh.disconnect().catch(() => undefined);
      throw error;
    }
    if (closed) void fresh.disconnect().catch(() => undefined);
    else producer = fresh;
    return place.committed();
  }

  /** True when done; false where the transaction before this one still writes its markers and nothing was sent yet. */
  async function attempt(owned: Producer, to: number, outputs: readonly Output[]): Promise<boolean> {
    const transaction = await owned.transaction();
    let begun = false;
    try {
      // Offsets first: refused at once where it is too early, when kafkajs would ask anew for metadata before a send.
      await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic: topicName(settings, topic), partitions: [{ partition, offset: String(to) }] }],
      });
      begun = true;
      for (const request of requests(outputs)) {
        const topicMessages = request.map((part) => ({
          topic: topicName(settings, part.topic),
          messages: part.messages,
        }));
        await transaction.sendBatch({ acks: -1, compression, topicMessages });
      }
      await transaction.commit();
      return true;
    } catch (error) {
      // Without anything sent an abort is local; after an unknown end of a commit it is refused, and begin() settles it.
      await transaction.abort().catch(() => undefined);
      if (!begun && /CONCURRENT_TRANSACTIONS/.test(errorMarks(error))) return false;
      throw error;
    }
  }

  return {
    begin,
    async commit(from, to, outputs) {
      const filled = outputs.filter(({ messages }) => messages.length > 0);
      let turns = 0;
      for (let tries = 1; ; tries += 1) {
        try {
          if (producer === undefined) {
            const found = await begin();
            if (found === to) return;
            if (found !== from) {
              throw new FencedError('storage.unavailable', `${what}: another reader has gone on to ${String(found)}`);
            }
          }
          const owned = producer as Producer | undefined;
          if (owned === undefined) throw ended();
          while (!(await attempt(owned, to, filled))) {
            if ((turns += 1) > TURNS) throw new Error('the transaction before this one does not end');
            await wait(Math.min(2 * turns, 100));
          }
          return;
        } catch (error) {
          await discard();
          if (error instanceof TidewatchError) throw error;
          if (isFenced(error)) {
            throw new FencedError('storage.unavailable', `${what}: another reader has taken the partition over`, {
              cause: error,
              hint: 'Its messages come again, there or here.',
            });
          }
          const failure = toStreamError(error, what, settings);
          if (closed || !failure.retryable || tries >= ATTEMPTS) throw failure;
        }
      }
    },
    retire() {
      closed = true;
    },
    async close() {
      closed = true;
      await discard();
    },
  };
}
