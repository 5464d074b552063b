/**
 * The watch on disk: what it remembers and the offsets of what it has read, written together, so that after a crash the
 * two agree and nothing counts twice. Only what changed is written. Rejected: rebuilding from the store at each start
 * (minutes of queries, and the order of arrival, which decides what was late, is lost).
 */
import type { State, StateTable } from '../core/state/state.ts';
import { stableId } from '../core/event.ts';
import type { Sampled } from './background.ts';
import type { Dispatch, Group, Groups } from './dispatch.ts';
import type { Ahead, Lane } from './lanes.ts';
import type { Incident } from './incident.ts';
import { newWatchState, type Course, type Touched, type WatchState } from './memory.ts';
import { openSeriesDisk } from './series_disk.ts';

/** The last message taken in from each partition. */
export type Offsets = Map<number, { readonly offset: number; readonly appendedAt: number }>;

type Pairs<Value> = readonly (readonly [number, Value])[];
type PackedLane = Omit<Lane, 'days' | 'volume' | 'ahead' | 'woken'> & {
  readonly days: Pairs<number>;
  /** Absent in a position that an earlier version wrote. */
  readonly ahead?: Pairs<Ahead>;
};

interface Position {
  readonly closed: number | null;
  readonly model: string;
  readonly lanes: readonly (readonly [string, PackedLane])[];
  /** Absent in a position that an earlier version wrote. */
  readonly incidents?: readonly (readonly [string, Incident])[];
  readonly offsets: readonly (readonly [number, { readonly offset: number; readonly appendedAt: number }])[];
}

export interface Checkpoint {
  /**
   * What was last saved. A change of bucket length since then is met by going on at the next whole bucket, one of the window's length
   * by laying pasts on its grid.
   */
  load(bucketMs: number): { state: WatchState; offsets: Offsets; groups: Groups };
  /**
   * Writes what `touched` names. Call within State.transaction; when that has resolved, call what the last run of its work
   * returned, and clear `touched`.
   */
  save(state: WatchState, touched: Touched, offsets: Offsets): () => void;
  /** Writes the groups that the dispatch names as touched. Call within State.transaction; clear them afterwards. */
  saveGroups(dispatch: Pick<Dispatch, 'groups' | 'touched'>): void;
}

/** @param windowMs length of the window, in blocks of which the past of each series is kept */
export function openCheckpoint(state: State, windowMs: number): Checkpoint {
  const position = state.table<Position>('alerting.position');
  const series = openSeriesDisk(state, windowMs);
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
        const maps = { days: new Map(lane.days), ahead: new Map(lane.ahead), volume };
        watched.lanes.set(name, { ...lane, quiet: 0, woken: 0, ...maps });
      }
      for (const { key, value } of voices.entries()) {
        watched.voices.set(key, new Map(value.map(([day, sum]) => [day, { ...sum }])));
      }
      for (const { key, value } of background.entries()) watched.background.set(key, [...value]);
      for (const [key, record] of series.load(saved.closed)) watched.records.set(key, record);
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
      const confirm = series.save(watched.records, watched.closed, touched);
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
      return confirm;
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

/** Without its volume, which has a table of its own, and without when it was woken, which a start decides. */
function packLane({ newest, fetched, since, quiet, idle, days, ahead }: Lane): PackedLane {
  return { newest, fetched, since, quiet, idle, days: [...days], ahead: [...ahead] };
}

function pairsOf<Value>(map: ReadonlyMap<number, Value> | undefined): Pairs<Value> | undefined {
  return map === undefined ? undefined : [...map];
}
