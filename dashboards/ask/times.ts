/**
 * Times as people say them in a question, in English and Chinese, against a given now and in a given zone. Pure. What one
 * language can say the other can, and it means the same span (test/dashboards/ask/times.test.ts says both beside each other).
 */
import { AGO, COUNTED, LATELY } from './ago.ts';
import { DATES, MONTHS_AND_YEARS } from './dates.ts';
import { DAY, isSince, type Reader } from './reading.ts';
import { WEEKS } from './weeks.ts';
import type { Zone } from './zone.ts';

export interface AskedTime {
  /** Epoch milliseconds; `to` is never after now. */
  readonly from: number;
  readonly to: number;
  /** The words that said so. */
  readonly words: string;
}

/** The more exact come first: "since 5 March" may well say "this week" too. */
const READERS: readonly Reader[] = [...DATES, COUNTED, ...AGO, ...WEEKS, ...MONTHS_AND_YEARS, LATELY];

/** When and where a question is asked. Epoch milliseconds. */
export interface Asking {
  /** What "until now" lasts to, and what is counted back from: the end of the step that is now, as spans end (span.ts). */
  readonly now: number;
  /** The moment itself, whose day is today: the step that is now may end tomorrow. */
  readonly moment: number;
  readonly zone: Zone;
}

/** The time that the text names, the most exact one where it names several; null where it names none, or one that is to come. */
export function readTime(text: string, { now: end, moment, zone }: Asking): AskedTime | null {
  const today = Math.floor(zone.toLocal(moment) / DAY) * DAY;
  // The step that is now may end after midnight; the day does not.
  const now = Math.min(zone.toLocal(end), today + DAY);
  // A Chinese keyboard types figures as wide as signs.
  const plain = text.normalize('NFKC');
  for (const [words, read] of READERS) {
    const match = words.exec(plain);
    if (match === null) continue;
    const span = read({ match, today, now, isSince: isSince(match, plain) });
    if (span === null || span.from >= Math.min(span.to, now)) continue;
    return { from: zone.toUtc(span.from), to: zone.toUtc(Math.min(span.to, now)), words: match[0] };
  }
  return null;
}
