/**
 * What one series said before: sums by block (a stretch of the window's length, on a fixed grid) and feed. Only blocks in
 * which something was said are kept; silence is what the feeds' exposure has beside them. So a series costs memory for what
 * it said, not for how long it has been watched, and 100,000 of them fit (docs/benchmarks.md). Numbers lie in typed columns,
 * which the checkpoint writes as they are. A series with enough stories also keeps them by hour of the week.
 */
import { HOURS_OF_WEEK, hourOfWeek } from './seasonality.ts';

export interface Past {
  /** Names of the feeds that the column `lane` points to. */
  lanes: string[];
  size: number;
  /** Columns; the first `size` entries count, ascending by block. */
  block: Int32Array;
  lane: Uint16Array;
  /** Summed negativity, and stories, both after discounts. */
  negative: Float64Array;
  stories: Float64Array;
  /** Stories so far, capped at what it takes for `hours`. */
  heard: number;
  /** Stories by hour of the week, discounted to `hoursAt`; null before the series has enough of them. */
  hours: Float64Array | null;
  hoursAt: number;
}

/** Stories from which a series has a weekly swing of its own. */
export const ENOUGH_FOR_HOURS = 60;
const HOUR_MS = 3_600_000;
/** Powers of two that discounted hours may stand above one another. */
const MOST_DOUBLINGS = 400;

export function newPast(): Past {
  return {
    lanes: [],
    size: 0,
    block: new Int32Array(2),
    lane: new Uint16Array(2),
    negative: new Float64Array(2),
    stories: new Float64Array(2),
    heard: 0,
    hours: null,
    hoursAt: 0,
  };
}

export interface PastRules {
  readonly windowMs: number;
  /** What was said that long ago counts half. */
  readonly halfLifeMs: number;
}

/** Adds one story at `time` (epoch milliseconds), `weight` of a whole one. */
export function remember(
  past: Past,
  lane: string,
  time: number,
  negative: number,
  weight: number,
  rules: PastRules,
): void {
  const index = indexOf(past, Math.floor(time / rules.windowMs), laneOf(past, lane));
  past.negative[index] = (past.negative[index] ?? 0) + negative;
  past.stories[index] = (past.stories[index] ?? 0) + weight;
  if (past.hours === null) {
    past.heard += weight;
    if (past.heard < ENOUGH_FOR_HOURS) return;
    past.hours = new Float64Array(HOURS_OF_WEEK);
    past.hoursAt = time;
    // What was said so far, this story included, is known by block only: spread evenly over its hours.
    for (let entry = 0; entry < past.size; entry += 1) {
      const start = (past.block[entry] ?? 0) * rules.windowMs;
      const hours = Math.max(1, Math.round(rules.windowMs / HOUR_MS));
      for (let step = 0; step < hours; step += 1) {
        const part = ((past.stories[entry] ?? 0) / hours) * 2 ** ((start - time) / rules.halfLifeMs);
        const hour = hourOfWeek(start + step * HOUR_MS);
        past.hours[hour] = (past.hours[hour] ?? 0) + part;
      }
    }
    return;
  }
  let doublings = (time - past.hoursAt) / rules.halfLifeMs;
  if (doublings > MOST_DOUBLINGS) {
    for (let at = 0; at < HOURS_OF_WEEK; at += 1) past.hours[at] = (past.hours[at] ?? 0) * 2 ** -doublings;
    past.hoursAt = time;
    doublings = 0;
  }
  const hour = hourOfWeek(time);
  past.hours[hour] = (past.hours[hour] ?? 0) + weight * 2 ** doublings;
}

/**
 * The past in blocks of `to` milliseconds, where it was summed in blocks of `from`. Each block's sums go to those that it overlaps, by the
 * time they share: when within a block something was said is known no more. `closed` is where time had come, so that a
 * block which had just begun is not spread over what was still ahead.
 */
export function regrid(past: Past, from: number, to: number, closed: number): Past {
  const { lanes, heard, hours, hoursAt } = past;
  const regridded: Past = { ...newPast(), lanes, heard, hours, hoursAt };
  for (let entry = 0; entry < past.size; entry += 1) {
    const start = (past.block[entry] ?? 0) * from;
    const end = Math.min(start + from, closed);
    // Of another grid yet, from before lengths were written down: nothing can have been said by then.
    if (end <= start) continue;
    for (let block = Math.floor(start / to); block * to < end; block += 1) {
      const part = (Math.min(end, (block + 1) * to) - Math.max(start, block * to)) / (end - start);
      const index = indexOf(regridded, block, past.lane[entry] ?? 0);
      regridded.negative[index] = (regridded.negative[index] ?? 0) + part * (past.negative[entry] ?? 0);
      regridded.stories[index] = (regridded.stories[index] ?? 0) + part * (past.stories[entry] ?? 0);
    }
  }
  return regridded;
}

function laneOf(past: Past, name: string): number {
  const known = past.lanes.indexOf(name);
  return known === -1 ? past.lanes.push(name) - 1 : known;
}

/** The place of a block and lane, made where it is missing. Nearly always the last: stories come in order. */
function indexOf(past: Past, block: number, lane: number): number {
  let index = past.size;
  while (index > 0 && (past.block[index - 1] ?? 0) >= block) {
    index -= 1;
    if (past.block[index] === block && past.lane[index] === lane) return index;
  }
  while (index < past.size && past.block[index] === block) index += 1;
  if (past.size === past.block.length) resize(past, past.size * 2);
  for (const column of [past.block, past.lane, past.negative, past.stories]) {
    column.copyWithin(index + 1, index, past.size);
  }
  past.block[index] = block;
  past.lane[index] = lane;
  past.negative[index] = 0;
  past.stories[index] = 0;
  past.size += 1;
  return index;
}

function resize(past: Past, length: number): void {
  const grow = <Column extends Int32Array | Uint16Array | Float64Array>(from: Column, to: Column): Column => {
    to.set(from.subarray(0, Math.min(from.length, length)));
    return to;
  };
  past.block = grow(past.block, new Int32Array(length));
  past.lane = grow(past.lane, new Uint16Array(length));
  past.negative = grow(past.negative, new Float64Array(length));
  past.stories = grow(past.stories, new Float64Array(length));
}

/** Forgets blocks before `first`. True when something went. */
export function forgetPast(past: Past, first: number): boolean {
  let gone = 0;
  while (gone < past.size && (past.block[gone] ?? 0) < first) gone += 1;
  if (gone === 0) return false;
  for (const column of [past.block, past.lane, past.negative, past.stories]) column.copyWithin(0, gone, past.size);
  past.size -= gone;
  if (past.size * 4 < past.block.length && past.block.length > 2) resize(past, Math.max(2, past.size * 2));
  return true;
}

/** Forgets blocks from `first` on, and the weekly swing, in which they cannot be told apart. True when something went. */
export function forgetFuture(past: Past, first: number): boolean {
  const known = past.size;
  while (past.size > 0 && (past.block[past.size - 1] ?? 0) >= first) past.size -= 1;
  if (past.size === known) return false;
  past.hours = null;
  past.heard = 0;
  return true;
}
