/**
 * Which documents of a feed a run takes, and what time it can then be asked about. Where the feed goes on beyond --from or --to, that
 * is the end of it; where the feed begins or ends within, it is its first day or last document: of a year that the feed does
 * not cover no event was missed. A day's events are dated at its midnight, so the first day counts as a whole.
 */
import { isoTime } from '../core/event.ts';

const DAY_MS = 86_400_000;

/** Weeks of a period, by which alerts a week are counted; a day at least, so that one afternoon makes no rate. Epoch milliseconds. */
export function weeksOf(from: number, to: number): number {
  return Math.max(1, (to - from) / DAY_MS) / 7;
}

/** @param from epoch milliseconds: documents published in [from, to) are taken */
export function createPeriod(from: number, to: number) {
  let [documents, first, last] = [0, Infinity, -Infinity];
  let [isBefore, isBehind] = [false, false];
  return {
    /** Whether a document of that time is taken. */
    admits(time: number): boolean {
      if (time < from) isBefore = true;
      if (time >= to) isBehind = true;
      if (time < from || time >= to) return false;
      documents += 1;
      first = Math.min(first, time);
      last = Math.max(last, time);
      return true;
    },
    admitted: () => ({ documents, first, last }),
    /** The time that can be asked about, both ends within it. Call when a document was taken. */
    asked: () => ({
      from: isoTime(isBefore ? from : Math.max(from, Math.floor(first / DAY_MS) * DAY_MS)),
      to: isoTime(isBehind ? to - 1 : last),
    }),
  };
}
