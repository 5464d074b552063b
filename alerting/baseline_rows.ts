/**
 * A series' past as one row a feed: what it said in each block, and how much it could have said there. Feeds are read one by
 * one, each with its own exposure, so one that was added later is not averaged with the time before it.
 */
import type { Exposures, LaneExposure } from './exposure.ts';
import type { Past } from './past.ts';
import { FLAT, HOURS_OF_WEEK, profileOf, type Profile } from './seasonality.ts';

/** Stories that "as busy as usual" is worth against a feed's count of a window. */
const PRIOR_VOLUME = 20;
/** Twice as busy a feed is expected to say 1.4 times as much of each series, and at most that much more. */
const BUSY_POWER = 0.5;
const MOST_ACTIVITY = 2;
const LEAST_ACTIVITY = 0.1;

/** How busy a feed is against its usual, without the series that asks: below 1 in proportion, above it damped. */
export function busy(said: number, usual: number): number {
  const ratio = (Math.max(0, said) + PRIOR_VOLUME) / (Math.max(0, usual) + PRIOR_VOLUME);
  return ratio <= 1 ? Math.max(LEAST_ACTIVITY, ratio) : Math.min(MOST_ACTIVITY, ratio ** BUSY_POWER);
}

/** One feed's part of a series' past. */
export interface Row {
  readonly name: string;
  readonly lane: LaneExposure;
  readonly negative: Float64Array;
  readonly stories: Float64Array;
  readonly exposure: Float64Array;
  /** Discounted stories. */
  discounted: number;
  /** Exposure of the judged window. */
  ahead: number;
}

export function rowsOf(past: Past, { lanes, first, count, discount }: Exposures): Row[] {
  const rows: (Row | undefined)[] = past.lanes.map((name) => {
    const lane = lanes.get(name);
    if (lane === undefined) return undefined;
    const [negative, stories, exposure] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
    return { name, lane, negative, stories, exposure, discounted: 0, ahead: 0 };
  });
  for (let entry = past.size - 1; entry >= 0; entry -= 1) {
    const index = (past.block[entry] ?? 0) - first;
    if (index < 0) break;
    const row = rows[past.lane[entry] ?? 0];
    if (index >= count || row === undefined) continue;
    row.negative[index] = past.negative[entry] ?? 0;
    row.stories[index] = past.stories[entry] ?? 0;
    row.discounted += (past.stories[entry] ?? 0) * (discount[index] ?? 0);
  }
  // By name, because sums depend on their order and a feed's place in the past on who spoke first.
  return rows.filter((row) => row !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The series' own weekly swing beside its feeds', flat before it has enough stories. */
export function swingOf(past: Past, rows: readonly Row[], { windowStart, halfLifeMs }: Exposures): Profile {
  if (past.hours === null) return FLAT;
  const usual = new Float64Array(HOURS_OF_WEEK);
  for (const { lane, discounted } of rows) {
    const rate = lane.totalUsual > 0 ? discounted / lane.totalUsual : 0;
    for (let hour = 0; hour < HOURS_OF_WEEK; hour += 1) {
      usual[hour] = (usual[hour] ?? 0) + rate * (lane.byHour[hour] ?? 0);
    }
  }
  const scale = 2 ** ((past.hoursAt - windowStart) / halfLifeMs);
  return profileOf(
    past.hours.map((value) => value * scale),
    usual,
  );
}
