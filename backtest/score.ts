/**
 * Alerts against known events. The rule is fixed before any run: an alert finds an event when it is about the event's
 * entity and fires from `leadDays` before the event's start to `withinDays` after it. Delays count to the moment at which people
 * would have been told, not to the end of the window. Precision is a lower bound wherever the list of events is not
 * complete, and the report says so. Intervals are Wilson's (1927), honest at small counts.
 */
import type { KnownEvent } from './events.ts';
import type { Examination, Nearest } from './nearest.ts';
import { weeksOf } from './period.ts';
import type { FiredAlert } from './run.ts';

export interface MatchRule {
  readonly leadDays: number;
  readonly withinDays: number;
}

export const MATCH: MatchRule = { leadDays: 1, withinDays: 5 };

export interface Proportion {
  readonly hits: number;
  readonly of: number;
  /** 95% interval; null where there was nothing to count. */
  readonly interval: readonly [number, number] | null;
}

export interface Found {
  readonly event: KnownEvent;
  /** False outside the time that the run can be asked about: neither found nor missed. */
  readonly inPeriod: boolean;
  readonly alert: FiredAlert | null;
  /** Hours from the event's start to when people would have been told of the alert; negative where that came first. */
  readonly delayHours: number | null;
  /** Of a missed event: how near it came to an alert. Null where it was found, or where nothing was judged. */
  readonly nearest: Nearest | null;
}

export interface Score {
  readonly events: readonly Found[];
  readonly recall: Proportion;
  /** Of alerts about the entities of events: how many found one. */
  readonly precision: Proportion;
  /** Alerts of entity series; all alerts. */
  readonly alertsPerWeek: { readonly entities: number; readonly all: number };
  readonly medianDelayHours: number | null;
  readonly unwatched: number;
  /** Events before or after the time that the run can be asked about. */
  readonly outside: number;
}

const DAY_MS = 86_400_000;

/**
 * @param period epoch milliseconds, both within it: the time that the run can be asked about
 * @param examined of the events on watched entities, in their order
 */
export function scoreRun(
  alerts: readonly FiredAlert[],
  events: readonly KnownEvent[],
  period: { readonly from: number; readonly to: number },
  examined: readonly Examination[],
  rule: MatchRule = MATCH,
): Score {
  const finds = (alert: FiredAlert, event: KnownEvent): boolean =>
    event.entity !== null &&
    alert.series.entity === event.entity &&
    alert.at >= event.at - rule.leadDays * DAY_MS &&
    alert.at <= event.at + rule.withinDays * DAY_MS;
  let place = 0;
  const found: Found[] = events.map((event) => {
    const inPeriod = event.at >= period.from && event.at <= period.to;
    const alert = inPeriod ? (alerts.find((one) => finds(one, event)) ?? null) : null;
    const examination = event.entity === null ? undefined : examined[place++];
    return {
      event,
      inPeriod,
      alert,
      delayHours: alert === null ? null : (alert.toldAt - event.at) / 3_600_000,
      nearest: alert === null && inPeriod ? (examination?.nearest ?? null) : null,
    };
  });
  const judged = found.filter(({ event, inPeriod }) => inPeriod && event.entity !== null);
  const entities = new Set(judged.map(({ event }) => event.entity));
  const aboutThem = alerts.filter(({ series }) => series.entity !== null && entities.has(series.entity));
  const right = aboutThem.filter((alert) => judged.some(({ event }) => finds(alert, event)));
  const weeks = weeksOf(period.from, period.to);
  const delays = judged.flatMap(({ delayHours }) => delayHours ?? []).toSorted((a, b) => a - b);
  return {
    events: found,
    recall: proportion(judged.filter(({ alert }) => alert !== null).length, judged.length),
    precision: proportion(right.length, aboutThem.length),
    alertsPerWeek: {
      entities: alerts.filter(({ series }) => series.entity !== null).length / weeks,
      all: alerts.length / weeks,
    },
    medianDelayHours: median(delays),
    unwatched: events.filter(({ entity }) => entity === null).length,
    outside: found.filter(({ inPeriod }) => !inPeriod).length,
  };
}

/** Wilson's score interval at 95%. */
export function proportion(hits: number, of: number): Proportion {
  if (of === 0) return { hits, of, interval: null };
  const z = 1.959964;
  const p = hits / of;
  const centre = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  return { hits, of, interval: [Math.max(0, centre - half), Math.min(1, centre + half)] };
}

function median(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? 0)) / 2;
}
