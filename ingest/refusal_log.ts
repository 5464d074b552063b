/**
 * Says that a source brings input that is no document: its first one at once, then at the 10th, the 100th and so on, so
 * that a file of a million broken lines writes a handful. Each of them is in the dead letters with its reason anyway.
 * Rejected: a line a minute (a replay's clock is not the reader's).
 */
import type { Logger } from '../core/log.ts';

/** `reasons`: why each of a feed's newly refused inputs was refused, in order. */
export type RefusalLog = (feed: string, reasons: readonly string[]) => void;

export function createRefusalLog(log: Logger): RefusalLog {
  const counts = new Map<string, number>();
  return (feed, reasons) => {
    const before = counts.get(feed) ?? 0;
    const now = before + reasons.length;
    counts.set(feed, now);
    const isMilestone = before === 0 || String(now).length > String(before).length;
    if (reasons.length === 0 || !isMilestone) return;
    const count = now === 1 ? 'one input is no document' : `${now} inputs so far are no documents`;
    log.warn(`${feed}: ${count} and went to the dead letters, such as: ${reasons[0] ?? ''}`);
  };
}
