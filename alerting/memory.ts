/** What the watch remembers: plain data apart from Maps, so that it can be written down (checkpoint.ts) and taken up again. */
import { seriesKey, type Series } from '../core/event.ts';
import type { Lanes } from './lanes.ts';
import type { Life } from './lifecycle.ts';
import type { Incidents } from './incident.ts';
import type { Facts } from './statement.ts';
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
  /** Name of the model that labelled last. */
  model: string;
}

/** Keys of records and courses, and document ids, that differ from what was last made durable, or are gone. */
export interface Touched {
  readonly records: Set<string>;
  readonly courses: Set<string>;
  readonly ids: Set<string>;
}

export function newWatchState(): WatchState {
  return {
    closed: null,
    lanes: new Map(),
    records: new Map(),
    courses: new Map(),
    ids: new Map(),
    incidents: new Map(),
    model: '',
  };
}

export function courseKey(detector: string, series: Series): string {
  return `${detector}\n${seriesKey(series)}`;
}
