/** What the watch remembers: plain data apart from Maps, so that it can be written down (checkpoint.ts) and taken up again. */
import { seriesKey, type Series } from '../core/event.ts';
import type { Background } from './background.ts';
import type { Lanes } from './lanes.ts';
import type { Life } from './lifecycle.ts';
import type { Incidents } from './incident.ts';
import type { Observation } from './observation.ts';
import type { Facts } from './statement.ts';
import type { Voices } from './voices.ts';
import type { SeriesRecord } from './window.ts';

/** One alert's life with the facts of its height. */
export interface Course {
  life: Life;
  peak: Facts | null;
  /** The incident that the alert belongs to; empty without an alert. */
  incident?: string;
}

/** Everything the watch remembers. */
export interface WatchState {
  /** End of the last judged bucket, epoch milliseconds; null before the first. */
  closed: number | null;
  readonly lanes: Lanes;
  readonly records: Map<string, SeriesRecord>;
  /** By detector and series: see courseKey. */
  readonly courses: Map<string, Course>;
  /** Event time by document id, for as long as a copy of the message could count twice. */
  readonly ids: Map<string, number>;
  /** What the alerts of late were about, by incident id. */
  readonly incidents: Incidents;
  /** How negative each class of sources and outlet usually is; titles that show which words are usual. */
  readonly voices: Voices;
  readonly background: Background;
  /** Name of the model that labelled last. */
  model: string;
}

/** Keys of records and courses, and document ids, that differ from what was last made durable, or are gone. */
export interface Touched {
  /** Series whose past changed, that are new, or that are gone. */
  readonly records: Set<string>;
  /** Of these every part is to be written anew. */
  readonly rewritten: Set<string>;
  /** By series: starts of buckets to which something was admitted, and what came and waits. */
  readonly buckets: Map<string, Set<number>>;
  readonly waiting: Map<string, Observation[]>;
  readonly courses: Set<string>;
  readonly ids: Set<string>;
  /** Feeds whose volume, sides whose voice, and languages whose sample changed. */
  readonly lanes: Set<string>;
  readonly voices: Set<string>;
  readonly languages: Set<string>;
}

export function nothingTouched(): Touched {
  return {
    records: new Set(),
    rewritten: new Set(),
    buckets: new Map(),
    waiting: new Map(),
    courses: new Set(),
    ids: new Set(),
    lanes: new Set(),
    voices: new Set(),
    languages: new Set(),
  };
}

/** To be called once what was touched is durable. */
export function clearTouched(touched: Touched): void {
  for (const keys of Object.values(touched) as (Set<string> | Map<string, unknown>)[]) keys.clear();
}

export function touchBucket(touched: Touched, series: string, start: number): void {
  const starts = touched.buckets.get(series);
  if (starts === undefined) touched.buckets.set(series, new Set([start]));
  else starts.add(start);
}

export function touchWaiting(touched: Touched, series: string, observation: Observation): void {
  const came = touched.waiting.get(series);
  if (came === undefined) touched.waiting.set(series, [observation]);
  else came.push(observation);
}

export function newWatchState(): WatchState {
  return {
    closed: null,
    lanes: new Map(),
    records: new Map(),
    courses: new Map(),
    ids: new Map(),
    incidents: new Map(),
    voices: new Map(),
    background: new Map(),
    model: '',
  };
}

export function courseKey(detector: string, series: Series): string {
  return `${detector}\n${seriesKey(series)}`;
}
