/**
 * One reader of one (topic, group) in this process: deliveries out of the partitions that it owns (kafka_ownership.ts)
 * and that its member of the group fetches (kafka_member.ts), and an orderly end.
 */
import type { Kafka } from 'kafkajs';
import type { Clock } from '../clock.ts';
import type { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createBell } from './bell.ts';
import { createMember, pauseFor, type Restarted } from './kafka_member.ts';
import { isWithin, type Offsets } from './kafka_offsets.ts';
import { createOwnership, type Standing } from './kafka_ownership.ts';
import type { KafkaStreamSettings } from './kafka_settings.ts';
import { nextTurn } from './kafka_turn.ts';
import { createWatchdog } from './kafka_watchdog.ts';
import type { Delivery, SubscribeOptions } from './stream.ts';

export interface SubscriptionContext {
  readonly consumers: Kafka;
  readonly transactions: Kafka;
  readonly settings: KafkaStreamSettings;
  readonly offsets: Offsets;
  readonly clock: Clock;
  readonly log: Logger;
  readonly room: (topics: readonly string[], signal: AbortSignal) => Promise<void>;
  readonly committed: (partition: number, offset: number) => void;
  readonly restarted: Restarted;
  /** It has left the group. */
  readonly left: () => void;
}

export interface Subscription<Value> {
  deliveries(): AsyncGenerator<Delivery<Value>, void, undefined>;
  /** Of the partitions that this reader owns. */
  standing(): Map<number, Standing>;
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
  const changed = createBell();
  const over = new AbortController();
  const leaving = new AbortController();
  const stopping = AbortSignal.any([options.signal, leaving.signal]);
  const limit = options.maxInFlight ?? 1;
  let finishing: Promise<void> | undefined;
  let rotation = 0;

  const ownership = createOwnership<Value>(topic, group, {
    ...context,
    stopping,
    changed: () => changed.ring(),
    fenced: () => member.restart('fenced', 'another reader has fenced it'),
  });
  const member = createMember(topic, group, {
    consumers: context.consumers,
    settings,
    clock,
    log,
    ownership,
    changed,
    stopping,
    capacity: Math.max(2 * options.maxMessages, 200),
    abreast: options.timeOf !== undefined,
    fed: () => watchdog.fed(),
    restarted: context.restarted,
  });
  const watchdog = createWatchdog({
    afterMs: settings.stall_restart_secs * 1000,
    isHungry: () => !member.isRestarting() && ownership.inFlight() < limit && ownership.buffered() === 0,
    async waiting() {
      const committed = await offsets.committed(topic, group);
      const limits = await offsets.bounds(topic);
      let count = 0;
      for (const [index, { low, high }] of limits) {
        const own = ownership.get(index);
        // Of what others own nothing waits here; before it has joined, everything does.
        const elsewhere = member.hasJoined() && own === undefined;
        const place = committed.get(index);
        const seen = own?.seen() ?? (elsewhere ? high : isWithin(place, { high }) ? place : low);
        count += Math.max(0, high - seen);
      }
      return count;
    },
    stalled(waiting, seconds) {
      log.warn(
        { event: 'stream.reader_stalled', topic, group, waiting, seconds },
        `The reader of ${topic} got nothing for ${seconds.toFixed(0)} s though ${waiting} messages wait`,
      );
      member.restart('stalled', 'it stalled');
    },
  });

  /** After the stop: stays in the group until what was handed out is acknowledged, then leaves. */
  async function leave(): Promise<void> {
    leaving.abort();
    watchdog.stop();
    member.rest();
    for (const partition of ownership.all()) partition.dropBuffer();
    const deadline = performance.now() + settings.session_timeout_ms;
    while (ownership.inFlight() > 0 && !over.signal.aborted && performance.now() < deadline) await pauseFor(changed);
    over.abort();
    await member.leave('its reader has ended');
    context.left();
  }
  const finish = (): void => {
    finishing ??= leave();
  };
  options.signal.addEventListener('abort', finish, { once: true });

  return {
    async *deliveries() {
      try {
        if (stopping.aborted) return;
        watchdog.start();
        await member.start();
        while (!stopping.aborted) {
          member.fetchWhatIsShort();
          const isFree = ownership.inFlight() < limit;
          const turn = isFree ? nextTurn(ownership.all(), options, (rotation += 1), performance.now()) : undefined;
          if (turn === undefined) await changed.next(stopping);
          else if (turn.waitMs > 0) await pauseFor(changed, turn.waitMs);
          else yield turn.partition.take(options.maxMessages);
        }
      } finally {
        options.signal.removeEventListener('abort', finish);
        finish();
      }
    },
    standing: () => ownership.standing(),
    async end(reason) {
      for (const partition of ownership.all()) partition.revoke(reason);
      over.abort(reason);
      changed.ring();
      finish();
      await finishing;
    },
  };
}
