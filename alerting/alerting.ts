/**
 * The alerting stage: reads opinions, keeps the watch, and makes what it says durable. The order is the point:
 *
 *   take in → judge → one transaction (watch, offsets, rows for the store, notifications) → acknowledge → store, notify
 *
 * A crash anywhere leaves either nothing of a step or all of it. Messages that come again are known by their offset, and
 * beyond that by document id. Between transactions (`checkpoint_secs`) work is only held in memory and not acknowledged
 * (ledger.ts). What the stage is made of is opened in parts.ts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import type { Alert } from '../core/event.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Logger } from '../core/log.ts';
import { persist } from '../core/persist.ts';
import { removeWithin, type Removal } from '../core/removal.ts';
import { reviewState } from '../core/state/removal.ts';
import { fetchedAt } from '../core/stream/fetched_at.ts';
import { TOPICS, type Delivery, type Message, type Received } from '../core/stream/stream.ts';
import { createClockGuard } from './clock_guard.ts';
import { createHeard } from './heard.ts';
import { createIntake } from './intake.ts';
import { createHearing } from './hearing.ts';
import { catchUp, expectReplays, passQuietly, watermark } from './lanes.ts';
import { createLedger } from './ledger.ts';
import { openParts, type AlertingDeps } from './parts.ts';
import { GROUP, createPartitions } from './partitions.ts';
import { forgetIn, readRemovals, REMOVAL_GROUP } from './removal.ts';
import type { AlertingSettings } from './settings.ts';
import { openSourceAlerts, readSourceNews } from './source_alerts.ts';
import { endUnjudged } from './unjudged.ts';

export interface Alerting extends Service {
  /**
   * Ends a finite replay: event time goes on past the last document until every alert has settled, and everything is in
   * the store when it resolves. Call it when the stream has been read to its end.
   * @throws TidewatchError storage.*
   */
  flush(): Promise<void>;
}

const MESSAGES_A_DELIVERY = 500;
const DELIVERIES_IN_FLIGHT = 16;
const MESSAGES_A_CHECKPOINT = 4000;
const LONGEST_TICK_MS = 1000;
const RETRY_MS = 5000;

/** Creates the stage and opens what it remembers; nothing is read until `start`. @throws TidewatchError storage.* */
export async function createAlerting(settings: AlertingSettings, deps: AlertingDeps): Promise<Alerting> {
  const { clock, log, state, stream } = deps;
  const stopping = new AbortController();
  const signal = AbortSignal.any([deps.signal, stopping.signal]);
  const parts = await openParts(settings, deps, signal);
  const { rules, wallClock, metrics, notifiers, outbox, queue, dispatch, watch, offsets } = parts;
  const { lanes } = watch.state;
  expectReplays(lanes, rules.watermark);

  const guard = createClockGuard({ watch, dispatch, rules, clock, wallClock, uptime: () => performance.now(), log });
  const ledger = createLedger(parts, deps);
  const heard = createHeard();
  const hearPartitions = createPartitions({ stream, heard, lanes, clock: wallClock, log });
  const takeIn = createIntake({ watch, offsets, heard, metrics, clock: wallClock });
  const sources = openSourceAlerts(state, rules.statement.publicUrl);
  const hearing = createHearing(parts, ledger, sources, deps);
  let running: Promise<unknown> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time: deliveries, ticks and the flush all change the watch. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  function advance(): void {
    const until = heard.until();
    catchUp(lanes, until);
    const mark = watermark(lanes, rules.watermark, clock.now(), until);
    if (mark !== null) ledger.keep(watch.advance(mark));
    ledger.dispatchUntil(watch.state.closed ?? 0);
  }

  /** Sources after the ledger: what a crash between leaves is told again under the same id and revision, which is once. */
  async function save(): Promise<void> {
    await ledger.save();
    await sources.settle();
  }

  /** A replay judges behind every opinion, as a backtest does: what is late must not depend on how many come in one delivery. */
  function takeInTurn(message: Received<unknown>): Message | null {
    const dead = takeIn(message);
    if (rules.watermark.mode === 'global') advance();
    return dead;
  }

  async function receive(delivery: Delivery<unknown>): Promise<void> {
    const started = performance.now();
    const dead = delivery.messages.map(takeInTurn).filter((message) => message !== null);
    advance();
    ledger.hold(delivery, dead);
    metrics.seconds((performance.now() - started) / 1000);
    const due = ledger.sinceSavedMs() >= settings.checkpoint_secs * 1000;
    if (due || ledger.heldMessages() >= MESSAGES_A_CHECKPOINT || ledger.heldDeliveries() >= DELIVERIES_IN_FLIGHT)
      await save();
  }

  const drain = (): Promise<void> => outbox.drain((alert: Alert) => deps.onAlert?.(alert));

  async function tick(elapsedMs: number): Promise<void> {
    const { upstream, own } = await hearPartitions(ledger.holds());
    metrics.lag(own.seconds);
    guard.check();
    const caughtUp = own.messages === ledger.heldMessages();
    if (caughtUp && upstream.messages === 0) passQuietly(lanes, elapsedMs);
    await hearing.take();
    advance();
    const isDue = ledger.sinceSavedMs() >= settings.checkpoint_secs * 1000;
    if (ledger.waits() && (caughtUp || isDue)) await save();
    await drain();
  }

  /** Until the stop; a failure is said, counted and tried again. */
  function keepOn(what: string, work: () => Promise<void>): Promise<void> {
    const failed = (thrown: unknown): void => {
      const error = toTidewatchError(thrown);
      metrics.error(error.code);
      log.error(`${what}: ${error.message}; trying again in ${RETRY_MS / 1000} s`);
    };
    return persist(work, { clock: systemClock, signal, retryMs: RETRY_MS, failed });
  }

  async function read(): Promise<void> {
    // Deliveries of an earlier reader can't be acknowledged any more; they come again and are known by their offsets.
    await inTurn(async () => {
      ledger.release();
      await hearPartitions(ledger.holds());
    });
    const options = {
      maxMessages: MESSAGES_A_DELIVERY,
      maxWaitMs: 50,
      timeOf: fetchedAt,
      maxInFlight: DELIVERIES_IN_FLIGHT,
      signal,
    };
    for await (const delivery of stream.subscribe<unknown>(TOPICS.opinions, GROUP, options)) {
      await inTurn(() => receive(delivery));
    }
  }

  /** What was taken back is neither remembered, nor stored, nor sent from here on. */
  async function forget(removals: readonly Removal[]): Promise<void> {
    forgetIn(watch.state, watch.touched, removals);
    for (const { key, alerts } of dispatch.groups.values()) {
      if (removeWithin(alerts, removals) > 0) dispatch.touched.add(key);
    }
    ledger.forget(removals);
    await save();
    await reviewState(state, removals, { remove: true });
  }

  /** What takes effect before anything is read. */
  async function begin(): Promise<void> {
    guard.check();
    await hearing.people();
    const ended = endUnjudged(watch, settings, watch.state.closed ?? clock.now());
    ledger.keep({ alerts: ended, findings: [] });
  }

  async function tickAll(): Promise<void> {
    const every = Math.min(LONGEST_TICK_MS, settings.checkpoint_secs * 1000);
    await pause(every, undefined, { signal }).catch(() => undefined);
    // The nominal time, not the time that passed: a machine that slept watched nothing meanwhile.
    if (!signal.aborted) await inTurn(() => tick(every));
  }

  return {
    name: 'alerting',
    async start() {
      await stream.createGroup(TOPICS.opinions, GROUP);
      await stream.createGroup(TOPICS.removals, REMOVAL_GROUP);
      await stream.createGroup(TOPICS.sources, GROUP);
      await inTurn(begin);
      queue.start();
      running = Promise.all([
        keepOn('Reading opinions', read),
        keepOn('Watching', tickAll),
        keepOn('Hearing of sources', () =>
          readSourceNews(stream, GROUP, signal, (news) =>
            inTurn(() => {
              ledger.keep({ alerts: sources.hear(news), findings: [] });
              return save();
            }),
          ),
        ),
        keepOn('Hearing removals', () => readRemovals(stream, signal, (removals) => inTurn(() => forget(removals)))),
      ]);
    },
    async stop() {
      stopping.abort(new Error('Alerting is stopping.'));
      await running;
      await queue.stop();
      for (const notifier of notifiers.values()) await notifier.close?.();
      // A full disk or a store that is away must not keep a stop from being one: what is not saved now is heard again.
      await inTurn(save).catch(
        putOff(log, 'what was heard since the last checkpoint is heard again at the next start'),
      );
      await drain().catch(putOff(log, 'alert rows wait on disk for the next start'));
    },
    flush: () =>
      inTurn(async () => {
        catchUp(lanes, Infinity);
        const newest = Math.max(...[...lanes.values()].map((lane) => lane.newest ?? -Infinity));
        const { bucketMs, windowMs } = rules.window;
        const settled = newest + windowMs + rules.lifecycle.keepFiringMs + 2 * bucketMs;
        if (Number.isFinite(newest)) ledger.keep(watch.advance(settled));
        const { group_wait_secs: wait, group_interval_secs: interval } = settings;
        ledger.dispatchUntil((watch.state.closed ?? 0) + (wait + interval) * 1000);
        await save();
        await drain();
      }),
  };
}

/** For what a stop could not do and the next start will; a defect is no reason to be quiet. */
function putOff(log: Logger, until: string): (thrown: unknown) => void {
  return (thrown) => {
    const { code, message } = toTidewatchError(thrown);
    if (code === 'internal') throw thrown;
    log.warn({ code }, `${message}; ${until}`);
  };
}
