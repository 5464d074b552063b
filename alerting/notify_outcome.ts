/**
 * What becomes of a try to tell: off the queue, back to it with a longer wait, or among the dead letters with its reason. Waits grow
 * exponentially with equal jitter (Brooker, "Exponential backoff and jitter", AWS 2015) and are never shorter than a Retry-After.
 * What is refused for good, or too often, or for too long, is given up; it can be sent again (NotifyQueue.replay), but for a refresh. Each
 * outcome is one transaction with its record, so that a crash neither loses nor doubles it. It goes by the entry as it lies on disk by
 * then, not as it was sent: what was taken back meanwhile stays out.
 */
import type { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { NotifyContext, NotifyRules } from './notify_context.ts';
import { withItems } from './notification.ts';
import type { PutOff } from './notifier.ts';
import type { Entries, Entry, Queued } from './notify_entries.ts';

export interface Outcomes {
  /** What became of the items of a message, and whether it was a refresh. */
  settle(entry: Entry, queued: Queued, told: Told, isRefresh: boolean): Promise<void>;
  /** Not sent. */
  failed(entry: Entry, error: TidewatchError, isRefresh: boolean): Promise<void>;
  /** Gives it up. */
  bury(entry: Entry, code: string, reason: string): Promise<void>;
}

export interface Told {
  /** Sent by this process. */
  readonly sent: readonly string[];
  /** Claimed by another, which has not said that it sent them. */
  readonly held: readonly string[];
  /** Receivers that did not get what was sent. */
  readonly putOff: PutOff | null;
}

export const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60_000;
/** Who is put off is not there for minutes: a greylist lets nobody in before (RFC 6647, 5), a full mailbox is not emptied sooner. */
const SHORTEST_OWED_DELAY_MS = 60_000;

export function createOutcomes(
  { queued: table, dead, waiting, put }: Entries,
  rules: NotifyRules,
  { state, clock, uptime, log, metrics, random = Math.random, record }: NotifyContext,
): Outcomes {
  /** Groups of which the last message was a refresh that was given up: said once, not at each refresh. */
  const unrefreshed = new Set<string>();
  const groupOf = ({ notifier, group }: Entry): string => `${notifier}\n${group}`;

  async function bury(entry: Entry, code: string, reason: string): Promise<void> {
    await state.transaction(() => {
      const queued = table.get(entry.key);
      if (queued !== undefined) {
        const { notifier, notification, owed } = queued;
        const { attempts } = entry;
        const letter = { notifier, notification, attempts, code, reason, at: isoTime(clock.now()) };
        void dead.put(entry.key, owed === undefined ? letter : { ...letter, owed });
        record?.({ notifier, notification, status: 'failed', reason });
      }
      void table.remove(entry.key);
    });
    waiting.delete(entry.key);
    unrefreshed.delete(groupOf(entry));
    metrics.error(code);
    log.error(`Gave up telling ${entry.notifier} of ${entry.id}: ${reason}`);
  }

  /** Gives a refresh up for good: the next one says all of it, and sent again later it would raise what has ended. */
  async function letGo(entry: Entry, code: string, reason: string): Promise<void> {
    await table.remove(entry.key);
    waiting.delete(entry.key);
    metrics.error(code);
    const group = groupOf(entry);
    if (unrefreshed.has(group)) return;
    unrefreshed.add(group);
    log.warn(`${entry.notifier} is not kept told of ${entry.id}: ${reason}; further ones are counted, not logged`);
  }

  /**
   * Takes what was sent off the queue. What another process has claimed and not sent stays: it may have died. Who was put off is owed
   * it by an entry of their own from the same moment on, so that a crash makes nobody of them miss it and nobody else get it again.
   */
  async function settle(entry: Entry, queued: Queued, told: Told, isRefresh: boolean): Promise<void> {
    const { sent, held, putOff } = told;
    const { notifier, notification } = queued;
    if (queued.owed !== undefined) return settleOwed(entry, queued, putOff);
    if (sent.length === 0 && held.length === notification.items.length) return;
    const dealtWith = sent.length + held.length;
    if (dealtWith < notification.items.length)
      metrics.skipped('told_by_another', notification.items.length - dealtWith);
    let owing: Entry[] = [];
    await state.transaction(() => {
      const left = table.get(entry.key);
      const isOwed = putOff !== null && left !== undefined;
      owing = isOwed ? [put(notifier, withItems(left.notification, sent), putOff.receivers)] : [];
      if (held.length === 0 || left === undefined) void table.remove(entry.key);
      else void table.put(entry.key, { ...left, notification: withItems(left.notification, held) });
      if (sent.length > 0 && !isRefresh) {
        record?.({ notifier, notification: withItems(notification, sent), status: 'sent', reason: '' });
      }
    });
    if (held.length === 0) waiting.delete(entry.key);
    if (sent.length > 0) unrefreshed.delete(groupOf(entry));
    for (const one of owing) {
      waiting.set(one.key, one);
      if (putOff !== null) await failed(one, putOff.error, false);
    }
  }

  /** Recorded as sent once more: it may have been given up, and sent again by hand. */
  async function settleOwed(entry: Entry, { notifier, notification }: Queued, putOff: PutOff | null): Promise<void> {
    if (putOff === null) {
      await state.transaction(() => {
        void table.remove(entry.key);
        record?.({ notifier, notification, status: 'sent', reason: '' });
      });
      waiting.delete(entry.key);
      return;
    }
    const left = table.get(entry.key);
    if (left !== undefined) await table.put(entry.key, { ...left, owed: putOff.receivers });
    await failed(entry, putOff.error, false);
  }

  async function failed(entry: Entry, error: TidewatchError, isRefresh: boolean): Promise<void> {
    const giveUp = isRefresh ? letGo : bury;
    entry.attempts += 1;
    if (!error.retryable) return giveUp(entry, error.code, error.message);
    const now = clock.now();
    const queued = table.get(entry.key);
    const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (entry.attempts - 1));
    const least = queued?.owed === undefined ? 0 : SHORTEST_OWED_DELAY_MS;
    const delay = Math.max(error.retryAfterMs ?? 0, least, full / 2 + (random() * full) / 2);
    if (entry.attempts >= rules.maxAttempts || now + delay - entry.firstAt > rules.giveUpMs) {
      return giveUp(entry, error.code, `${error.message}; given up after ${entry.attempts} tries`);
    }
    entry.dueAt = uptime() + delay;
    if (queued !== undefined) await table.put(entry.key, { ...queued, attempts: entry.attempts, nextAt: now + delay });
    metrics.error(error.code);
    log.warn(`${error.message}; ${entry.id} is sent again in ${Math.ceil(delay / 1000)} s`);
  }

  return { settle, failed, bury };
}
