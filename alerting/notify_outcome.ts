/**
 * What becomes of a try to tell: off the queue, back to it with a longer wait, or among the dead letters with its reason. Waits grow
 * exponentially with equal jitter (Brooker, "Exponential backoff and jitter", AWS 2015) and are never shorter than a Retry-After.
 * What is refused for good, or too often, or for too long, is given up; it can be sent again (NotifyQueue.replay). Each outcome is one
 * transaction with its record, so that a crash neither loses nor doubles it.
 */
import type { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { NotifyContext, NotifyRules } from './notify_context.ts';
import { withItems } from './notification.ts';
import type { Entries, Entry, Queued } from './notify_entries.ts';

export interface Outcomes {
  /** Sent by this process (`sent`), or claimed by another that has not said that it sent them (`held`): items of the message. */
  settle(
    entry: Entry,
    queued: Queued,
    sent: readonly string[],
    held: readonly string[],
    isRefresh: boolean,
  ): Promise<void>;
  /** Not sent. */
  failed(entry: Entry, queued: Queued, error: TidewatchError): Promise<void>;
  /** Gives it up. */
  bury(entry: Entry, code: string, reason: string): Promise<void>;
}

export const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60_000;

export function createOutcomes(
  { queued: table, dead, waiting }: Entries,
  rules: NotifyRules,
  { state, clock, log, metrics, random = Math.random, record }: NotifyContext,
): Outcomes {
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
    waiting.delete(entry.key);
    metrics.error(code);
    log.error(`Gave up telling ${entry.notifier} of ${entry.id}: ${reason}`);
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
    if (held.length === 0) waiting.delete(entry.key);
  }

  async function failed(entry: Entry, queued: Queued, error: TidewatchError): Promise<void> {
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

  return { settle, failed, bury };
}
