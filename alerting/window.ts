/**
 * Event-time buckets of one series. A document waits until the watermark has passed its bucket; then the bucket's
 * documents are admitted in the order of (time, id), so that the order of arrival changes nothing. Admitted once, a
 * document counts in every window over its bucket and, later, in the past: both are sums of the same numbers.
 *
 * A story counts once a window, its copies are only counted as copies; an author counts at most `author_cap` stories a
 * window; a document that looks coordinated counts for less; what comes when its window has passed counts in the past alone, by the
 * same rules (hindsight.ts). So a bot flood or one syndicated story cannot raise an alert, nor hide one by raising the baseline. What is summed is the probability of being negative, not the label: the sum
 * estimates the number of negative stories without bias when the probabilities are calibrated (Forman 2008; Bella et al.
 * 2010, "probabilistic classify and count") or corrected (correction.ts).
 *
 * Each bucket carries its sums, so a tick adds a few numbers a series; documents are looked through only where a detector
 * may fire.
 */
import type { Series } from '../core/event.ts';
import { countsLate, forgetSeen, newHindsight, type Hindsight } from './hindsight.ts';
import type { Observation } from './observation.ts';
import { forgetPast, newPast, remember, type Past } from './past.ts';

export interface LaneSum {
  readonly lane: string;
  /** Stories by weight, their summed negativity, and those that lean negative by weight. */
  stories: number;
  negative: number;
  leaning: number;
}

export interface Bucket {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly sums: LaneSum[];
  /** Stories counted, in the order of (time, id). */
  admitted: Observation[];
  /** Documents that repeated an admitted story, by story; null for none. */
  copies: Map<string, number> | null;
  /** Documents left out because their author had spoken often enough. */
  capped: number;
}

/** One series' documents and sums: what is kept in memory and checkpointed. */
export interface SeriesRecord {
  readonly series: Series;
  waiting: Observation[];
  /** Buckets of the current window that hold something, ascending by start. */
  buckets: Bucket[];
  readonly past: Past;
  /** What was counted when its window had passed; null for nothing, as nearly everywhere. */
  hindsight: Hindsight | null;
}

/** Sums over one window: enough to tell that no detector can fire. */
export interface WindowSums {
  readonly series: Series;
  /** By weight, after copies and caps. */
  readonly stories: number;
  readonly negative: number;
  readonly leaning: number;
}

/** What a detector judges: one series over [start, end). */
export interface SeriesWindow extends WindowSums {
  readonly start: number;
  readonly end: number;
  /** Every counted story, in the order of (time, id). */
  readonly counted: readonly Observation[];
  /** The stories that lean negative, most negative first. */
  readonly driving: readonly Observation[];
  /** Different authors and outlets of the driving stories, coordinated ones counted by their weight. */
  readonly authors: number;
  readonly sources: number;
  /** Documents behind the driving stories: the stories and their copies. */
  readonly documents: number;
  readonly copies: ReadonlyMap<string, number>;
  readonly capped: number;
  /** Weight that coordinated documents lost. */
  readonly discounted: number;
  /** Stories by feed. */
  readonly lanes: ReadonlyMap<string, number>;
}

export interface WindowRules {
  readonly bucketMs: number;
  readonly windowMs: number;
  readonly authorCap: number;
  readonly halfLifeMs: number;
}

/** Documents of one bucket that keep what is needed to show them. */
const SHOWN_PER_BUCKET = 30;

export function newRecord(series: Series): SeriesRecord {
  return { series, waiting: [], buckets: [], past: newPast(), hindsight: null };
}

/**
 * Admits everything before `end` that waits, and lets go of what the window ending there does not cover. `end` is the end
 * of a bucket in epoch milliseconds and goes back only by rewind.ts. Returns the stories it admitted.
 */
export function closeThrough(record: SeriesRecord, end: number, rules: WindowRules): readonly Observation[] {
  const from = end - rules.windowMs;
  const oldest = record.buckets[0];
  if (oldest !== undefined && oldest.start < from) record.buckets = record.buckets.filter(({ start }) => start >= from);
  if (record.waiting.length === 0) return [];
  const ready = record.waiting.filter(({ time }) => time < end);
  if (ready.length === 0) return [];
  record.waiting = ready.length === record.waiting.length ? [] : record.waiting.filter(({ time }) => time >= end);
  const seen = tally(record, ready.length);
  const admitted = ready.sort(byTime).filter((observation) => admit(record, observation, seen, from, rules));
  for (const bucket of record.buckets) if (bucket.start >= end - rules.bucketMs) forgetDetails(bucket);
  return admitted;
}

/** Counts a document whose bucket was closed before it came: into history and later windows, never into past ones. */
export function admitLate(record: SeriesRecord, observation: Observation, end: number, rules: WindowRules): void {
  admit(record, observation, tally(record, 1), end - rules.windowMs, rules);
}

/** True while the series has something in its window. */
export function isOccupied({ buckets }: SeriesRecord): boolean {
  return buckets.length > 0;
}

interface Tally {
  hasStory(story: string): boolean;
  spokenBy(author: string): number;
  add(observation: Observation): void;
}

/** Stories up to which looking through them is quicker than an index of them. */
const FEW = 24;

/** What is counted in the window, where `coming` more may be added. */
function tally({ buckets }: SeriesRecord, coming: number): Tally {
  let count = coming;
  for (const { admitted } of buckets) count += admitted.length;
  if (count <= FEW) {
    return {
      hasStory: (story) => buckets.some(({ admitted }) => admitted.some((one) => one.story === story)),
      spokenBy(author) {
        let spoken = 0;
        for (const { admitted } of buckets) for (const one of admitted) if (one.author === author) spoken += 1;
        return spoken;
      },
      // What is admitted lies in the buckets already.
      add: () => undefined,
    };
  }
  const stories = new Set<string>();
  const authors = new Map<string, number>();
  const add = ({ author, story }: Observation): void => {
    stories.add(story);
    authors.set(author, (authors.get(author) ?? 0) + 1);
  };
  for (const { admitted } of buckets) for (const one of admitted) add(one);
  return { hasStory: (story) => stories.has(story), spokenBy: (author) => authors.get(author) ?? 0, add };
}

/** True where the observation was counted. */
function admit(record: SeriesRecord, observation: Observation, seen: Tally, from: number, rules: WindowRules): boolean {
  const { author, lane, negative, story, time, weight } = observation;
  if (time >= from) {
    const bucket = bucketAt(record, Math.floor(time / rules.bucketMs) * rules.bucketMs);
    if (seen.hasStory(story)) {
      bucket.copies ??= new Map();
      bucket.copies.set(story, (bucket.copies.get(story) ?? 0) + 1);
      return false;
    }
    if (seen.spokenBy(author) >= rules.authorCap) {
      bucket.capped += 1;
      return false;
    }
    seen.add(observation);
    bucket.admitted.push(observation);
    let sum = bucket.sums.find((one) => one.lane === lane);
    if (sum === undefined) bucket.sums.push((sum = { lane, stories: 0, negative: 0, leaning: 0 }));
    sum.stories += weight;
    sum.negative += weight * negative;
    if (observation.leansNegative) sum.leaning += weight;
  } else {
    record.hindsight ??= newHindsight();
    const block = Math.floor(time / rules.windowMs);
    if (!countsLate(record.hindsight, block, observation, rules.authorCap)) return false;
  }
  remember(record.past, lane, time, weight * negative, weight, rules);
  return true;
}

function bucketAt(record: SeriesRecord, start: number): Bucket {
  let index = record.buckets.length;
  while (index > 0 && (record.buckets[index - 1]?.start ?? -Infinity) > start) index -= 1;
  const found = record.buckets[index - 1];
  if (found?.start === start) return found;
  const bucket: Bucket = { start, sums: [], admitted: [], copies: null, capped: 0 };
  record.buckets.splice(index, 0, bucket);
  return bucket;
}

/** Observations are shared by all series of a document, so a series that forgets keeps a bare copy. */
function forgetDetails(bucket: Bucket): void {
  if (bucket.admitted.length <= SHOWN_PER_BUCKET) return;
  const kept = new Set([...bucket.admitted].sort(byNegativity).slice(0, SHOWN_PER_BUCKET));
  bucket.admitted = bucket.admitted.map((one) => (one.shown === null || kept.has(one) ? one : { ...one, shown: null }));
}

/** The sums of the window that ends at `end`, counting only feeds that have a history of their own. */
export function sumsAt(record: SeriesRecord, counts: (lane: string) => boolean): WindowSums {
  let [stories, negative, leaning] = [0, 0, 0];
  for (const { sums } of record.buckets) {
    for (const sum of sums) {
      if (!counts(sum.lane)) continue;
      stories += sum.stories;
      negative += sum.negative;
      leaning += sum.leaning;
    }
  }
  return { series: record.series, stories, negative, leaning };
}

/** The window that ends at `end`, counting only feeds that have a history of their own. */
export function windowAt(
  record: SeriesRecord,
  end: number,
  rules: WindowRules,
  counts: (lane: string) => boolean,
): SeriesWindow {
  const counted = record.buckets.flatMap(({ admitted }) => admitted.filter(({ lane }) => counts(lane)));
  const driving = counted.filter(({ leansNegative }) => leansNegative).sort(byNegativity);
  const copies = new Map<string, number>();
  const lanes = new Map<string, number>();
  let [capped, discounted] = [0, 0];
  for (const bucket of record.buckets) {
    for (const [story, count] of bucket.copies ?? []) copies.set(story, (copies.get(story) ?? 0) + count);
    capped += bucket.capped;
  }
  for (const { lane, weight } of counted) {
    lanes.set(lane, (lanes.get(lane) ?? 0) + weight);
    discounted += 1 - weight;
  }
  return {
    ...sumsAt(record, counts),
    start: end - rules.windowMs,
    end,
    counted,
    driving,
    authors: differentBy(driving, ({ author }) => author),
    sources: differentBy(driving, ({ source }) => source),
    documents: driving.reduce((sum, { story }) => sum + 1 + (copies.get(story) ?? 0), 0),
    copies,
    capped,
    discounted,
    lanes,
  };
}

/** How many different ones there are, each worth the weight of its weightiest story. */
export function differentBy(observations: readonly Observation[], key: (observation: Observation) => string): number {
  const weights = new Map<string, number>();
  for (const one of observations) weights.set(key(one), Math.max(weights.get(key(one)) ?? 0, one.weight));
  let sum = 0;
  for (const weight of weights.values()) sum += weight;
  return sum;
}

/** Forgets blocks that no baseline reaches any more; `before` in epoch milliseconds. True when something went. */
export function forgetBefore(record: SeriesRecord, before: number, rules: WindowRules): boolean {
  const first = Math.floor(before / rules.windowMs);
  const hasForgotten = record.hindsight !== null && forgetSeen(record.hindsight, first);
  if (record.hindsight?.size === 0) record.hindsight = null;
  return forgetPast(record.past, first) || hasForgotten;
}

function byTime(a: Observation, b: Observation): number {
  return a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function byNegativity(a: Observation, b: Observation): number {
  return b.probability - a.probability || byTime(a, b);
}
