/**
 * A lane is one ingest feed. Lanes say how far event time has come (the watermark) and how long each feed has been
 * watched (its coverage), so that neither a feed that is silent nor one that has just been added can raise an alert.
 *
 * The watermark is the earliest of the lanes' newest event times, less the allowed lateness (Akidau et al., The Dataflow
 * Model, 2015). An idle lane stands at the present: nothing of it is outstanding. A lane is idle when it brought nothing
 * for `idle_secs` while no document waited anywhere in the pipeline, or when documents fetched that much later have come
 * through: a slow classifier makes no lane idle. Silence counts only while somebody listened: after a start or a sleep each
 * feed has its time anew to bring what was missed. A feed that is replayed at a pace lives in the past and has gaps of its
 * own, so it holds the watermark from the start and is given far longer (REPLAY_IDLE_MS).
 *
 * What came out of one partition of the log while an earlier part of another still waits is ahead: it counts in its window,
 * but carries the watermark only when the others have come as far (heard.ts).
 *
 * Rejected: a lane an outlet (a file carries many outlets, most of which are silent most of the time), and one watermark
 * over all feeds for live work (feeds dated today would make every item of a replayed feed late).
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REPLAY_IDLE_MS = 600_000;

export interface Lane {
  /** Newest event time seen, epoch milliseconds; null for a replayed feed that has not spoken yet. */
  newest: number | null;
  /** Newest and earliest time of fetching seen, epoch milliseconds; the newest is that of all lanes where it was woken since. */
  fetched: number;
  since: number;
  /** Milliseconds of real time for which the pipeline was empty and this lane silent. */
  quiet: number;
  idle: boolean;
  /** Until when nobody listened, epoch milliseconds; 0 where it was first heard since. Not written down: a start wakes all. */
  woken: number;
  /** Days (UTC, epoch milliseconds of their start) on which it spoke, each with its earliest event time. */
  readonly days: Map<number, number>;
  /** Documents by slot (epoch milliseconds of its start; see slotOf), in whole thousandths after discounts. */
  readonly volume: Map<number, number>;
  /** What is ahead of other partitions, by second of fetching: newest event time and how many. */
  readonly ahead: Map<number, Ahead>;
}

export interface Ahead {
  readonly newest: number;
  readonly documents: number;
}

export type Lanes = Map<string, Lane>;

export interface WatermarkRules {
  readonly mode: 'per_feed' | 'global';
  readonly latenessMs: number;
  readonly idleMs: number;
  /** Feeds that are replayed at a pace; of no account in global mode. */
  readonly replayed: ReadonlySet<string>;
}

function newLane(): Lane {
  return {
    newest: null,
    fetched: 0,
    since: Infinity,
    quiet: 0,
    idle: false,
    woken: 0,
    days: new Map(),
    volume: new Map(),
    ahead: new Map(),
  };
}

/** The longest time of at most an hour that divides both hours and buckets: windows begin and end with slots. */
export function slotOf(bucketMs: number): number {
  let [a, b] = [bucketMs, HOUR_MS];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** Adds the lanes of replayed feeds that have not spoken yet: from the start, nothing may overtake them. */
export function expectReplays(lanes: Lanes, rules: WatermarkRules): void {
  if (rules.mode === 'global') return;
  for (const name of rules.replayed) if (!lanes.has(name)) lanes.set(name, newLane());
}

/**
 * Notes that nobody listened until `now`: no live feed was silent meanwhile, and none is overtaken before it could answer. What was
 * fetched so far proves no silence any more; what waits in the log and was fetched later does, as ever.
 */
export function wake(lanes: Lanes, rules: WatermarkRules, now: number): void {
  const fetched = latestFetchOf(lanes);
  for (const [name, lane] of lanes) {
    if (!rules.replayed.has(name)) Object.assign(lane, { fetched, quiet: 0, idle: false, woken: now });
  }
}

function latestFetchOf(lanes: Lanes): number {
  return Math.max(...[...lanes.values()].map((lane) => lane.fetched));
}

/** Takes back what a clock that was ahead has put beyond `now`: else such a lane would hold nothing back until then. */
export function keepWithin(lanes: Lanes, now: number): void {
  for (const lane of lanes.values()) {
    if (lane.newest !== null) lane.newest = Math.min(lane.newest, now);
    lane.fetched = Math.min(lane.fetched, now);
    lane.woken = Math.min(lane.woken, now);
  }
}

/**
 * Notes that a document of that lane came. Times in epoch milliseconds; `weight` of a whole document, `slotMs` by
 * slotOf; what was fetched at `heardUntil` or later is ahead. Volumes are kept in whole thousandths, whose sum is the same in
 * whatever order documents come.
 */
export function hear(
  lanes: Lanes,
  name: string,
  time: number,
  fetched: number,
  weight = 1,
  slotMs: number = HOUR_MS,
  heardUntil = Infinity,
): void {
  let lane = lanes.get(name);
  if (lane === undefined) lanes.set(name, (lane = newLane()));
  if (fetched < heardUntil) lane.newest = Math.max(lane.newest ?? time, time);
  else {
    const second = Math.floor(fetched / 1000) * 1000;
    const { newest = time, documents = 0 } = lane.ahead.get(second) ?? {};
    lane.ahead.set(second, { newest: Math.max(newest, time), documents: documents + 1 });
  }
  lane.fetched = Math.max(lane.fetched, fetched);
  lane.since = Math.min(lane.since, fetched);
  lane.quiet = 0;
  lane.idle = false;
  const day = Math.floor(time / DAY_MS) * DAY_MS;
  lane.days.set(day, Math.min(lane.days.get(day) ?? time, time));
  const slot = Math.floor(time / slotMs) * slotMs;
  lane.volume.set(slot, (lane.volume.get(slot) ?? 0) + Math.round(weight * 1000));
}

/** Lets what was ahead carry the watermark, as far as everything was heard. */
export function catchUp(lanes: Lanes, heardUntil: number): void {
  for (const lane of lanes.values()) {
    for (const [second, { newest }] of lane.ahead) {
      if (second + 1000 > heardUntil) continue;
      lane.newest = Math.max(lane.newest ?? newest, newest);
      lane.ahead.delete(second);
    }
  }
}

/** The time of fetching behind which all but `most` documents that are ahead lie; null where there are no more than that. */
export function tooFarAhead(lanes: Lanes, most: number): number | null {
  let documents = 0;
  const seconds = new Map<number, number>();
  for (const { ahead } of lanes.values()) {
    for (const [second, one] of ahead) {
      documents += one.documents;
      seconds.set(second, (seconds.get(second) ?? 0) + one.documents);
    }
  }
  if (documents <= most) return null;
  for (const [second, count] of [...seconds].toSorted(([a], [b]) => a - b)) {
    documents -= count;
    if (documents <= most) return second + 1000;
  }
  return null;
}

/** Notes that `elapsedMs` of real time passed with nothing waiting in the pipeline. */
export function passQuietly(lanes: Lanes, elapsedMs: number): void {
  for (const lane of lanes.values()) lane.quiet += elapsedMs;
}

/**
 * How far event time has come, in epoch milliseconds, or null when nothing can be said yet. `now` is the present by the
 * machine's clock (of no account in global mode); event times beyond it don't carry the watermark into the future. What was
 * fetched after `heardUntil` makes no lane idle.
 */
export function watermark(lanes: Lanes, rules: WatermarkRules, now: number, heardUntil = Infinity): number | null {
  if (lanes.size === 0) return null;
  if (rules.mode === 'global') {
    const newest = Math.max(...[...lanes.values()].map((lane) => lane.newest ?? -Infinity));
    return Number.isFinite(newest) ? newest - rules.latenessMs : null;
  }
  const latestFetch = Math.min(heardUntil, latestFetchOf(lanes));
  let earliest = now;
  for (const [name, lane] of lanes) {
    const replayed = rules.replayed.has(name);
    // What was fetched since it was woken proves no silence of before.
    const heardAt = latestFetch > lane.woken ? Math.max(lane.fetched, lane.woken) : lane.fetched;
    lane.idle ||= replayed
      ? lane.quiet >= REPLAY_IDLE_MS
      : lane.quiet >= rules.idleMs || latestFetch - heardAt >= rules.idleMs;
    if (lane.idle) continue;
    if (lane.newest === null) return null;
    earliest = Math.min(earliest, lane.newest);
  }
  return earliest - rules.latenessMs;
}

/** Forgets days before `before` (epoch milliseconds), and lanes that have been idle for that long; says which changed. */
export function forgetDays(lanes: Lanes, before: number): readonly string[] {
  const changed: string[] = [];
  for (const [name, lane] of lanes) {
    const known = lane.days.size + lane.volume.size;
    for (const day of lane.days.keys()) if (day + DAY_MS <= before) lane.days.delete(day);
    for (const slot of lane.volume.keys()) if (slot + HOUR_MS <= before) lane.volume.delete(slot);
    if (lane.days.size === 0 && lane.idle) lanes.delete(name);
    if (lane.days.size + lane.volume.size < known) changed.push(name);
  }
  return changed;
}

/**
 * The stretches within [from, to) for which the lane was watched: the days on which it spoke, its first day from its
 * first document on. Silent days are left out: an outage must not lower the baseline, and a single old item that a new
 * feed still lists must not pass for weeks of watching.
 */
export function watched(lane: Lane, from: number, to: number): readonly (readonly [number, number])[] {
  const days = [...lane.days].sort(([a], [b]) => a - b);
  return days
    .map(([day, first], index) => [Math.max(from, index === 0 ? first : day), Math.min(to, day + DAY_MS)] as const)
    .filter(([start, end]) => end > start);
}

/**
 * True when, before `before`, the lane had spoken on `hours` worth of whole days, or had been fetched for as long: the
 * first for feeds that bring their past with them, the second for feeds that seldom speak.
 */
export function hasLearnt(lane: Lane, before: number, hours: number): boolean {
  if (before - lane.since >= hours * HOUR_MS) return true;
  let days = 0;
  for (const day of lane.days.keys()) if (day + DAY_MS <= before) days += 1;
  return days * 24 >= hours;
}
