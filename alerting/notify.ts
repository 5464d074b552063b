/**
 * The queue of notifications, on disk. An entry is written in the same transaction as the change that it tells of, under
 * the key notifier, alert_id, revision, so a crash neither loses nor doubles it; it goes when the other side has it. One
 * alert's changes reach a notifier in their order; alerts do not wait for each other, notifiers neither.
 *
 * Tries are repeated with exponential back-off and equal jitter (Brooker, "Exponential backoff and jitter", AWS 2015),
 * never before a Retry-After has passed. What is refused for good, or too often, or for too long, goes to the dead
 * letters (table notify.dead) with its reason. Time is the machine's clock, also in a replay: the other side lives now.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError, type TidewatchError } from '../core/errors.ts';
import { isoTime, type Alert } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import type { Notifier } from './notifier.ts';

export interface NotifyRules {
  readonly maxAttempts: number;
  readonly giveUpMs: number;
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
}

interface Queued {
  readonly notifier: string;
  readonly alert: Alert;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly nextAt: number;
}

/** A notification that was given up, as the table notify.dead holds it. */
export interface DeadNotification {
  readonly notifier: string;
  readonly alert: Alert;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
}

/** An entry as the workers see it: the alert itself stays on disk until it is sent. */
interface Entry {
  readonly key: string;
  readonly notifier: string;
  readonly alertId: string;
  readonly revision: number;
  attempts: number;
  readonly firstAt: number;
  nextAt: number;
}

export interface NotifyQueue {
  /** Writes one entry a notifier. Call within State.transaction, and pass the result to `accept` when it has resolved. */
  stage(alert: Alert): readonly Entry[];
  accept(entries: readonly Entry[]): void;
  start(): void;
  /** Ends the workers; what was not sent stays queued. */
  stop(): Promise<void>;
  /** Entries that wait. */
  waiting(): number;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60_000;
const LONGEST_SLEEP_MS = 60_000;

export function createNotifyQueue(
  notifiers: ReadonlyMap<string, Notifier>,
  rules: NotifyRules,
  { state, clock, log, metrics, signal, random = Math.random }: NotifyContext,
): NotifyQueue {
  const table = state.table<Queued>('notify.queue');
  const dead = state.table<DeadNotification>('notify.dead');
  const entries = new Map<string, Entry>();
  const stopping = new AbortController();
  const ended = (): boolean => stopping.signal.aborted || signal.aborted;
  const wakers = new Set<() => void>();
  let workers: Promise<void>[] = [];

  for (const { key, value } of table.entries()) entries.set(key, entryOf(key, value));

  async function bury(entry: Entry, code: string, reason: string): Promise<void> {
    const queued = table.get(entry.key);
    await state.transaction(() => {
      if (queued !== undefined) {
        const { notifier, alert } = queued;
        const { attempts } = entry;
        void dead.put(entry.key, { notifier, alert, attempts, code, reason, at: isoTime(clock.now()) });
      }
      void table.remove(entry.key);
    });
    entries.delete(entry.key);
    metrics.error(code);
    log.error(`Gave up telling ${entry.notifier} of alert ${entry.alertId}:${entry.revision}: ${reason}`);
  }

  /** The first change of each alert that waits for this notifier; the earliest due one, or null. */
  function next(notifier: string): Entry | null {
    const heads = new Map<string, Entry>();
    for (const entry of entries.values()) {
      if (entry.notifier !== notifier) continue;
      const head = heads.get(entry.alertId);
      if (head === undefined || entry.revision < head.revision) heads.set(entry.alertId, entry);
    }
    let first: Entry | null = null;
    for (const head of heads.values()) if (first === null || head.nextAt < first.nextAt) first = head;
    return first;
  }

  async function work(name: string, notifier: Notifier): Promise<void> {
    // Where the other side asked to be left alone, all of its entries wait.
    let heldUntil = 0;
    while (!ended()) {
      const entry = next(name);
      const dueAt = entry === null ? Infinity : Math.max(entry.nextAt, heldUntil);
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
        await notifier.send(queued.alert);
      } catch (thrown) {
        if (ended()) return;
        const error = toTidewatchError(thrown, 'notify.unavailable');
        if (error.retryAfterMs !== undefined) heldUntil = clock.now() + error.retryAfterMs;
        await later(entry, queued, error);
        continue;
      }
      await table.remove(entry.key);
      entries.delete(entry.key);
    }
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
    log.warn(
      `${error.message}; alert ${entry.alertId}:${entry.revision} is sent again in ${Math.ceil(delay / 1000)} s`,
    );
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
    while (!ended()) {
      try {
        await work(name, notifier);
      } catch (thrown) {
        const error = toTidewatchError(thrown, 'storage.unavailable');
        metrics.error(error.code);
        log.error(`The notification queue of ${name}: ${error.message}`);
        await idle(FIRST_DELAY_MS * 5);
      }
    }
  }

  signal.addEventListener('abort', wakeAll, { once: true });

  return {
    stage(alert) {
      const now = clock.now();
      return [...notifiers.keys()].map((notifier) => {
        const key = `${notifier}\n${alert.alert_id}:${String(alert.revision).padStart(6, '0')}`;
        const queued: Queued = { notifier, alert, attempts: 0, firstAt: now, nextAt: now };
        void table.put(key, queued);
        return entryOf(key, queued);
      });
    },
    accept(staged) {
      for (const entry of staged) entries.set(entry.key, entry);
      if (staged.length > 0) wakeAll();
    },
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
  };
}

function entryOf(key: string, { notifier, alert, attempts, firstAt, nextAt }: Queued): Entry {
  return { key, notifier, alertId: alert.alert_id, revision: alert.revision, attempts, firstAt, nextAt };
}
