/**
 * How near the alerting came to an alert around a known event: the window with the highest score within the event's time, with
 * every step of the judgement. A miss that is explained can be mended: too few stories, a share that is as usual, a model
 * that read bad news as neutral. Pure: the watch's verdicts come in, the nearest stays.
 */
import { MATCH } from './score.ts';
import type { KnownEvent } from './events.ts';

/** One judgement. Epoch milliseconds of the window's end. */
export interface Nearest {
  readonly at: number;
  readonly detector: string;
  readonly score: number;
  readonly reasons: readonly string[];
}

export interface Examination {
  readonly entity: string;
  /** Epoch milliseconds: windows that end in [from, to] are looked at. */
  readonly from: number;
  readonly to: number;
  nearest: Nearest | null;
}

const DAY_MS = 86_400_000;

/** One examination an event on a watched entity, over the time in which an alert would have found it. */
export function examinationsOf(events: readonly KnownEvent[]): Examination[] {
  return events.flatMap(({ entity, at }) =>
    entity === null
      ? []
      : [{ entity, from: at - MATCH.leadDays * DAY_MS, to: at + MATCH.withinDays * DAY_MS, nearest: null }],
  );
}

/** Keeps the higher score; of equal ones the earlier. */
export function keepNearest(examination: Examination, seen: Nearest): void {
  if (examination.nearest === null || seen.score > examination.nearest.score) examination.nearest = seen;
}
