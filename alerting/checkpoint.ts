/**
 * The watch on disk: what it remembers and the offsets of what it has read, written together, so that after a crash the
 * two agree and nothing counts twice. Only what changed is written. Rejected: rebuilding from the store at each start
 * (minutes of queries, and the order of arrival, which decides what was late, is lost).
 */
import type { State, StateTable } from '../core/state/state.ts';
import { stableId } from '../core/event.ts';
import type { Dispatch, Group, Groups } from './dispatch.ts';
import type { Lane } from './lanes.ts';
import type { Incident } from './incident.ts';
import { newWatchState, type Course, type Touched, type WatchState } from './memory.ts';
import type { LaneSum, SeriesRecord } from './window.ts';

/** The last message taken in from each partition. */
export type Offsets = Map<number, { readonly offset: number; readonly appendedAt: number }>;

type PackedLane = Omit<Lane, 'days'> & { readonly days: readonly (readonly [number, number])[] };

interface PackedRecord extends Omit<SeriesRecord, 'buckets'> {
  readonly buckets: readonly {
    readonly start: number;
    readonly lanes: readonly (readonly [string, LaneSum])[];
    readonly copies: readonly (readonly [string, number])[];
    readonly capped: number;
  }[];
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
  const records = state.table<PackedRecord>('alerting.series');
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
      for (const [name, lane] of saved.lanes) watched.lanes.set(name, { ...lane, quiet: 0, days: new Map(lane.days) });
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
      void position.put('position', {
        closed: watched.closed,
        model: watched.model,
        lanes: [...watched.lanes].map(([name, lane]) => [name, { ...lane, days: [...lane.days] }] as const),
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

function pack({ series, waiting, admitted, buckets }: SeriesRecord): PackedRecord {
  return {
    series,
    waiting,
    admitted,
    buckets: buckets.map(({ start, lanes, copies, capped }) => ({
      start,
      lanes: [...lanes],
      copies: [...copies],
      capped,
    })),
  };
}

function unpack({ series, waiting, admitted, buckets }: PackedRecord): SeriesRecord {
  return {
    series,
    waiting,
    admitted,
    buckets: buckets.map(({ start, lanes, copies, capped }) => ({
      start,
      lanes: new Map(lanes.map(([name, sum]) => [name, { ...sum }])),
      copies: new Map(copies),
      capped,
    })),
  };
}
