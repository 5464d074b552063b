/**
 * Which time an answer covers, and in which steps. Pure. Spans are widened to whole steps, so that all readers of "the
 * last 14 days" ask the store the same question for as long as a step lasts, and so that the figures of the chart and
 * of the tables agree to the document. The steps that widen are those that fit the length alone, whatever steps a chart is
 * cut into: a chart of eight hours a step must not end later, and so begin later, than the table beside it.
 */
import { isoTime } from '../core/event.ts';
import type { Span } from './contract.ts';

/** Seconds. Steps that divide a day, so that buckets begin where days do (in UTC). */
const STEPS = [60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 7 * 86_400] as const;
const WANTED_BUCKETS = 90;
export const SPARKLINE_PARTS = 21;

export interface SpanQuestion {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly last_secs?: number | undefined;
}

export interface ExactSpan {
  /** Epoch milliseconds; `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Milliseconds, counted from `from`; the last one ends at `to`, and may be shorter. */
  readonly step: number;
  readonly anchor: Span['anchor'];
}

/**
 * The span that a question means. `now` and `newest` (the newest event time in the store, null when it is empty) are
 * epoch milliseconds. Where everything is older than the span asked for, as after a replay of old news, the span ends
 * at the newest document instead of now: an empty page would be of no use to anyone.
 */
export function resolveSpan(question: SpanQuestion, now: number, newest: number | null, stepSecs?: number): ExactSpan {
  const length = question.last_secs === undefined ? 14 * 86_400_000 : question.last_secs * 1000;
  if (question.from !== undefined || question.to !== undefined) {
    const to = question.to === undefined ? now : Date.parse(question.to);
    const from = question.from === undefined ? to - length : Date.parse(question.from);
    return widen(from, Math.max(to, from + 1), 'given', stepSecs);
  }
  const stale = newest !== null && newest < now - length;
  const to = stale ? newest + 1 : now;
  return widen(to - length, to, stale ? 'newest' : 'now', stepSecs);
}

/**
 * The span of alerts: where the documents end earlier than now, it lasts until now. What began after the newest document,
 * because every source is dead above all, fires while somebody looks.
 */
export function untilNow(span: ExactSpan, now: number): ExactSpan {
  return span.anchor === 'newest' ? { ...span, to: Math.max(span.to, now) } : span;
}

/** What is written with four digits of a year: whole steps around a given time may reach beyond. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

function widen(from: number, to: number, anchor: Span['anchor'], stepSecs?: number): ExactSpan {
  const whole = stepFor((to - from) / 1000) * 1000;
  const end = Math.ceil(to / whole) * whole;
  const start = anchor === 'given' ? Math.floor(from / whole) * whole : end - Math.ceil((to - from) / whole) * whole;
  const step = stepSecs === undefined ? whole : stepSecs * 1000;
  return { from: Math.max(FIRST_MS, start), to: Math.min(LAST_MS, end), step, anchor };
}

/**
 * A span to the minute, in the steps that fit it. For days of a time zone: their midnights lie between the steps of UTC, and a
 * widened one would count an evening of the day before.
 */
export function toTheMinute(from: number, to: number): ExactSpan {
  const [start, end] = [Math.floor(from / 60_000) * 60_000, Math.ceil(to / 60_000) * 60_000];
  const step = stepFor((end - start) / 1000) * 1000;
  return { from: Math.max(FIRST_MS, start), to: Math.min(LAST_MS, end), step, anchor: 'given' };
}

/** The finest step in seconds that keeps a span of so many seconds to about 90 buckets. */
export function stepFor(seconds: number): number {
  return STEPS.find((step) => seconds / step <= WANTED_BUCKETS + 1) ?? 7 * 86_400;
}

export function spanAnswer({ from, to, anchor }: ExactSpan): Span {
  return { from: isoTime(from), to: isoTime(to), anchor };
}
