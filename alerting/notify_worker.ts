/**
 * One notifier's worker: takes the first message of the group that is due first, sends it at the notifier's pace, and hands what came
 * of it on. One group's messages go out in their order; groups do not wait for each other. Where several processes share a store, what
 * is to be sent is claimed before (claims.ts). Waits are of real time, also in a replay: the other side lives now.
 */
import { toTidewatchError } from '../core/errors.ts';
import type { NotifyContext } from './notify_context.ts';
import { withItems } from './notification.ts';
import type { Entries, Entry } from './notify_entries.ts';
import { FIRST_DELAY_MS, type Outcomes } from './notify_outcome.ts';
import type { Notifier, PutOff } from './notifier.ts';
import { createPace, type Pace } from './pace.ts';

export interface WorkerDeps extends NotifyContext {
  readonly entries: Entries;
  readonly outcomes: Outcomes;
  readonly ended: () => boolean;
  /** Waits so long, or until there is something new, or the end. */
  readonly idle: (ms: number) => Promise<void>;
}

const LONGEST_SLEEP_MS = 60_000;

/** Resolves when `ended` says so. */
export async function keepTelling(
  name: string,
  notifier: Notifier,
  { uptime, log, metrics, claims = null, entries: { queued: table, waiting }, outcomes, ended, idle }: WorkerDeps,
): Promise<void> {
  /** The first message of each group that waits here; the earliest due one, or null. */
  function next(): Entry | null {
    const heads = new Map<string, Entry>();
    for (const entry of waiting.values()) {
      if (entry.notifier !== name) continue;
      const head = heads.get(entry.group);
      if (head === undefined || entry.key < head.key) heads.set(entry.group, entry);
    }
    let first: Entry | null = null;
    for (const head of heads.values()) if (first === null || head.dueAt < first.dueAt) first = head;
    return first;
  }

  async function work(pace: Pace): Promise<void> {
    // Where the other side asked to be left alone, all of its entries wait.
    let heldUntil = 0;
    while (!ended()) {
      const entry = next();
      const dueAt = entry === null ? Infinity : Math.max(entry.dueAt, heldUntil, pace.freeAt());
      const delay = dueAt - uptime();
      if (entry === null || delay > 0) {
        await idle(Math.min(delay, LONGEST_SLEEP_MS));
        continue;
      }
      const queued = table.get(entry.key);
      if (queued === undefined) {
        waiting.delete(entry.key);
        continue;
      }
      const { notification, owed } = queued;
      // Keeping alive what fires harms nobody twice.
      const isRefresh = notification.kind === 'repeat' && notifier.refreshMs !== undefined;
      try {
        const all = notification.items;
        // What is owed was claimed, and said to be sent, by this process when the others were told.
        const claiming = isRefresh || owed !== undefined ? null : claims;
        const claim = await claiming?.take(name, all);
        const { mine, held, againMs } = claim ?? { mine: all, held: [], againMs: 0 };
        let putOff: PutOff | null = null;
        if (mine.length > 0) {
          pace.note(uptime());
          const sending = mine.length === all.length ? notification : withItems(notification, mine);
          putOff = (await notifier.send(sending, owed)) ?? null;
        }
        const told = { sent: mine, held, putOff };
        // What is owed is on disk before others hear that it was sent: who is killed in between tells twice, and leaves nobody out.
        if (putOff !== null) await outcomes.settle(entry, queued, told, isRefresh);
        if (mine.length > 0) await claiming?.sent(name, mine);
        if (putOff === null) await outcomes.settle(entry, queued, told, isRefresh);
        if (held.length > 0) entry.dueAt = uptime() + againMs;
      } catch (thrown) {
        if (ended()) return;
        const error = toTidewatchError(thrown, 'notify.unavailable');
        if (error.retryAfterMs !== undefined) {
          heldUntil = uptime() + error.retryAfterMs;
          const secs = Math.ceil(error.retryAfterMs / 1000);
          log.warn(`${name} asks to be left alone for ${secs} s: all that is meant for it waits`);
        }
        await outcomes.failed(entry, error, isRefresh);
      }
    }
  }

  /** A disk that cannot be written ends a worker's turn, not the worker: entries are still there. */
  const pace = createPace(notifier.pace);
  while (!ended()) {
    try {
      await work(pace);
    } catch (thrown) {
      const error = toTidewatchError(thrown, 'storage.unavailable');
      metrics.error(error.code);
      log.error(`The notification queue of ${name}: ${error.message}`);
      await idle(FIRST_DELAY_MS * 5);
    }
  }
}
