/**
 * Event-time buckets of one series. A document waits until the watermark has passed its bucket; then the bucket's
 * documents are admitted in the order of (time, id), so that the order of arrival changes nothing. Admitted once, a
 * document counts in every window over its bucket and, later, in the baseline: both are sums of the same numbers.
 *
 * A story counts once a window, its copies are only counted as copies; an author counts at most `author_cap` stories a
 * window. So a bot flood or one syndicated story cannot raise an alert, nor hide one by raising the baseline. What is
 * summed is the probability of being negative, not the label: the sum estimates the number of negative stories without
 * bias when the probabilities are calibrated (Forman 2008; Bella et al. 2010, "probabilistic classify and count"), and
 * what a model gives to neutral text is in the baseline as well.
 */
import type { Series } from '../core/event.ts';
import type { Observation } from './observation.ts';

export interface LaneSum {
  stories: number;
  negative: number;
}

export interface Bucket {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly lanes: Map<string, LaneSum>;
  /** Documents that repeated an admitted story, by story; emptied when the bucket leaves the window. */
  copies: Map<string, number>;
  /** Documents left out because their author had spoken often enough. */
  capped: number;
}

/** One series' documents and sums: what is kept in memory and checkpointed. */
export interface SeriesRecord {
  readonly series: Series;
  readonly waiting: Observation[];
  /** Admitted documents of the current window. */
  admitted: Observation[];
  /** Ascending by start. */
  buckets: Bucket[];
}

/** What a detector judges: one series over [start, end). */
export interface SeriesWindow {
  readonly series: Series;
  readonly start: number;
  readonly end: number;
  /** Stories of any sentiment, after copies and caps. */
  readonly stories: number;
  /** Their summed probability of being negative. */
  readonly negative: number;
  /** The stories that lean negative, most negative first. */
  readonly driving: readonly Observation[];
  readonly authors: number;
  /** Documents behind the driving stories: the stories and their copies. */
  readonly documents: number;
  readonly copies: ReadonlyMap<string, number>;
  readonly capped: number;
}

export interface WindowRules {
  readonly bucketMs: number;
  readonly windowMs: number;
  readonly authorCap: number;
}

/** Documents of one bucket that keep what is needed to show them. */
const SHOWN_PER_BUCKET = 30;

export function newRecord(series: Series): SeriesRecord {
  return { series, waiting: [], admitted: [], buckets: [] };
}

/**
 * Admits everything before `end` that waits, and lets go of what the window ending there does not cover. `end` is the end
 * of a bucket in epoch milliseconds and never goes back.
 */
export function closeThrough(record: SeriesRecord, end: number, rules: WindowRules): void {
  const from = end - rules.windowMs;
  if (record.admitted.some(({ time }) => time < from)) {
    record.admitted = record.admitted.filter(({ time }) => time >= from);
  }
  for (let index = record.buckets.length - 1; index >= 0; index -= 1) {
    const bucket = record.buckets[index];
    if (bucket === undefined || bucket.start >= from) continue;
    if (bucket.start < from - rules.windowMs && record.admitted.length > 0) break;
    if (bucket.copies.size > 0) bucket.copies = new Map();
    bucket.capped = 0;
  }
  if (record.waiting.length === 0) return;
  const ready = record.waiting.filter(({ time }) => time < end).sort(byTime);
  if (ready.length === 0) return;
  const rest = record.waiting.filter(({ time }) => time >= end);
  record.waiting.splice(0, record.waiting.length, ...rest);
  const seen = tally(record);
  for (const observation of ready) admit(record, observation, seen, from, rules);
  forgetDetails(record.admitted.filter(({ time }) => time >= end - rules.bucketMs));
}

/** Counts a document whose bucket was closed before it came: into history and later windows, never into past ones. */
export function admitLate(record: SeriesRecord, observation: Observation, end: number, rules: WindowRules): void {
  admit(record, observation, tally(record), end - rules.windowMs, rules);
}

interface Tally {
  readonly stories: Set<string>;
  readonly authors: Map<string, number>;
}

function tally(record: SeriesRecord): Tally {
  const authors = new Map<string, number>();
  for (const { author } of record.admitted) authors.set(author, (authors.get(author) ?? 0) + 1);
  return { stories: new Set(record.admitted.map(({ story }) => story)), authors };
}

function admit(record: SeriesRecord, observation: Observation, seen: Tally, from: number, rules: WindowRules): void {
  const bucket = bucketAt(record, Math.floor(observation.time / rules.bucketMs) * rules.bucketMs);
  const withinWindow = observation.time >= from;
  if (withinWindow) {
    if (seen.stories.has(observation.story)) {
      bucket.copies.set(observation.story, (bucket.copies.get(observation.story) ?? 0) + 1);
      return;
    }
    const spoken = seen.authors.get(observation.author) ?? 0;
    if (spoken >= rules.authorCap) {
      bucket.capped += 1;
      return;
    }
    seen.stories.add(observation.story);
    seen.authors.set(observation.author, spoken + 1);
    record.admitted.push(observation);
  }
  const sum = bucket.lanes.get(observation.lane) ?? { stories: 0, negative: 0 };
  sum.stories += 1;
  sum.negative += observation.negative;
  bucket.lanes.set(observation.lane, sum);
}

function bucketAt(record: SeriesRecord, start: number): Bucket {
  let index = record.buckets.length;
  while (index > 0 && (record.buckets[index - 1]?.start ?? -Infinity) > start) index -= 1;
  const found = record.buckets[index - 1];
  if (found?.start === start) return found;
  const bucket: Bucket = { start, lanes: new Map(), copies: new Map(), capped: 0 };
  record.buckets.splice(index, 0, bucket);
  return bucket;
}

function forgetDetails(observations: readonly Observation[]): void {
  if (observations.length <= SHOWN_PER_BUCKET) return;
  for (const observation of [...observations].sort(byNegativity).slice(SHOWN_PER_BUCKET)) observation.shown = null;
}

/** The window that ends at `end`, counting only lanes that have a history of their own. */
export function windowAt(
  record: SeriesRecord,
  end: number,
  rules: WindowRules,
  counts: (lane: string) => boolean,
): SeriesWindow {
  const start = end - rules.windowMs;
  const counted = record.admitted.filter(({ lane, time }) => time >= start && time < end && counts(lane));
  const driving = counted.filter(({ leansNegative }) => leansNegative).sort(byNegativity);
  const copies = new Map<string, number>();
  let capped = 0;
  for (let index = record.buckets.length - 1; index >= 0; index -= 1) {
    const bucket = record.buckets[index];
    if (bucket === undefined || bucket.start < start) break;
    for (const [story, count] of bucket.copies) copies.set(story, (copies.get(story) ?? 0) + count);
    capped += bucket.capped;
  }
  return {
    series: record.series,
    start,
    end,
    stories: counted.length,
    negative: counted.reduce((sum, { negative }) => sum + negative, 0),
    driving,
    authors: new Set(driving.map(({ author }) => author)).size,
    documents: driving.reduce((sum, { story }) => sum + 1 + (copies.get(story) ?? 0), 0),
    copies,
    capped,
  };
}

/** Forgets buckets that no baseline reaches any more. */
export function forgetBuckets(record: SeriesRecord, before: number): void {
  const first = record.buckets[0];
  if (first === undefined || first.start >= before) return;
  record.buckets = record.buckets.filter(({ start }) => start >= before);
}

function byTime(a: Observation, b: Observation): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function byNegativity(a: Observation, b: Observation): number {
  return b.negative - a.negative || byTime(a, b);
}
