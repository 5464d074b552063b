/** Where most of what is asked about lies: the day with most documents of the asked side, of a long time the week. Pure. */
import type { Gathered } from './evidence.ts';
import { DAY } from './reading.ts';
import type { Zone } from './zone.ts';

/** From when (inclusive) until when (exclusive), in epoch milliseconds, and how many documents of the asked side. */
export interface Peak {
  readonly from: number;
  readonly until: number;
  readonly isWeek: boolean;
  readonly part: number;
}

/** The day with most of the asked side's documents, where one stands out of several; the week, where a long span is counted by weeks. */
export function peakOf({ timeline, span, question }: Gathered, zone: Zone): Peak | null {
  const isWeek = span.step > DAY;
  const parts = new Map<number, number>();
  for (const bucket of timeline.buckets) {
    const at = Date.parse(bucket.at);
    if (at < span.from) continue;
    // A step is of the day that its middle is in: a change of the clocks moves its ends by an hour.
    const from = isWeek ? at : zone.toUtc(midnightBefore(zone.toLocal(at + span.step / 2)));
    parts.set(from, (parts.get(from) ?? 0) + (question.side === 'positive' ? bucket.positive : bucket.negative));
  }
  const total = [...parts.values()].reduce((sum, part) => sum + part, 0);
  const [top] = [...parts].sort((a, b) => b[1] - a[1]);
  if (top === undefined || parts.size < 2 || top[1] < 3 || top[1] * parts.size < total * 1.5) return null;
  const [from, part] = top;
  const until = isWeek ? from + span.step : zone.toUtc(zone.toLocal(from) + DAY);
  return { from, until, isWeek, part };
}

function midnightBefore(local: number): number {
  return Math.floor(local / DAY) * DAY;
}
