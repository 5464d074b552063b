/**
 * The distributed stream: Apache Kafka behind the stream port, by kafkajs. Appends are idempotent and acknowledged by
 * all in-sync replicas; readers read committed messages only; an acknowledgement with its outputs is one transaction
 * whose id belongs to the partition. Why so, and what was rejected: docs/decisions/0006-kafka.md.
 *
 * What is looser than in the embedded log: messages of one append become visible together by partition, not across
 * partitions; a delivery holds messages of one partition; retention removes what is old, read or not.
 */
import type { Admin } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createAppender } from './kafka_append.ts';
import { createBacklogGate } from './kafka_backlog.ts';
import {
  createClient,
  isCoordinatorBusy,
  NEVER_RESTARTED,
  PATIENT,
  QUICK,
  SHORT,
  toStreamError,
} from './kafka_client.ts';
import { compressionType } from './kafka_compression.ts';
import { expiryOf, findInTopics } from './kafka_erasure.ts';
import { createOffsets, isWithin } from './kafka_offsets.ts';
import { scanTopic } from './kafka_scan.ts';
import { topicName, type KafkaStreamSettings } from './kafka_settings.ts';
import { createSubscription, type Subscription } from './kafka_subscription.ts';
import { createTopics } from './kafka_topics.ts';
import type { Delivery, Lag, PartitionLag, Received, Stream, SubscribeOptions } from './stream.ts';
import type { StreamMetrics } from './stream_metrics.ts';

export { kafkaStreamSettings, type KafkaStreamSettings } from './kafka_settings.ts';

export interface KafkaStreamContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Pick<StreamMetrics, 'restarted'>;
}

const CLOSE_MS = 8000;
/** A broker tells a transaction's offsets some milliseconds after its commit; what this process committed is known. */
const KNOWN_FOR_MS = 5000;
const SCAN_ATTEMPTS = 20;
const SCAN_RETRY_MS = 500;

/**
 * Connects to the brokers.
 * @throws TidewatchError storage.unavailable (brokers, stream.sasl, stream.tls), config.invalid (TLS files),
 * library.missing (a codec)
 */
export async function openKafkaStream(settings: KafkaStreamSettings, context: KafkaStreamContext): Promise<Stream> {
  const { clock, log } = context;
  compressionType(settings);
  await checkBrokers(settings, log);
  const admin = createClient(settings, log, PATIENT).admin();
  await admin.connect().catch((error: unknown) => {
    throw toStreamError(error, 'Connecting to Kafka', settings);
  });
  const consumers = createClient(settings, log, PATIENT);
  const transactions = createClient(settings, log, QUICK);
  const closing = new AbortController();
  const topics = createTopics(admin, settings);
  const offsets = createOffsets(admin, transactions, topics, settings, { clock, log });
  const appender = createAppender(createClient(settings, log, PATIENT), settings, closing.signal);
  const readers = new Map<string, Subscription<unknown>>();
  const known = new Map<string, { offset: number; at: number }>();
  const gate = createBacklogGate({
    limit: settings.max_backlog_messages,
    behind: async (topic, group) => (await standing(topic, group)).messages,
    clock,
    log,
  });

  const place = (topic: string, group: string): string => JSON.stringify([topic, group]);

  /** What waits for the group: exact for partitions that are read here, by offsets for the others. */
  async function standing(topic: string, group: string) {
    const elsewhere = new Map<number, number>();
    const partitions = new Map<number, PartitionLag>();
    if (!(await topics.exists(topic))) return { messages: 0, oldest: undefined, elsewhere, partitions };
    const committed = await offsets.committed(topic, group);
    const bounds = await offsets.bounds(topic);
    const here = readers.get(place(topic, group))?.standing();
    let messages = 0;
    let oldest: number | undefined;
    for (const [partition, { low, high }] of bounds) {
      const own = here?.get(partition);
      if (own !== undefined) {
        const waits = own.messages + Math.max(0, high - own.seen);
        partitions.set(partition, { messages: waits, here: true });
        messages += waits;
        if (own.oldest !== undefined) oldest = Math.min(oldest ?? Infinity, own.oldest);
        else if (high > own.seen) elsewhere.set(partition, own.seen);
        continue;
      }
      const recent = known.get(`${place(topic, group)}${partition}`);
      const told = recent !== undefined && performance.now() - recent.at < KNOWN_FOR_MS ? recent.offset : 0;
      const stands = committed.get(partition);
      const from = Math.max(isWithin(stands, { high }) ? stands : low, low, told);
      partitions.set(partition, { messages: Math.max(0, high - from), here: false });
      messages += Math.max(0, high - from);
      if (high > from) elsewhere.set(partition, from);
    }
    return { messages, oldest, elsewhere, partitions };
  }

  async function lag(topic: string, group: string): Promise<Lag> {
    closing.signal.throwIfAborted();
    try {
      const { messages, oldest, elsewhere, partitions } = await standing(topic, group);
      if (messages === 0) return { messages, seconds: 0, partitions };
      const own = oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest) / 1000);
      return { messages, seconds: Math.max(own, await offsets.age(topic, elsewhere)), partitions };
    } catch (error) {
      throw toStreamError(error, `Asking for the lag of ${group} on ${topic}`, settings);
    }
  }

  async function createGroup(topic: string, group: string): Promise<void> {
    closing.signal.throwIfAborted();
    await offsets.createGroup(topic, group);
    gate.register(topic, group);
  }

  async function* subscribe<Value>(
    topic: string,
    group: string,
    options: SubscribeOptions,
  ): AsyncGenerator<Delivery<Value>, void, undefined> {
    await createGroup(topic, group);
    const name = place(topic, group);
    const newer = new TidewatchError('storage.unavailable', `A newer reader of ${topic} as ${group} took over`);
    await readers.get(name)?.end(newer);
    closing.signal.throwIfAborted();
    const subscription = createSubscription<Value>(topic, group, options, {
      consumers,
      transactions,
      settings,
      offsets,
      clock,
      log,
      room,
      restarted: (why) => context.metrics?.restarted(topic, group, why),
      committed: (partition, offset) => known.set(`${name}${partition}`, { offset, at: performance.now() }),
      left() {
        if (readers.get(name) === subscription) readers.delete(name);
      },
    });
    readers.set(name, subscription as Subscription<unknown>);
    yield* subscription.deliveries();
  }

  /** Topics of outputs exist and have room; a stop does not wait for room. */
  async function room(outputs: readonly string[], signal: AbortSignal): Promise<void> {
    for (const output of outputs) {
      await topics.ensure(output);
      await gate.enter(output, [signal]).catch(() => undefined);
    }
  }

  async function* scan<Value>(
    topic: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Received<Value>[], void, undefined> {
    closing.signal.throwIfAborted();
    for (let attempt = 1; ; attempt += 1) {
      let hasBegun = false;
      try {
        if (!(await topics.exists(topic))) return;
        const batches = scanTopic<Value>({
          topic: topicName(settings, topic),
          prefix: settings.topic_prefix,
          bounds: await offsets.bounds(topic),
          consumer: (id) =>
            consumers.consumer({
              groupId: id,
              readUncommitted: false,
              allowAutoTopicCreation: false,
              retry: NEVER_RESTARTED,
            }),
          signal: AbortSignal.any([signal, closing.signal]),
        });
        for await (const batch of batches) {
          hasBegun = true;
          yield batch;
        }
        return;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // A broker that has just started refuses new groups for a moment, and kafkajs does not ask again.
        if (hasBegun || attempt >= SCAN_ATTEMPTS || !isCoordinatorBusy(error))
          throw toStreamError(error, `Reading all of ${topic}`, settings);
        await clock.sleep(SCAN_RETRY_MS, signal);
      }
    }
  }

  return {
    async append(topic, messages, signal) {
      closing.signal.throwIfAborted();
      signal?.throwIfAborted();
      if (messages.length === 0) return;
      await topics.ensure(topic).catch((error: unknown) => {
        throw toStreamError(error, `Creating the topic ${topic}`, settings);
      });
      await gate.enter(topic, signal === undefined ? [closing.signal] : [signal, closing.signal]);
      await appender.append(topic, messages, signal);
    },
    subscribe,
    createGroup,
    lag,
    scan,
    isErasable: false,
    async erase(isForgotten) {
      closing.signal.throwIfAborted();
      const { signal } = closing;
      const expiry = async (topic: string) => expiryOf(admin, topicName(settings, topic));
      return findInTopics(isForgotten, { settings, scan: (topic) => scan(topic, signal), expiry });
    },
    async close() {
      if (closing.signal.aborted) return;
      const reason = new TidewatchError('storage.unavailable', 'The stream is closed');
      closing.abort(reason);
      const late = new AbortController();
      const done = Promise.allSettled([...readers.values()].map((reader) => reader.end(reason)))
        .then(() => Promise.allSettled([appender.close(), admin.disconnect()]))
        .finally(() => late.abort());
      await Promise.race([done, clock.sleep(CLOSE_MS, late.signal).catch(() => undefined)]);
    },
  };
}

/** One question with little patience, so that a wrong address or password is said within seconds. */
async function checkBrokers(settings: KafkaStreamSettings, log: Logger): Promise<void> {
  const admin: Admin = createClient(settings, log.child({}, { level: 'silent' }), SHORT).admin();
  try {
    await admin.connect();
    await admin.describeCluster();
  } catch (error) {
    throw toStreamError(error, 'Connecting to Kafka', settings);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
