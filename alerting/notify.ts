/**
 * The queue of notifications, on disk. An entry is written in the same transaction as the account of who was told what
 * (dispatch.ts), so a crash neither loses nor doubles it; it goes when the other side has it. One group's messages reach a
 * notifier in their order; groups do not wait for each other, notifiers neither.
 *
 * Tries are repeated with exponential back-off and equal jitter (Brooker, "Exponential backoff and jitter", AWS 2015),
 * never before a Retry-After has passed, and never faster than the notifier's pace. What is refused for good, or too
 * often, or for too long, goes to the dead letters (table notify.dead) with its reason, and can be sent again (replay).
 * Time is the machine's clock, also in a replay: the other side lives now.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError, type TidewatchError } from '../core/errors.ts';
import { alertSchema, isoTime } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import type { Claims } from './claims.ts';
import type { Sending } from './dispatch.ts';
import { leadOf, notificationOf, withItems, type Notification } from './notification.ts';
import type { Notifier } from './notifier.ts';
import { createPace, type Pace } from './pace.ts';

export interface NotifyRules {
  readonly maxAttempts: number;
  readonly giveUpMs: number;
}

/** What became of a notification. */
export interface Delivered {
  readonly notifier: string;
  readonly notification: Notification;
  readonly status: 'sent' | 'failed';
  readonly reason: string;
}

export interface NotifyContext {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Aborts when the process is asked to stop: a try that this cuts short is no failure. */
  readonly signal: AbortSignal;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Settles who tells, where several processes share a store; null where this one is alone. */
  readonly claims?: Claims | null;
  /** Writes down what became of one; called within the transaction that takes it off the queue. */
  readonly record?: (delivered: Delivered) => void;
}

interface Queued {
  readonly notifier: string;
  readonly notification: Notification;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly nextAt: number;
}

/** A notification that was given up, as the table notify.dead holds it. */
export interface DeadNotification {
  readonly notifier: string;
  readonly notification: Notification;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
}

/** An entry as the workers see it: the message itself stays on disk until it is sent. */
interface Entry {
  readonly key: string;
  readonly notifier: string;
  readonly group: string;
  /** What it tells, for the log. */
  readonly id: string;
  attempts: number;
  readonly firstAt: number;
  nextAt: number;
}

export interface NotifyQueue {
  /** Writes one entry. Call within State.transaction, and pass the result to `accept` when it has resolved. */
  stage(sending: Sending): readonly Entry[];
  accept(entries: readonly Entry[]): void;
  start(): void;
  /** Ends the workers; what was not sent stays queued. */
  stop(): Promise<void>;
  /** Entries that wait. */
  waiting(): number;
  /** Puts given-up notifications back: the one of that id, or all for "*". Resolves to how many. */
  replay(id: string): Promise<number>;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60_000;
const LONGEST_SLEEP_MS = 60_000;

export function createNotifyQueue(
  notifiers: ReadonlyMap<string, Notifier>,
  rules: NotifyRules,
  { state, clock, log, metrics, signal, random = Math.random, claims = null, record }: NotifyContext,
): NotifyQueue {
  const table = state.table<Queued>('notify.queue');
  const dead = state.table<DeadNotification>('notify.dead');
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  const ended = (): boolean => stopping.signal.aborted || signal.aborted;
  const wakers = new Set<() => void>();
  let workers: Promise<void>[] = [];
  let sequence = 0;

  adoptOldEntries(state);
  for (const { key, value } of table.entries()) entries.set(key, entryOf(key, value));
  // Also past those of the dead letters, whose keys are theirs from the queue.
  for (const { key } of [...table.entries(), ...dead.entries()]) {
    sequence = Math.max(sequence, Number(key.slice(key.indexOf('\n') + 1)) + 1);
  }

  async function bury(entry: Entry, code: string, reason: string): Promise<void> {
    const queued = table.get(entry.key);
    await state.transaction(() => {
      if (queued !== undefined) {
        const { notifier, notification } = queued;
        const { attempts } = entry;
        void dead.put(entry.key, { notifier, notification, attempts, code, reason, at: isoTime(clock.now()) });
        record?.({ notifier, notification, status: 'failed', reason });
      }
      void table.remove(entry.key);
    });
    entries.delete(entry.key);
    metrics.error(code);
    log.error(`Gave up telling ${entry.notifier} of ${entry.id}: ${reason}`);
  }

  /** The first message of each group that waits for this notifier; the earliest due one, or null. */
  function next(notifier: string): Entry | null {
    const heads = new Map<string, Entry>();
    for (const entry of entries.values()) {
      if (entry.notifier !== notifier) continue;
      const head = heads.get(entry.group);
      if (head === undefined || entry.key < head.key) heads.set(entry.group, entry);
    }
    let first: Entry | null = null;
    for (const head of heads.values()) if (first === null || head.nextAt < first.nextAt) first = head;
    return first;
  }

  async function work(name: string, notifier: Notifier, pace: Pace): Promise<void> {
    // Where the other side asked to be left alone, all of its entries wait.
    let heldUntil = 0;
    while (!ended()) {
      const entry = next(name);
      const dueAt = entry === null ? Infinity : Math.max(entry.nextAt, heldUntil, pace.freeAt());
      const delay = dueAt - clock.now();
      if (entry === null || delay > 0) {
        await idle(Math.min(delay, LONGEST_SLEEP_MS));
        continue;
      }
      const queued = table.get(entry.key);
      if (queued === undefined) {
        entries.delete(entry.key);
        continue;
      }
      try {
        const { notification } = queued;
        const all = notification.items;
        // Keeping alive what fires harms nobody twice.
        const isRefresh = notification.kind === 'repeat' && notifier.refreshMs !== undefined;
        const claim = isRefresh ? null : await claims?.take(name, all);
        const { mine, held, againMs } = claim ?? { mine: all, held: [], againMs: 0 };
        if (mine.length > 0) {
          pace.note(clock.now());
          await notifier.send(mine.length === all.length ? notification : withItems(notification, mine));
          if (!isRefresh) await claims?.sent(name, mine);
        }
        await settle(entry, queued, mine, held, isRefresh);
        entry.nextAt = clock.now() + againMs;
      } catch (thrown) {
        if (ended()) return;
        const error = toTidewatchError(thrown, 'notify.unavailable');
        if (error.retryAfterMs !== undefined) heldUntil = clock.now() + error.retryAfterMs;
        await later(entry, queued, error);
      }
    }
  }

  /** Takes what was sent off the queue. What another process has claimed and not sent stays: it may have died. */
  async function settle(
    entry: Entry,
    queued: Queued,
    sent: readonly string[],
    held: readonly string[],
    isRefresh: boolean,
  ): Promise<void> {
    const { notifier, notification } = queued;
    if (sent.length === 0 && held.length === notification.items.length) return;
    const told = sent.length + held.length;
    if (told < notification.items.length) metrics.skipped('told_by_another', notification.items.length - told);
    await state.transaction(() => {
      if (held.length === 0) void table.remove(entry.key);
      else void table.put(entry.key, { ...queued, notification: withItems(notification, held) });
      if (sent.length > 0 && !isRefresh) {
        record?.({ notifier, notification: withItems(notification, sent), status: 'sent', reason: '' });
      }
    });
    if (held.length === 0) entries.delete(entry.key);
  }

  async function later(entry: Entry, queued: Queued, error: TidewatchError): Promise<void> {
    entry.attempts += 1;
    if (!error.retryable) return bury(entry, error.code, error.message);
    const now = clock.now();
    const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (entry.attempts - 1));
    const delay = Math.max(error.retryAfterMs ?? 0, full / 2 + (random() * full) / 2);
    if (entry.attempts >= rules.maxAttempts || now + delay - entry.firstAt > rules.giveUpMs) {
      return bury(entry, error.code, `${error.message}; given up after ${entry.attempts} tries`);
    }
    entry.nextAt = now + delay;
    await table.put(entry.key, { ...queued, attempts: entry.attempts, nextAt: entry.nextAt });
    metrics.error(error.code);
    log.warn(`${error.message}; ${entry.id} is sent again in ${Math.ceil(delay / 1000)} s`);
  }

  async function idle(ms: number): Promise<void> {
    if (ended()) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    wakers.add(wake);
    await clock.sleep(ms, woken.signal).catch(() => undefined);
    wakers.delete(wake);
  }

  function wakeAll(): void {
    for (const wake of wakers) wake();
  }

  /** A disk that cannot be written ends a worker's turn, not the worker: entries are still there. */
  async function keepWorking(name: string, notifier: Notifier): Promise<void> {
    const pace = createPace(notifier.pace);
    while (!ended()) {
      try {
        await work(name, notifier, pace);
      } catch (thrown) {
        const error = toTidewatchError(thrown, 'storage.unavailable');
        metrics.error(error.code);
        log.error(`The notification queue of ${name}: ${error.message}`);
        await idle(FIRST_DELAY_MS * 5);
      }
    }
  }

  /** A repeat says nothing that a message still waiting for the same group does not say. */
  function isSaid({ notifier, notification }: Sending): boolean {
    if (notification.kind !== 'repeat') return false;
    const { key } = notification.group;
    return [...entries.values()].some((entry) => entry.notifier === notifier && entry.group === key);
  }

  function put(notifier: string, notification: Notification): Entry {
    const now = clock.now();
    const key = `${notifier}\n${String(sequence).padStart(15, '0')}`;
    sequence += 1;
    const queued: Queued = { notifier, notification, attempts: 0, firstAt: now, nextAt: now };
    void table.put(key, queued);
    return entryOf(key, queued);
  }

  function accept(staged: readonly Entry[]): void {
    for (const entry of staged) entries.set(entry.key, entry);
    if (staged.length > 0) wakeAll();
  }

  signal.addEventListener('abort', wakeAll, { once: true });

  return {
    stage: (sending) => (isSaid(sending) ? [] : [put(sending.notifier, sending.notification)]),
    accept,
    start() {
      for (const entry of entries.values()) {
        if (notifiers.has(entry.notifier)) continue;
        void bury(entry, 'notify.rejected', `No notifier is named ${entry.notifier} any more`).catch(() => undefined);
      }
      workers = [...notifiers].map(([name, notifier]) => keepWorking(name, notifier));
    },
    async stop() {
      stopping.abort();
      wakeAll();
      await Promise.all(workers);
    },
    waiting: () => entries.size,
    async replay(id) {
      const found = [...dead.entries()].filter(
        ({ value }) => (id === '*' || value.notification.id === id) && notifiers.has(value.notifier),
      );
      let staged: Entry[] = [];
      await state.transaction(() => {
        staged = found.map(({ key, value }) => {
          void dead.remove(key);
          return put(value.notifier, value.notification);
        });
      });
      accept(staged);
      return staged.length;
    },
  };
}

/** Entries of 0.1.0 held one alert; they become messages of that alert, under keys that keep their order. */
function adoptOldEntries(state: State): void {
  for (const name of ['notify.queue', 'notify.dead']) {
    const table = state.table<Record<string, unknown>>(name);
    let sequence = 0;
    // Listed first: the loop changes the table.
    for (const { key, value } of Array.from(table.entries())) {
      if (value['notification'] !== undefined) continue;
      const { alert, ...rest } = value;
      const parsed = alertSchema.safeParse(alert);
      void table.remove(key);
      if (!parsed.success) continue;
      const group = { key: parsed.data.alert_id, labels: {} };
      const notification = notificationOf({ kind: 'news', group, told: [parsed.data], others: [], repeats: 0 });
      void table.put(`${String(rest['notifier'])}\n${String(sequence).padStart(15, '0')}`, { ...rest, notification });
      sequence += 1;
    }
  }
}

function entryOf(key: string, { notifier, notification, attempts, firstAt, nextAt }: Queued): Entry {
  const { name } = leadOf(notification);
  const id = `${name} [${notification.id}]`;
  return { key, notifier, group: notification.group.key, id, attempts, firstAt, nextAt };
}
