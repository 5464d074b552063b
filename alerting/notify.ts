/**
 * The queue of notifications, on disk. An entry is written in the same transaction as the account of who was told what
 * (dispatch.ts), so a crash neither loses nor doubles it; it goes when the other side has it. Notifiers do not wait for each
 * other: each has a worker of its own (notify_worker.ts). What becomes of a try is said in notify_outcome.ts, what lies on disk in
 * notify_entries.ts.
 */
import type { Sending } from './dispatch.ts';
import type { NotifyContext, NotifyRules } from './notify_context.ts';
import { openEntries, type Entry } from './notify_entries.ts';
import { createOutcomes } from './notify_outcome.ts';
import { keepTelling } from './notify_worker.ts';
import type { Notifier } from './notifier.ts';

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

export function createNotifyQueue(
  notifiers: ReadonlyMap<string, Notifier>,
  rules: NotifyRules,
  context: NotifyContext,
): NotifyQueue {
  const { state, clock, signal } = context;
  const entries = openEntries(context);
  const { dead, waiting } = entries;
  const outcomes = createOutcomes(entries, rules, context);
  const stopping = new AbortController();
  const ended = (): boolean => stopping.signal.aborted || signal.aborted;
  const wakers = new Set<() => void>();
  const worker = { ...context, entries, outcomes, ended, idle };
  let workers: Promise<void>[] = [];

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

  /** A repeat says nothing that a message still waiting for the same group does not say. */
  function isSaid({ notifier, notification }: Sending): boolean {
    if (notification.kind !== 'repeat') return false;
    const { key } = notification.group;
    return [...waiting.values()].some((entry) => entry.notifier === notifier && entry.group === key);
  }

  function accept(staged: readonly Entry[]): void {
    for (const entry of staged) waiting.set(entry.key, entry);
    if (staged.length > 0) wakeAll();
  }

  signal.addEventListener('abort', wakeAll, { once: true });

  return {
    stage: (sending) => (isSaid(sending) ? [] : [entries.put(sending.notifier, sending.notification)]),
    accept,
    start() {
      for (const entry of waiting.values()) {
        if (notifiers.has(entry.notifier)) continue;
        void outcomes
          .bury(entry, 'notify.rejected', `No notifier is named ${entry.notifier} any more`)
          .catch(() => undefined);
      }
      workers = [...notifiers].map(([name, notifier]) => keepTelling(name, notifier, worker));
    },
    async stop() {
      stopping.abort();
      wakeAll();
      await Promise.all(workers);
    },
    waiting: () => waiting.size,
    async replay(id) {
      const found = [...dead.entries()].filter(
        ({ value }) => (id === '*' || value.notification.id === id) && notifiers.has(value.notifier),
      );
      let staged: Entry[] = [];
      await state.transaction(() => {
        staged = found.map(({ key, value }) => {
          void dead.remove(key);
          return entries.put(value.notifier, value.notification, value.owed);
        });
      });
      accept(staged);
      return staged.length;
    },
  };
}
