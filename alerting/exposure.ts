/**
 * How much each feed could have said: the exposure that a series' counts are read against. An hour of a feed is worth its
 * usual part of the week (profileOf, over the feed's stories of all series); a day on which the feed was silent is worth
 * nothing. Beside that stands how much the feed did say. Together they meet nights and weekends, holidays and outages
 * without a calendar: on a holiday the feed says a third of the usual, so a third is expected of each series, and what is
 * learnt from that day is no lower rate. Rejected: a calendar of holidays (which country's? and newsrooms work on some).
 *
 * Worked out once a tick for all series, over the past in blocks of the window's length; the profiles once a day.
 */
import { hasLearnt, watched, type Lane, type Lanes } from './lanes.ts';
import { FLAT, HOURS_OF_WEEK, hourOfWeek, profileOf, type Profile } from './seasonality.ts';

export interface ExposureRules {
  readonly windowMs: number;
  readonly historyMs: number;
  readonly halfLifeMs: number;
  /** A feed counts after it spoke on that many hours of whole days. */
  readonly learningHours: number;
}

/** One feed. Usual hours are hours weighted by their usual part: a week has 168 of them. */
export interface LaneExposure {
  /** By block, index 0 being `Exposures.first`. */
  readonly usual: Float64Array;
  readonly stories: Float64Array;
  readonly window: { readonly usual: number; readonly stories: number };
  /** Stories of the feed in a usual hour, discounted. */
  readonly rate: number;
  /** Discounted sums over the history. */
  readonly totalUsual: number;
  readonly totalStories: number;
  /** Discounted usual hours by hour of the week. */
  readonly byHour: Float64Array;
}

export interface Exposures {
  /** Start of the window that is judged; the past ends here. Epoch milliseconds. */
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly windowMs: number;
  readonly halfLifeMs: number;
  /** Number of the first block of the history, and how many there are. Block b is [b, b + 1) × windowMs. */
  readonly first: number;
  readonly count: number;
  /** What a block is worth for its age: 1 now, one half after the half-life. */
  readonly discount: Float64Array;
  /** Feeds with a history of their own. */
  readonly lanes: ReadonlyMap<string, LaneExposure>;
  /** Most discounted usual hours, and most usual hours of the window, that any feed was watched for. */
  readonly hours: number;
  readonly windowHours: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A function that gives the exposures of the window ending at `end` (epoch milliseconds). */
export function createExposures(lanes: Lanes, rules: ExposureRules): (end: number) => Exposures {
  let profiles: { day: number; of: ReadonlyMap<string, Profile> } | null = null;
  let last: Exposures | null = null;
  return (end) => {
    if (last?.windowEnd === end) return last;
    const day = Math.floor((end - rules.windowMs) / DAY_MS) * DAY_MS;
    if (profiles?.day !== day) profiles = { day, of: profilesOf(lanes, day, rules) };
    last = exposuresAt(lanes, end, rules, profiles.of);
    return last;
  };
}

function exposuresAt(
  lanes: Lanes,
  end: number,
  rules: ExposureRules,
  profiles: ReadonlyMap<string, Profile>,
): Exposures {
  const { windowMs, historyMs, halfLifeMs } = rules;
  const windowStart = end - windowMs;
  const first = Math.ceil((windowStart - historyMs) / windowMs);
  const count = Math.max(0, Math.floor(windowStart / windowMs) - first);
  const discount = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    discount[index] = 2 ** (((first + index + 1) * windowMs - windowStart) / halfLifeMs);
  }
  const learnt = new Map<string, LaneExposure>();
  let hours = 0;
  let windowHours = 0;
  for (const [name, lane] of lanes) {
    if (!hasLearnt(lane, windowStart, rules.learningHours)) continue;
    const profile = profiles.get(name) ?? FLAT;
    const exposure = laneExposure(lane, profile, { first, count, discount, windowStart, end, windowMs });
    learnt.set(name, exposure);
    hours = Math.max(hours, exposure.totalUsual);
    windowHours = Math.max(windowHours, exposure.window.usual);
  }
  return {
    windowStart,
    windowEnd: end,
    windowMs,
    halfLifeMs,
    first,
    count,
    discount,
    lanes: learnt,
    hours,
    // A window in which no feed was watched is judged as a usual one: what was said in it was heard.
    windowHours: windowHours > 0 ? windowHours : windowMs / HOUR_MS,
  };
}

interface Grid {
  readonly first: number;
  readonly count: number;
  readonly discount: Float64Array;
  readonly windowStart: number;
  readonly end: number;
  readonly windowMs: number;
}

function laneExposure(lane: Lane, profile: Profile, grid: Grid): LaneExposure {
  const { first, count, discount, windowStart, end, windowMs } = grid;
  const usual = new Float64Array(count);
  const stories = new Float64Array(count);
  const byHour = new Float64Array(HOURS_OF_WEEK);
  for (const [from, to] of watched(lane, first * windowMs, (first + count) * windowMs)) {
    for (let at = from; at < to;) {
      const next = Math.min(to, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
      const index = Math.floor(at / windowMs) - first;
      const hour = hourOfWeek(at);
      const worth = ((next - at) / HOUR_MS) * (profile[hour] ?? 1);
      usual[index] = (usual[index] ?? 0) + worth;
      byHour[hour] = (byHour[hour] ?? 0) + worth * (discount[index] ?? 0);
      at = next;
    }
  }
  const window = { usual: 0, stories: 0 };
  for (let at = windowStart; at < end; at += HOUR_MS) {
    window.usual += (Math.min(HOUR_MS, end - at) / HOUR_MS) * (profile[hourOfWeek(at)] ?? 1);
  }
  for (const [slot, volume] of lane.volume) {
    if (slot >= windowStart && slot < end) window.stories += volume / THOUSAND;
    const index = Math.floor(slot / windowMs) - first;
    if (index >= 0 && index < count) stories[index] = (stories[index] ?? 0) + volume / THOUSAND;
  }
  let totalUsual = 0;
  let totalStories = 0;
  for (let index = 0; index < count; index += 1) {
    const weight = discount[index] ?? 0;
    totalUsual += weight * (usual[index] ?? 0);
    totalStories += weight * (stories[index] ?? 0);
  }
  const rate = totalUsual > 0 ? totalStories / totalUsual : 0;
  return { usual, stories, window, rate, totalUsual, totalStories, byHour };
}

/** Volumes are whole thousandths of a story: sums of whole numbers come out the same in whatever order they are added. */
export const THOUSAND = 1000;

/** The weekly swing of each feed over the history before `day`, each shrunk to that of all feeds together. */
function profilesOf(lanes: Lanes, day: number, rules: ExposureRules): ReadonlyMap<string, Profile> {
  const from = day - rules.historyMs;
  const all = { counted: new Float64Array(HOURS_OF_WEEK), usual: new Float64Array(HOURS_OF_WEEK) };
  const each = new Map<string, typeof all>();
  for (const [name, lane] of [...lanes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = { counted: new Float64Array(HOURS_OF_WEEK), usual: new Float64Array(HOURS_OF_WEEK) };
    for (const [start, end] of watched(lane, from, day)) {
      for (let at = start; at < end; at += HOUR_MS) {
        const hour = hourOfWeek(at);
        own.usual[hour] = (own.usual[hour] ?? 0) + 1;
      }
    }
    let total = 0;
    let hours = 0;
    for (const [at, volume] of lane.volume) {
      if (at < from || at >= day) continue;
      const hour = hourOfWeek(at);
      own.counted[hour] = (own.counted[hour] ?? 0) + volume / THOUSAND;
      total += volume / THOUSAND;
    }
    for (const usual of own.usual) hours += usual;
    each.set(name, own);
    if (hours === 0) continue;
    for (let hour = 0; hour < HOURS_OF_WEEK; hour += 1) {
      all.counted[hour] = (all.counted[hour] ?? 0) + (own.counted[hour] ?? 0);
      all.usual[hour] = (all.usual[hour] ?? 0) + ((own.usual[hour] ?? 0) * total) / hours;
    }
  }
  const pooled = profileOf(all.counted, all.usual);
  return new Map([...each].map(([name, { counted, usual }]) => [name, profileOf(counted, usual, pooled)]));
}
