/**
 * One reader of one (topic, group) in this process: a member of the consumer group, its partitions, and the deliveries.
 *
 * kafkajs fetches into per-partition buffers (kafka_partition.ts) and heartbeats while the stage works. A partition is
 * read only after its earlier owners are fenced and the committed offset was read after that (kafka_transaction.ts).
 * When the group rebalances, partitions that stay go on where they were; open deliveries of those that leave fail to be
 * acknowledged and come again elsewhere. If another owner came between unnoticed, the fence tells at the next commit.
 */
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { Clock } from '../clock.ts';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createBell } from './bell.ts';
import { PATIENT, toStreamError } from './kafka_client.ts';
import type { Offsets } from './kafka_offsets.ts';
import { createPartition, type OwnedPartition } from './kafka_partition.ts';
import { groupId, topicName, transactionalId, type KafkaStreamSettings } from './kafka_settings.ts';
import { createTransactor, FencedError, type Transactor } from './kafka_transaction.ts';
import { createWatchdog } from './kafka_watchdog.ts';
import type { Delivery, Output, SubscribeOptions } from './stream.ts';

/** Longest wait of the broker for something new: also how long a stop may take. */
const FETCH_WAIT_MS = 300;
const DISPOSE_MS = 5000;
const REBALANCE_MS = 60_000;
const LONGEST_BACKOFF_MS = 10_000;

export interface SubscriptionContext {
  readonly consumers: Kafka;
  readonly transactions: Kafka;
  readonly settings: KafkaStreamSettings;
  readonly offsets: Offsets;
  readonly clock: Clock;
  readonly log: Logger;
  readonly room: (topics: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly committed: (partition: number, offset: number) => void;
  /** It has left the group. */
  readonly left: () => void;
}

export interface Subscription<Value> {
  deliveries(): AsyncGenerator<Delivery<Value>, void, undefined>;
  /** Of partitions that this reader owns: what it has fetched and not acknowledged, and where its fetching stands. */
  standing(): Map<number, { seen: number; messages: number; oldest: number | undefined }>;
  /** Ends it now; open acknowledgements fail with the reason. Resolves when the group was left. */
  end(reason: TidewatchError): Promise<void>;
}

export function createSubscription<Value>(
  topic: string,
  group: string,
  options: SubscribeOptions,
  context: SubscriptionContext,
): Subscription<Value> {
  const { settings, offsets, clock, log } = context;
  const name = topicName(settings, topic);
  const partitions = new Map<number, OwnedPartition<Value>>();
  const transactors = new Map<number, Transactor>();
  const changed = createBell();
  const over = new AbortController();
  const leaving = new AbortController();
  const stopping = AbortSignal.any([options.signal, leaving.signal]);
  const capacity = Math.max(2 * options.maxMessages, 200);
  const limit = options.maxInFlight ?? 1;
  let consumer: Consumer | undefined;
  let joined = false;
  let restarting = false;
  let finishing: Promise<void> | undefined;
  let rotation = 0;

  const sum = (count: (partition: OwnedPartition<Value>) => number): number =>
    [...partitions.values()].reduce((total, partition) => total + count(partition), 0);
  const inFlight = (): number => sum((partition) => partition.inFlight());
  const buffered = (): number => sum((partition) => partition.buffered());

  function lost(index: number, why: string): TidewatchError {
    return new TidewatchError(
      'storage.unavailable',
      `Partition ${index} of ${topic} is not this reader's any more (${why}); what it had not acknowledged comes again`,
    );
  }

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
    await partition?.idle();
    await transactor?.close();
  }

  /** A new start for a partition: fence, read where the group stands, fetch from there. */
  function take(own: Consumer, index: number): void {
    const partition = createPartition<Value>(index, transactorOf(index), {
      changed: () => changed.ring(),
      committed: (offset) => context.committed(index, offset),
      room: (outputs: readonly Output[]) => context.room([...new Set(outputs.map((output) => output.topic))], stopping),
      failed(error) {
        if (over.signal.aborted || partitions.get(index) !== partition) return;
        if (error instanceof FencedError) {
          restart('another reader has fenced it');
          return;
        }
        // The committed offset decides what comes again.
        partition.revoke(lost(index, 'an acknowledgement failed'));
        if (consumer === own && !options.signal.aborted) take(own, index);
        else void drop(index, 'an acknowledgement failed');
      },
    });
    partitions.set(index, partition);
    void begin(own, partition);
  }

  async function begin(own: Consumer, partition: OwnedPartition<Value>): Promise<void> {
    const { index } = partition;
    const current = (): boolean => consumer === own && partitions.get(index) === partition && !over.signal.aborted;
    for (let pause = 500; current(); pause = Math.min(pause * 2, LONGEST_BACKOFF_MS)) {
      try {
        let committed = await transactorOf(index).begin();
        if (committed === undefined) {
          await offsets.createGroup(topic, group);
          committed = (await offsets.committed(topic, group)).get(index);
        }
        const position = committed ?? (await offsets.bounds(topic)).get(index)?.low ?? 0;
        if (!current()) return;
        partition.start(committed, position);
        own.seek({ topic: name, partition: index, offset: String(position) });
        changed.ring();
        return;
      } catch (error) {
        if (!current()) return;
        const failure = toStreamError(error, `Taking over partition ${index} of ${topic}`, settings);
        log.warn({ topic, group, partition: index }, `${failure.message}; trying again in ${pause / 1000} s`);
        await clock.sleep(pause, over.signal).catch(() => undefined);
      }
    }
  }

  function assigned(own: Consumer, indexes: readonly number[]): void {
    if (consumer !== own) return;
    joined = true;
    for (const index of partitions.keys()) if (!indexes.includes(index)) void drop(index, 'its group rebalanced');
    for (const index of indexes) {
      const kept = partitions.get(index);
      const seen = kept?.seen();
      if (kept === undefined) take(own, index);
      else if (seen !== undefined) own.seek({ topic: name, partition: index, offset: String(seen) });
    }
    log.debug({ topic, group, partitions: indexes }, 'partitions assigned');
    watchdog.fed();
    changed.ring();
  }

  const misplaced = new Map<number, number>();
  async function receive(own: Consumer, { batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload) {
    const current = (): boolean => consumer === own && isRunning() && !stopping.aborted;
    const partition = partitions.get(batch.partition);
    if (partition === undefined) return;
    while (partition.seen() === undefined && !partition.revoked && current()) {
      await pause();
      await heartbeat();
    }
    const seen = partition.seen();
    if (seen === undefined || partition.revoked || !current() || isStale()) return;
    const from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
    const times = misplaced.get(batch.partition) ?? 0;
    if (from !== seen && times < 2) {
      misplaced.set(batch.partition, times + 1);
      own.seek({ topic: name, partition: batch.partition, offset: String(seen) });
      return;
    }
    misplaced.delete(batch.partition);
    const fresh = batch.messages.filter(({ offset }) => Number(offset) >= seen);
    const first = Number(batch.firstOffset() ?? seen);
    if (first > seen) {
      log.warn(
        { topic, group, partition: batch.partition, offsets: first - seen },
        `Kafka has removed what ${group} had not read of ${topic}: ${first - seen} offsets; raise the topic's retention`,
      );
    }
    partition.push(fresh, Number(batch.lastOffset()) + 1);
    resolveOffset(batch.lastOffset());
    watchdog.fed();
    changed.ring();
    while (buffered() > capacity && current()) {
      await pause();
      await heartbeat();
    }
  }

  /** Until something changed, or it is time for a heartbeat. */
  async function pause(longestMs = 500): Promise<void> {
    const enough = new AbortController();
    const timer = setTimeout(() => enough.abort(), longestMs);
    await changed.next(enough.signal);
    clearTimeout(timer);
  }

  async function startConsumer(): Promise<void> {
    const own = context.consumers.consumer({
      groupId: groupId(settings, topic, group),
      sessionTimeout: settings.session_timeout_ms,
      heartbeatInterval: Math.min(3000, Math.floor(settings.session_timeout_ms / 4)),
      rebalanceTimeout: Math.max(REBALANCE_MS, settings.session_timeout_ms),
      maxWaitTimeInMs: FETCH_WAIT_MS,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      retry: { ...PATIENT, restartOnFailure: () => Promise.resolve(false) },
    });
    consumer = own;
    joined = false;
    own.on(own.events.GROUP_JOIN, ({ payload }: ConsumerGroupJoinEvent) => {
      assigned(own, payload.memberAssignment[name] ?? []);
    });
    own.on(own.events.END_BATCH_PROCESS, ({ payload }) => {
      const seen = partitions.get(payload.partition)?.seen();
      if (consumer !== own || payload.batchSize > 0 || seen === undefined || Number(payload.firstOffset) > seen) return;
      partitions.get(payload.partition)?.skipTo(Number(payload.lastOffset) + 1);
    });
    own.on(own.events.CRASH, ({ payload }) => {
      if (consumer === own) restart(`it crashed: ${payload.error.message}`);
    });
    await own.connect();
    await own.subscribe({ topics: [name], fromBeginning: true });
    await own.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => receive(own, payload),
    });
  }

  async function dispose(why: string): Promise<void> {
    const old = consumer;
    consumer = undefined;
    const ends: Promise<unknown>[] = [...partitions.keys()].map((index) => drop(index, why));
    if (old !== undefined) ends.push(old.disconnect());
    const late = new AbortController();
    await Promise.race([Promise.allSettled(ends), clock.sleep(DISPOSE_MS, late.signal).catch(() => undefined)]);
    late.abort();
  }

  /** Leaves the group and joins it anew, with longer and longer pauses while that fails. */
  function restart(reason: string): void {
    if (restarting || stopping.aborted) {
      // A reader that was stopped has nothing to come back for.
      if (stopping.aborted) finish();
      return;
    }
    restarting = true;
    log.warn(
      { event: 'stream.reader_restarted', topic, group, reason },
      `The reader of ${topic} starts anew: ${reason}`,
    );
    void (async () => {
      for (let wait = 500; !stopping.aborted; wait = Math.min(wait * 2, LONGEST_BACKOFF_MS)) {
        await dispose('its reader starts anew');
        if (stopping.aborted) break;
        try {
          watchdog.fed();
          await startConsumer();
          break;
        } catch (error) {
          const failure = toStreamError(error, `Reading ${topic}`, settings);
          log.warn({ topic, group }, `${failure.message}; trying again in ${wait / 1000} s`);
          await clock.sleep(wait, stopping).catch(() => undefined);
        }
      }
    })().finally(() => {
      restarting = false;
    });
  }

  const watchdog = createWatchdog({
    afterMs: settings.stall_restart_secs * 1000,
    isHungry: () => !restarting && inFlight() < limit && buffered() === 0,
    async waiting() {
      const limits = await offsets.bounds(topic);
      const committed = await offsets.committed(topic, group);
      let count = 0;
      for (const [index, { low, high }] of limits) {
        // Of what others own nothing waits here; before it has joined, everything does.
        const unread = joined && !partitions.has(index) ? high : (committed.get(index) ?? low);
        const seen = partitions.get(index)?.seen() ?? unread;
        count += Math.max(0, high - seen);
      }
      return count;
    },
    stalled(waiting, seconds) {
      log.warn(
        { event: 'stream.reader_stalled', topic, group, waiting, seconds },
        `The reader of ${topic} got nothing for ${seconds.toFixed(0)} s though ${waiting} messages wait`,
      );
      restart('it stalled');
    },
  });

  /** After the stop: stays in the group until what was handed out is acknowledged, then leaves. */
  function finish(): void {
    finishing ??= (async () => {
      leaving.abort();
      watchdog.stop();
      try {
        consumer?.pause([{ topic: name }]);
      } catch {
        // It has not joined yet.
      }
      for (const partition of partitions.values()) partition.dropBuffer();
      const deadline = performance.now() + settings.session_timeout_ms;
      while (inFlight() > 0 && !over.signal.aborted && performance.now() < deadline) await pause();
      over.abort();
      await dispose('its reader has ended');
      context.left();
    })();
  }
  options.signal.addEventListener('abort', finish, { once: true });

  /** The partition to hand out from now, or how long to wait for more. */
  function choose(): { partition: OwnedPartition<Value>; waitMs: number } | undefined {
    const filled = [...partitions.values()].filter((partition) => partition.buffered() > 0);
    if (filled.length === 0) return undefined;
    rotation += 1;
    const full = filled.filter((partition) => partition.buffered() >= options.maxMessages);
    const chosen =
      full[rotation % Math.max(1, full.length)] ??
      filled.reduce((oldest, next) => (next.waitingSince() < oldest.waitingSince() ? next : oldest));
    const waitMs = full.length > 0 ? 0 : chosen.waitingSince() + options.maxWaitMs - performance.now();
    return { partition: chosen, waitMs };
  }

  return {
    async *deliveries() {
      try {
        if (stopping.aborted) return;
        watchdog.start();
        await startConsumer().catch((error: unknown) => {
          throw toStreamError(error, `Reading ${topic}`, settings);
        });
        while (!stopping.aborted) {
          const choice = inFlight() < limit ? choose() : undefined;
          if (choice === undefined) await changed.next(stopping);
          else if (choice.waitMs > 0) await pause(choice.waitMs);
          else yield choice.partition.take(options.maxMessages);
        }
      } finally {
        options.signal.removeEventListener('abort', finish);
        finish();
      }
    },
    standing() {
      const found = new Map<number, { seen: number; messages: number; oldest: number | undefined }>();
      for (const [index, partition] of partitions) {
        const seen = partition.seen();
        if (seen !== undefined && !partition.revoked) found.set(index, { seen, ...partition.open() });
      }
      return found;
    },
    async end(reason) {
      for (const partition of partitions.values()) partition.revoke(reason);
      over.abort(reason);
      changed.ring();
      finish();
      await finishing;
    },
  };
}
