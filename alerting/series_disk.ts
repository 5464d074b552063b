/**
 * The series of the watch on disk, in parts, so that a checkpoint writes what changed and not every document of a window again:
 *
 *   head     `alerting.pasts`    series, past and hindsight       when a bucket was closed, or something came late
 *   bucket   `alerting.buckets`  what was admitted to it          the same
 *   waiting  `alerting.waiting`  what came since the last save    once; gone when its bucket is closed
 *
 * A series over all documents of a language holds every document of the window, and each document touches it: written
 * whole every two seconds, as it was before, that took more than there was time from some 150,000 documents a day on. Rejected:
 * a log of what was taken in, judged again at the start (it would have to hold all that judging reads, people's words too).
 */
import type { State } from '../core/state/state.ts';
import { packHindsight, unpackHindsight, type Hindsight, type PackedHindsight } from './hindsight.ts';
import type { Touched } from './memory.ts';
import type { Observation } from './observation.ts';
import { packPast, unpackPast, type PackedPast } from './past_disk.ts';
import type { Bucket, SeriesRecord } from './window.ts';

type PackedBucket = Omit<Bucket, 'copies'> & { readonly copies: readonly (readonly [string, number])[] };

interface PackedHead extends Pick<SeriesRecord, 'series'> {
  readonly past: PackedPast;
  /** Absent where nothing came so late. */
  readonly hindsight?: PackedHindsight;
  /** An earlier version kept all in one. */
  readonly waiting?: readonly Observation[];
  readonly buckets?: readonly PackedBucket[];
}

/** Keys of a series' parts that are on disk: starts of buckets, numbers of what waits with its newest time. */
interface Parts {
  readonly buckets: Set<number>;
  readonly waiting: Map<number, number>;
}

export interface SeriesDisk {
  /** `closed`: the end of the last judged bucket as it was saved; what waits is never older. */
  load(closed: number | null): Map<string, SeriesRecord>;
  /** Within State.transaction, whose work may run again. Call what it returns once that has resolved. */
  save(records: ReadonlyMap<string, SeriesRecord>, closed: number | null, touched: Touched): () => void;
}

const keyOf = (series: string, part: number): string => `${series}\n${part}`;
const split = (key: string): [string, number] => {
  const at = key.lastIndexOf('\n');
  return [key.slice(0, at), Number(key.slice(at + 1))];
};

/** Pasts are in blocks of `windowMs`, whatever they were written in. */
export function openSeriesDisk(state: State, windowMs: number): SeriesDisk {
  const heads = state.table<PackedHead>('alerting.pasts');
  const buckets = state.table<PackedBucket>('alerting.buckets');
  const waiting = state.table<readonly Observation[]>('alerting.waiting');
  const known = new Map<string, Parts>();
  /** Series that an earlier version wrote in one. */
  const whole = new Set<string>();
  /** Series whose past is on disk in blocks of another length, or of one that it does not tell. */
  const stale = new Set<string>();
  let number = 0;

  function partsOf(key: string): Parts {
    let parts = known.get(key);
    if (parts === undefined) known.set(key, (parts = { buckets: new Set(), waiting: new Map() }));
    return parts;
  }

  function load(closed: number | null): Map<string, SeriesRecord> {
    const records = new Map<string, SeriesRecord>();
    for (const { key, value } of heads.entries()) {
      if (value.buckets !== undefined) whole.add(key);
      if (value.past.windowMs !== windowMs) stale.add(key);
      records.set(key, {
        series: value.series,
        waiting: [...(value.waiting ?? [])],
        buckets: (value.buckets ?? []).map(unpackBucket),
        past: unpackPast(value.past, windowMs, closed ?? Infinity),
        hindsight: hindsightOf(value, windowMs),
      });
    }
    for (const { key, value } of buckets.entries()) {
      const [series, start] = split(key);
      partsOf(series).buckets.add(start);
      records.get(series)?.buckets.push(unpackBucket(value));
    }
    for (const record of records.values()) record.buckets.sort((a, b) => a.start - b.start);
    const parts = [...waiting.entries()].map(({ key, value }) => ({ at: split(key), value }));
    for (const { at, value } of parts.sort((a, b) => a.at[1] - b.at[1])) {
      const [series, part] = at;
      number = Math.max(number, part + 1);
      partsOf(series).waiting.set(part, newestOf(value));
      records.get(series)?.waiting.push(...value.filter(({ time }) => closed === null || time >= closed));
    }
    return records;
  }

  function save(records: ReadonlyMap<string, SeriesRecord>, closed: number | null, touched: Touched): () => void {
    const confirmed: (() => void)[] = [];
    const changed = new Set([...touched.records, ...touched.rewritten, ...touched.waiting.keys(), ...whole, ...stale]);
    for (const key of changed) {
      const record = records.get(key);
      const parts = partsOf(key);
      const isAnew = touched.rewritten.has(key) || whole.has(key) || record === undefined;
      if (record === undefined) void heads.remove(key);
      else if (touched.records.has(key) || stale.has(key) || isAnew) void heads.put(key, packHead(record, windowMs));

      const present = new Map((record?.buckets ?? []).map((bucket) => [bucket.start, bucket]));
      for (const start of parts.buckets) {
        if (present.has(start)) continue;
        void buckets.remove(keyOf(key, start));
        confirmed.push(() => parts.buckets.delete(start));
      }
      for (const [start, bucket] of present) {
        if (!isAnew && touched.buckets.get(key)?.has(start) !== true) continue;
        void buckets.put(keyOf(key, start), packBucket(bucket));
        confirmed.push(() => parts.buckets.add(start));
      }

      for (const [part, newest] of parts.waiting) {
        if (!isAnew && (closed === null || newest >= closed)) continue;
        void waiting.remove(keyOf(key, part));
        confirmed.push(() => parts.waiting.delete(part));
      }
      const came = isAnew ? (record?.waiting ?? []) : (touched.waiting.get(key) ?? []);
      const open = came.filter(({ time }) => closed === null || time >= closed);
      if (open.length > 0) {
        const part = number;
        void waiting.put(keyOf(key, part), [...open]);
        confirmed.push(() => parts.waiting.set(part, newestOf(open)));
      }
      if (record === undefined) confirmed.push(() => known.delete(key));
    }
    return () => {
      for (const confirm of confirmed) confirm();
      whole.clear();
      stale.clear();
      number += 1;
    };
  }

  return { load, save };
}

function newestOf(observations: readonly Observation[]): number {
  return observations.reduce((newest, { time }) => Math.max(newest, time), -Infinity);
}

function packHead({ series, past, hindsight }: SeriesRecord, windowMs: number): PackedHead {
  return { series, past: packPast(past, windowMs), ...(hindsight !== null && { hindsight: packHindsight(hindsight) }) };
}

/** By blocks as the past: those of another length say nothing of today's. */
function hindsightOf({ past, hindsight }: PackedHead, windowMs: number): Hindsight | null {
  return hindsight === undefined || past.windowMs !== windowMs ? null : unpackHindsight(hindsight);
}

function packBucket(bucket: Bucket): PackedBucket {
  return { ...bucket, copies: [...(bucket.copies ?? [])] };
}

function unpackBucket(bucket: PackedBucket): Bucket {
  return {
    ...bucket,
    sums: bucket.sums.map((sum) => ({ ...sum })),
    admitted: [...bucket.admitted],
    copies: bucket.copies.length === 0 ? null : new Map(bucket.copies),
  };
}
