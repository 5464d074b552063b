/**
 * The alerting stage: reads opinions, keeps the watch, and makes what it says durable. The order is the point:
 *
 *   take in → judge → one transaction (watch, offsets, rows for the store, notifications) → acknowledge → store, notify
 *
 * A crash anywhere leaves either nothing of a step or all of it. Messages that come again are known by their offset, and
 * beyond that by document id. Between transactions (`checkpoint_secs`) work is only held in memory and not acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Action } from '../core/action.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import type { Context } from '../core/component.ts';
import { createComponent } from '../core/config.ts';
import { toTidewatchError } from '../core/errors.ts';
import { isoTime, type Alert, type Series } from '../core/event.ts';
import type { Service } from '../core/lifecycle.ts';
import { removeWithin, type Removal } from '../core/removal.ts';
import { reviewState } from '../core/state/removal.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../core/store/store.ts';
import { TOPICS, deadLetterTopic, type Delivery, type Message, type Stream } from '../core/stream/stream.ts';
import { openCheckpoint } from './checkpoint.ts';
import { createClaims } from './claims.ts';
import type { Detector } from './detector.ts';
import { createDispatch, type Sending, type Suppressed } from './dispatch.ts';
import type { DisplayName } from './evidence.ts';
import { createIntake } from './intake.ts';
import { expectReplays, passQuietly, watermark } from './lanes.ts';
import { createMute } from './muting.ts';
import type { Notifier } from './notifier.ts';
import { clearTouched } from './memory.ts';
import { createNotifyQueue } from './notify.ts';
import { openOutbox, type NotificationRow } from './outbox.ts';
import { openPeople } from './people.ts';
import { readSourceNews } from './source_alerts.ts';
import { forgetIn, readRemovals, REMOVAL_GROUP } from './removal.ts';
import { detectors as detectorRegistry, notifiers as notifierRegistry } from './registry.ts';
import { dispatchRulesOf, rulesOf, type AlertingSettings } from './settings.ts';
import { createWatch, type Changes } from './watch.ts';

export interface AlertingDeps extends Omit<Context, 'name'> {
  readonly stream: Stream;
  readonly store: Store;
  /** Display names of a series, as the watchlist and the topic list have them. */
  readonly displayName: (series: Series) => DisplayName;
  /** per_feed: live work, event time by feed. global: the replay of one finite feed, event time by its newest document. */
  readonly watermark: 'per_feed' | 'global';
  /** Names of sources that replay a file at a pace beside live ones: nothing may overtake them. */
  readonly replayedFeeds?: readonly string[];
  /** The sector of each watched entity that has one, by ids; none where absent. */
  readonly parents?: ReadonlyMap<string, string>;
  /** Whether other alerting processes write to the same store: then each message is claimed before it is sent. */
  readonly sharedStore?: boolean;
  /** Hears of every change once the store has it; after a crash possibly twice. */
  readonly onAlert?: (alert: Alert) => void;
  /** The machine's clock, for what leaves the machine. */
  readonly wallClock?: Clock;
}

export interface Alerting extends Service {
  /**
   * Ends a finite replay: event time goes on past the last document until every alert has settled, and everything is in
   * the store when it resolves. Call it when the stream has been read to its end.
   * @throws TidewatchError storage.*
   */
  flush(): Promise<void>;
}

const GROUP = 'alerting';
/** Who hands documents on before they come here: while something waits there, no feed is idle. */
const UPSTREAM = { topic: TOPICS.documents, group: 'classifier' } as const;
const MESSAGES_A_DELIVERY = 500;
const DELIVERIES_IN_FLIGHT = 16;
const MESSAGES_A_CHECKPOINT = 4000;
const LONGEST_TICK_MS = 1000;
const RETRY_MS = 5000;
const HEAR_PEOPLE_MS = 2000;

/** What was decided and is not durable yet. */
interface Unsaved extends Changes {
  readonly sendings: Sending[];
  readonly suppressed: Suppressed[];
  readonly actions: Action[];
}

function nothing(): Unsaved {
  return { alerts: [], findings: [], sendings: [], suppressed: [], actions: [] };
}

/** This process' name to others on the same store; the same after a restart. */
function ownerOf(state: State): string {
  const table = state.table<string>('alerting.owner');
  const known = table.get('owner');
  if (known !== undefined) return known;
  const owner = randomUUID();
  void table.put('owner', owner);
  return owner;
}

interface Held {
  readonly delivery: Delivery<unknown>;
  readonly dead: readonly Message[];
}

/** Creates the stage and opens what it remembers; nothing is read until `start`. @throws TidewatchError storage.* */
export async function createAlerting(settings: AlertingSettings, deps: AlertingDeps): Promise<Alerting> {
  const { clock, log, state, stream, store } = deps;
  const wallClock = deps.wallClock ?? systemClock;
  const metrics = deps.metrics.stage('alerting');
  const stopping = new AbortController();
  const signal = AbortSignal.any([deps.signal, stopping.signal]);
  const rules = rulesOf(settings, deps.watermark, deps.replayedFeeds ?? [], deps.parents ?? new Map());
  const context = { ...deps, clock: wallClock, signal };

  const detectors: Detector[] = [];
  for (const one of settings.detectors) detectors.push(await createComponent<Detector>(detectorRegistry, one, context));
  const notifiers = new Map<string, Notifier>();
  for (const one of settings.notifiers) {
    notifiers.set(one.name, await createComponent<Notifier>(notifierRegistry, one, context));
  }

  const checkpoint = openCheckpoint(state);
  const outbox = openOutbox(state, store);
  const owner = ownerOf(state);
  const noteOf = (item: string, notifier: string, status: NotificationRow['status'], reason: string) => ({
    item,
    notifier,
    status,
    generation: 1,
    alert_id: item.slice(0, item.indexOf(':')),
    owner,
    at: isoTime(wallClock.now()),
    reason,
  });
  const queue = createNotifyQueue(
    notifiers,
    { maxAttempts: settings.max_attempts, giveUpMs: settings.give_up_hours * 3_600_000 },
    {
      state,
      clock: wallClock,
      log,
      metrics,
      signal,
      claims: deps.sharedStore === true ? createClaims(store, owner, wallClock) : null,
      record: ({ notifier, notification, status, reason }) =>
        outbox.note(notification.items.map((item) => noteOf(item, notifier, status, reason))),
    },
  );
  const loaded = checkpoint.load(rules.window.bucketMs);
  const { offsets } = loaded;
  const people = openPeople(state, store, { log, metrics });
  const dispatch = createDispatch(
    dispatchRulesOf(settings),
    [...notifiers].map(([name, { refreshMs }]) => ({ name, refreshMs })),
    {
      mute: createMute(settings, people.silences, () => dispatch.firing()),
      isAcknowledged: people.isAcknowledged,
    },
    loaded.groups,
  );
  const watch = createWatch(rules, detectors, deps.displayName, loaded.state);
  expectReplays(watch.state.lanes, rules.watermark);

  let held: Held[] = [];
  let heldMessages = 0;
  let savedAt = performance.now();
  let unsaved = nothing();
  let heardAt = -Infinity;
  let running: Promise<unknown> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();

  const takeIn = createIntake({ watch, offsets, metrics, clock: wallClock });

  /** One at a time: deliveries, ticks and the flush all change the watch. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  function advance(): void {
    const mark = watermark(watch.state.lanes, rules.watermark, clock.now());
    if (mark !== null) keep(watch.advance(mark));
    dispatchUntil(dispatchTime(watch.state.closed ?? 0));
  }

  /** Who is told when goes by the machine's clock; in a replay by event time, so that it is the same each time. */
  function dispatchTime(event: number): number {
    return deps.watermark === 'global' ? event : wallClock.now();
  }

  function dispatchUntil(time: number): void {
    const { sendings, suppressed } = dispatch.advance(time);
    unsaved.sendings.push(...sendings);
    unsaved.suppressed.push(...suppressed);
  }

  function keep({ alerts, findings }: Changes): void {
    for (const alert of alerts) {
      const time = dispatchTime(Date.parse(alert.at));
      dispatchUntil(time);
      dispatch.admit(alert, time);
    }
    unsaved.alerts.push(...alerts);
    unsaved.findings.push(...findings);
  }

  /** Lets what people did take effect. */
  async function hearPeople(): Promise<void> {
    await people.poll();
    for (const action of people.take()) {
      const { request, author } = action;
      log.info(`${author}: ${request.kind} ${'alert_id' in request ? request.alert_id : action.id}`);
      if (request.kind === 'replay') await queue.replay(request.notification);
      if (request.kind === 'resolve') {
        const ended = watch.resolve(request.alert_id, watch.state.closed ?? clock.now(), {
          by: author,
          note: request.note,
        });
        if (ended !== null) keep({ alerts: [ended], findings: [] });
      }
      unsaved.actions.push(action);
    }
  }

  async function receive(delivery: Delivery<unknown>): Promise<void> {
    const started = performance.now();
    const dead = delivery.messages.map(takeIn).filter((message) => message !== null);
    advance();
    held.push({ delivery, dead });
    heldMessages += delivery.messages.length;
    metrics.seconds((performance.now() - started) / 1000);
    const due = performance.now() - savedAt >= settings.checkpoint_secs * 1000;
    if (due || heldMessages >= MESSAGES_A_CHECKPOINT || held.length >= DELIVERIES_IN_FLIGHT) await save();
  }

  /** Makes everything so far durable, then acknowledges. On failure all of it is kept for the next try. */
  async function save(): Promise<void> {
    const { alerts, findings, sendings, suppressed, actions } = unsaved;
    let staged: ReturnType<typeof queue.stage> = [];
    await state.transaction(() => {
      checkpoint.save(watch.state, watch.touched, offsets);
      outbox.stage(alerts, findings);
      outbox.note(
        suppressed.map(({ alert, muted }) =>
          noteOf(`${alert.alert_id}:${alert.revision}`, '*', 'muted', `${muted.reason}: ${muted.by}`),
        ),
      );
      checkpoint.saveGroups(dispatch);
      people.save(actions);
      staged = sendings.flatMap(queue.stage);
    });
    dispatch.touched.clear();
    for (const { muted } of suppressed) metrics.skipped(muted.reason);
    clearTouched(watch.touched);
    unsaved = nothing();
    queue.accept(staged);
    metrics.out(alerts.length);
    savedAt = performance.now();
    for (const alert of alerts) log.debug(`${alert.state} ${alert.severity}: ${alert.summary.en}`);
    // One that can't be acknowledged stays held, and those after it: the next save tries again.
    for (let first = held[0]; first !== undefined; first = held[0]) {
      const { delivery, dead } = first;
      await delivery.acknowledge(
        dead.length === 0 ? [] : [{ topic: deadLetterTopic(TOPICS.opinions), messages: dead }],
      );
      held.shift();
      heldMessages -= delivery.messages.length;
    }
  }

  const drain = (): Promise<void> => outbox.drain((alert: Alert) => deps.onAlert?.(alert));

  async function tick(elapsedMs: number): Promise<void> {
    const upstream = await stream.lag(UPSTREAM.topic, UPSTREAM.group);
    const own = await stream.lag(TOPICS.opinions, GROUP);
    metrics.lag(own.seconds);
    const caughtUp = own.messages === heldMessages;
    if (caughtUp && upstream.messages === 0) passQuietly(watch.state.lanes, elapsedMs);
    if (performance.now() - heardAt >= HEAR_PEOPLE_MS) {
      heardAt = performance.now();
      await hearPeople();
    }
    advance();
    const { alerts, findings, sendings, suppressed, actions } = unsaved;
    const waits =
      held.length + alerts.length + findings.length + sendings.length + suppressed.length + actions.length > 0;
    if (waits && (caughtUp || performance.now() - savedAt >= settings.checkpoint_secs * 1000)) await save();
    await drain();
  }

  /** Runs `work` again and again until the stop; a failure is said, counted and tried again. */
  async function persist(what: string, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toTidewatchError(thrown);
        metrics.error(error.code);
        log.error(`${what}: ${error.message}; trying again in ${RETRY_MS / 1000} s`);
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async function read(): Promise<void> {
    // Deliveries of an earlier reader can't be acknowledged any more; they come again and are known by their offsets.
    await inTurn(async () => {
      held = [];
      heldMessages = 0;
    });
    const options = {
      maxMessages: MESSAGES_A_DELIVERY,
      maxWaitMs: 50,
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
    removeWithin(unsaved, removals);
    await save();
    await reviewState(state, removals, { remove: true });
  }

  async function tellOfSource(alert: Alert): Promise<void> {
    keep({ alerts: [alert], findings: [] });
    await save();
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
      await inTurn(hearPeople);
      queue.start();
      running = Promise.all([
        persist('Reading opinions', read),
        persist('Watching', tickAll),
        persist('Hearing of sources', () =>
          readSourceNews(stream, state, GROUP, signal, (alert) => inTurn(() => tellOfSource(alert))),
        ),
        persist('Hearing removals', () => readRemovals(stream, signal, (removals) => inTurn(() => forget(removals)))),
      ]);
    },
    async stop() {
      stopping.abort(new Error('Alerting is stopping.'));
      await running;
      await queue.stop();
      for (const notifier of notifiers.values()) await notifier.close?.();
      await inTurn(save);
      await drain().catch((error: unknown) => {
        log.warn(`${toTidewatchError(error).message}; alert rows wait on disk for the next start`);
      });
    },
    flush: () =>
      inTurn(async () => {
        const newest = Math.max(...[...watch.state.lanes.values()].map((lane) => lane.newest ?? -Infinity));
        const { bucketMs, windowMs } = rules.window;
        const settled = newest + windowMs + rules.lifecycle.keepFiringMs + 2 * bucketMs;
        if (Number.isFinite(newest)) keep(watch.advance(settled));
        const { group_wait_secs: wait, group_interval_secs: interval } = settings;
        dispatchUntil(dispatchTime((watch.state.closed ?? 0) + (wait + interval) * 1000));
        await save();
        await drain();
      }),
  };
}
