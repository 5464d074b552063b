/**
 * A reader's membership in its consumer group: a kafkajs consumer that fetches into the partitions' buffers and
 * heartbeats while the stage works, and is replaced when it crashed, was fenced or fell silent. kafkajs restarts itself
 * after some errors and stays silent after others; here none of its restarts is used, so that there is one way back.
 */
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Bell } from './bell.ts';
import { NEVER_RESTARTED, toStreamError } from './kafka_client.ts';
import type { Ownership, Seat } from './kafka_ownership.ts';
import { groupId, topicName, type KafkaStreamSettings } from './kafka_settings.ts';

/** Longest wait of the broker for something new: also how long a stop may take. */
const FETCH_WAIT_MS = 300;
/** Of each partition in a fetch, where all of them are kept at hand. */
const ABREAST_BYTES = 524_288;
const DISPOSE_MS = 5000;
const REBALANCE_MS = 60_000;
const LONGEST_BACKOFF_MS = 10_000;
/** A restart so soon after another one waits first. */
const SOON_MS = 30_000;

/** Hears why a reader starts anew. */
export type Restarted = (why: 'crashed' | 'fenced' | 'stalled') => void;

export interface MemberContext<Value> {
  readonly consumers: Kafka;
  readonly settings: KafkaStreamSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ownership: Ownership<Value>;
  readonly changed: Bell;
  readonly stopping: AbortSignal;
  /** Fetching waits while more messages than this are buffered: all of it or, abreast, that of the partition. */
  readonly capacity: number;
  readonly abreast: boolean;
  readonly restarted: Restarted;
  /** It joined, or got messages. */
  readonly fed: () => void;
}

export interface Member {
  /** @throws TidewatchError storage.unavailable */
  start(): Promise<void>;
  /** Leaves the group and joins it anew, in the background, for as long as it takes. */
  restart(why: Parameters<Restarted>[0], reason: string): void;
  isRestarting(): boolean;
  hasJoined(): boolean;
  /** Goes on fetching partitions of which enough was buffered before. */
  fetchWhatIsShort(): void;
  /** Stays in the group without fetching. */
  rest(): void;
  /** Leaves the group; what is open fails, saying why. */
  leave(why: string): Promise<void>;
}

/** Until something changed, or it is time for a heartbeat. */
export async function pauseFor(changed: Bell, longestMs = 500): Promise<void> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), longestMs);
  await changed.next(enough.signal);
  clearTimeout(timer);
}

export function createMember<Value>(topic: string, group: string, context: MemberContext<Value>): Member {
  const { settings, clock, log, ownership, changed, stopping } = context;
  const name = topicName(settings, topic);
  const misplaced = new Map<number, number>();
  const paused = new Map<number, () => void>();
  let consumer: Consumer | undefined;
  let joined = false;
  let restarting = false;
  let restartedAt = -Infinity;
  let backoffMs = 500;

  async function receive(seat: Seat, payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const current = (): boolean => seat.current() && isRunning() && !stopping.aborted;
    const partition = ownership.get(batch.partition);
    if (partition === undefined) return;
    while (partition.seen() === undefined && !partition.revoked && current()) {
      await pauseFor(changed);
      await heartbeat();
    }
    const seen = partition.seen();
    if (seen === undefined || partition.revoked || !current() || isStale()) return;
    const from = Number((batch as unknown as { fetchedOffset: string }).fetchedOffset);
    const times = misplaced.get(batch.partition) ?? 0;
    // The third time it is no stale fetch but a gap: what lay between is gone.
    if (from !== seen && times < 2) {
      misplaced.set(batch.partition, times + 1);
      seat.seek(batch.partition, seen);
      return;
    }
    misplaced.delete(batch.partition);
    if (from < seen && Number(batch.highWatermark) < seen) {
      log.warn(
        {
          event: 'stream.truncated',
          topic,
          group,
          partition: batch.partition,
          seen,
          high: Number(batch.highWatermark),
        },
        `Kafka has lost the end of ${topic}, partition ${batch.partition}: ${group} had read up to ${seen} and the log ends at ${batch.highWatermark}; it is read anew from the group's place`,
      );
      ownership.renew(seat, batch.partition, 'the end of its log is lost');
      return;
    }
    const first = Number(batch.firstOffset() ?? seen);
    if (first > seen) {
      log.warn(
        { event: 'stream.gap', topic, group, partition: batch.partition, offsets: first - seen },
        `Kafka has removed what ${group} had not read of ${topic}: ${first - seen} offsets; raise the topic's retention`,
      );
    }
    partition.push(
      batch.messages.filter(({ offset }) => Number(offset) >= seen),
      Number(batch.lastOffset()) + 1,
      Number(batch.highWatermark),
    );
    resolveOffset(batch.lastOffset());
    context.fed();
    changed.ring();
    if (context.abreast) {
      if (partition.buffered() > context.capacity) paused.set(batch.partition, payload.pause());
      return;
    }
    while (ownership.buffered() > context.capacity && current()) {
      await pauseFor(changed);
      await heartbeat();
    }
  }

  async function start(): Promise<void> {
    const own = context.consumers.consumer({
      groupId: groupId(settings, topic, group),
      sessionTimeout: settings.session_timeout_ms,
      heartbeatInterval: Math.min(3000, Math.floor(settings.session_timeout_ms / 4)),
      rebalanceTimeout: Math.max(REBALANCE_MS, settings.session_timeout_ms),
      maxWaitTimeInMs: FETCH_WAIT_MS,
      readUncommitted: false,
      allowAutoTopicCreation: false,
      ...(context.abreast ? { maxBytesPerPartition: ABREAST_BYTES } : {}),
      retry: NEVER_RESTARTED,
    });
    const seat: Seat = {
      current: () => consumer === own,
      seek: (partition, offset) => own.seek({ topic: name, partition, offset: String(offset) }),
    };
    let starting = true;
    let crash: Error | undefined;
    consumer = own;
    joined = false;
    paused.clear();
    own.on(own.events.GROUP_JOIN, ({ payload }: ConsumerGroupJoinEvent) => {
      if (!seat.current()) {
        dispose(own);
        return;
      }
      joined = true;
      const indexes = payload.memberAssignment[name] ?? [];
      log.debug({ topic, group, partitions: indexes }, 'partitions assigned');
      ownership.assign(seat, indexes);
      context.fed();
      changed.ring();
    });
    own.on(own.events.END_BATCH_PROCESS, ({ payload }) => {
      // Nothing but markers of transactions, or messages of aborted ones: kafkajs went past them by itself.
      const seen = ownership.get(payload.partition)?.seen();
      if (!seat.current() || payload.batchSize > 0 || seen === undefined || Number(payload.firstOffset) > seen) return;
      ownership.get(payload.partition)?.skipTo(Number(payload.lastOffset) + 1);
    });
    own.on(own.events.CRASH, ({ payload }) => {
      crash = payload.error;
      if (seat.current() && !starting) restart('crashed', `it crashed: ${payload.error.message}`);
    });
    try {
      await own.connect();
      await own.subscribe({ topics: [name], fromBeginning: true });
      if (seat.current()) {
        await own.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          eachBatch: (payload) => receive(seat, payload),
        });
      }
      if (crash !== undefined) throw crash as Error;
    } catch (error) {
      throw toStreamError(error, `Reading ${topic}`, settings);
    } finally {
      starting = false;
      // It was given up while it was starting: kafkajs goes on all the same, would join, and keep partitions from others.
      if (!seat.current()) dispose(own);
    }
  }

  function dispose(given: Consumer): void {
    void given
      .disconnect()
      .catch((error: unknown) => log.debug({ topic, group, err: error }, 'leaving a group failed'));
  }

  async function leave(why: string): Promise<void> {
    const old = consumer;
    consumer = undefined;
    const ends = [ownership.leave(why)];
    if (old !== undefined) ends.push(old.disconnect());
    const late = new AbortController();
    await Promise.race([Promise.allSettled(ends), clock.sleep(DISPOSE_MS, late.signal).catch(() => undefined)]);
    late.abort();
  }

  async function comeBack(): Promise<void> {
    if (performance.now() - restartedAt > SOON_MS) backoffMs = 500;
    else await clock.sleep(backoffMs, stopping).catch(() => undefined);
    while (!stopping.aborted) {
      await leave('its reader starts anew');
      if (stopping.aborted) return;
      restartedAt = performance.now();
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      try {
        context.fed();
        await start();
        return;
      } catch (error) {
        const failure = toStreamError(error, `Reading ${topic}`, settings);
        log.warn({ topic, group }, `${failure.message}; trying again in ${backoffMs / 1000} s`);
        await clock.sleep(backoffMs, stopping).catch(() => undefined);
      }
    }
  }

  function restart(why: Parameters<Restarted>[0], reason: string): void {
    // A reader that was stopped has nothing to come back for.
    if (restarting || stopping.aborted) return;
    restarting = true;
    context.restarted(why);
    log.warn(
      { event: 'stream.reader_restarted', topic, group, reason },
      `The reader of ${topic} starts anew: ${reason}`,
    );
    void comeBack().finally(() => {
      restarting = false;
    });
  }

  return {
    start,
    restart,
    isRestarting: () => restarting,
    hasJoined: () => joined,
    fetchWhatIsShort() {
      if (stopping.aborted) return;
      for (const [index, resume] of paused) {
        if ((ownership.get(index)?.buffered() ?? 0) > context.capacity) continue;
        paused.delete(index);
        resume();
      }
    },
    rest() {
      try {
        consumer?.pause([{ topic: name }]);
      } catch {
        // It has not joined yet, and fetches nothing.
      }
    },
    leave,
  };
}
