/**
 * The watch on disk: what it remembers and the offsets of what it has read, written together, so that after a crash the
 * two agree and nothing counts twice. Only what changed is written. Rejected: rebuilding from the store at each start
 * (minutes of queries, and the order of arrival, which decides what was late, is lost).
 */
import type { State, StateTable } from '../core/state/state.ts';
import { stableId } from '../core/event.ts';
import type { Sampled } from './background.ts';
import type { Dispatch, Group, Groups } from './dispatch.ts';
import type { Lane } from './lanes.ts';
import type { Incident } from './incident.ts';
import { newWatchState, type Course, type Touched, type WatchState } from './memory.ts';
import type { Past } from './past.ts';
import type { Bucket, SeriesRecord } from './window.ts';

/** The last message taken in from each partition. */
export type Offsets = Map<number, { readonly offset: number; readonly appendedAt: number }>;

type Pairs<Value> = readonly (readonly [number, Value])[];
type PackedLane = Omit<Lane, 'days' | 'volume'> & { readonly days: Pairs<number> };

interface PackedRecord extends Omit<SeriesRecord, 'buckets' | 'past'> {
  readonly buckets: readonly (Omit<Bucket, 'copies'> & { readonly copies: readonly (readonly [string, number])[] })[];
  readonly past: PackedPast;
}

/** Columns as lists: the table's encoding knows no typed arrays. */
interface PackedPast {
  readonly lanes: readonly string[];
  readonly columns: readonly (readonly number[])[];
  readonly heard: number;
  readonly hours: readonly number[] | null;
  readonly hoursAt: number;
}

interface Position {
  readonly closed: number | null;
  readonly model: string;
  readonly lanes: readonly (readonly [string, PackedLane])[];
  /** Absent in a position that an earlier version wrote. */
  readonly incidents?: readonly (readonly [string, Incident])[];
  readonly offsets: readonly (readonly [number, { readonly offset: number; readonly appendedAt: number }])[];
}

export interface Checkpoint {
  /** What was last saved. A change of bucket length since then is met by going on at the next whole bucket. */
  load(bucketMs: number): { state: WatchState; offsets: Offsets; groups: Groups };
  /** Writes what `touched` names. Call within State.transaction; clear `touched` when that has resolved. */
  save(state: WatchState, touched: Touched, offsets: Offsets): void;
  /** Writes the groups that the dispatch names as touched. Call within State.transaction; clear them afterwards. */
  saveGroups(dispatch: Pick<Dispatch, 'groups' | 'touched'>): void;
}

export function openCheckpoint(state: State): Checkpoint {
  const position = state.table<Position>('alerting.position');
  const records = state.table<PackedRecord>('alerting.pasts');
  const volumes = state.table<Pairs<number>>('alerting.volumes');
  const voices = state.table<Pairs<{ stories: number; negative: number }>>('alerting.voices');
  const background = state.table<readonly Sampled[]>('alerting.background');
  const courses = state.table<Course>('alerting.courses');
  const ids = state.table<number>('alerting.ids');
  const groups = state.table<Group>('alerting.groups');

  return {
    load(bucketMs) {
      const watched = newWatchState();
      const saved = position.get('position');
      const told: Groups = new Map([...groups.entries()].map(({ value }) => [value.key, value]));
      if (saved === undefined) return { state: watched, offsets: new Map(), groups: told };
      watched.closed = saved.closed === null ? null : Math.ceil(saved.closed / bucketMs) * bucketMs;
      watched.model = saved.model;
      for (const [id, incident] of saved.incidents ?? []) watched.incidents.set(id, incident);
      for (const [name, lane] of saved.lanes) {
        const volume = new Map(volumes.get(name) ?? []);
        watched.lanes.set(name, { ...lane, quiet: 0, days: new Map(lane.days), volume });
      }
      for (const { key, value } of voices.entries()) {
        watched.voices.set(key, new Map(value.map(([day, sum]) => [day, { ...sum }])));
      }
      for (const { key, value } of background.entries()) watched.background.set(key, [...value]);
      for (const { key, value } of records.entries()) watched.records.set(key, unpack(value));
      for (const { key, value } of courses.entries()) watched.courses.set(key, value);
      const known = [...ids.entries()].sort((a, b) => a.value - b.value);
      for (const { key, value } of known) watched.ids.set(key, value);
      return { state: watched, offsets: new Map(saved.offsets), groups: told };
    },
    saveGroups(dispatch) {
      for (const key of dispatch.touched) {
        const group = dispatch.groups.get(key);
        if (group === undefined) void groups.remove(stableId(key));
        else void groups.put(stableId(key), group);
      }
    },
    save(watched, touched, offsets) {
      write(records, touched.records, (key) => {
        const record = watched.records.get(key);
        return record === undefined ? undefined : pack(record);
      });
      write(courses, touched.courses, (key) => watched.courses.get(key));
      write(ids, touched.ids, (key) => watched.ids.get(key));
      write(volumes, touched.lanes, (name) => pairsOf(watched.lanes.get(name)?.volume));
      write(voices, touched.voices, (side) => pairsOf(watched.voices.get(side)));
      write(background, touched.languages, (language) => watched.background.get(language));
      void position.put('position', {
        closed: watched.closed,
        model: watched.model,
        lanes: [...watched.lanes].map(([name, lane]) => [name, packLane(lane)] as const),
        incidents: [...watched.incidents],
        offsets: [...offsets],
      });
    },
  };
}

function write<Value>(
  table: StateTable<Value>,
  keys: Iterable<string>,
  find: (key: string) => Value | undefined,
): void {
  for (const key of keys) {
    const value = find(key);
    if (value === undefined) void table.remove(key);
    else void table.put(key, value);
  }
}

/** Without its volume, which has a table of its own. */
function packLane({ newest, fetched, since, quiet, idle, days }: Lane): PackedLane {
  return { newest, fetched, since, quiet, idle, days: [...days] };
}

function pairsOf<Value>(map: ReadonlyMap<number, Value> | undefined): Pairs<Value> | undefined {
  return map === undefined ? undefined : [...map];
}

function pack({ series, waiting, buckets, past }: SeriesRecord): PackedRecord {
  const { size, lanes, heard, hours, hoursAt } = past;
  const columns = [past.block, past.lane, past.negative, past.stories].map((column) => [...column.subarray(0, size)]);
  return {
    series,
    waiting,
    buckets: buckets.map((bucket) => ({ ...bucket, copies: [...(bucket.copies ?? [])] })),
    past: { lanes, columns, heard, hours: hours === null ? null : [...hours], hoursAt },
  };
}

function unpack({ series, waiting, buckets, past }: PackedRecord): SeriesRecord {
  return {
    series,
    waiting: [...waiting],
    buckets: buckets.map((bucket) => ({
      ...bucket,
      sums: bucket.sums.map((sum) => ({ ...sum })),
      admitted: [...bucket.admitted],
      copies: bucket.copies.length === 0 ? null : new Map(bucket.copies),
    })),
    past: unpackPast(past),
  };
}

function unpackPast({ lanes, columns, heard, hours, hoursAt }: PackedPast): Past {
  const [block = [], lane = [], negative = [], stories = []] = columns;
  const length = Math.max(2, block.length);
  const filled = <Column extends { set(values: readonly number[]): void }>(column: Column, from: readonly number[]) => {
    column.set(from);
    return column;
  };
  return {
    lanes: [...lanes],
    size: block.length,
    block: filled(new Int32Array(length), block),
    lane: filled(new Uint16Array(length), lane),
    negative: filled(new Float64Array(length), negative),
    stories: filled(new Float64Array(length), stories),
    heard,
    hours: hours === null ? null : Float64Array.from(hours),
    hoursAt,
  };
}
