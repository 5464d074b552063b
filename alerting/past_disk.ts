/**
 * What a series said before, as it is written down. Blocks are numbers on a grid of the window's length, so that length is written beside
 * them: where the setting was changed since, the past is laid on the new grid, and a baseline does not start blank.
 */
import { regrid, type Past } from './past.ts';

/** Columns as lists: the table's encoding knows no typed arrays. */
export interface PackedPast {
  /** Length of a block. Absent where an earlier version wrote it: then it is taken for today's, as nothing tells otherwise. */
  readonly windowMs?: number;
  readonly lanes: readonly string[];
  readonly columns: readonly (readonly number[])[];
  readonly heard: number;
  readonly hours: readonly number[] | null;
  readonly hoursAt: number;
}

export function packPast(past: Past, windowMs: number): PackedPast {
  const { size, lanes, heard, hours, hoursAt } = past;
  const columns = [past.block, past.lane, past.negative, past.stories].map((column) => [...column.subarray(0, size)]);
  return { windowMs, lanes, columns, heard, hours: hours === null ? null : [...hours], hoursAt };
}

/** In blocks of `windowMs`. `closed` is where time had come when it was written, epoch milliseconds. */
export function unpackPast(packed: PackedPast, windowMs: number, closed: number): Past {
  const past = asWritten(packed);
  const { windowMs: written = windowMs } = packed;
  return written === windowMs ? past : regrid(past, written, windowMs, closed);
}

function asWritten({ lanes, columns, heard, hours, hoursAt }: PackedPast): Past {
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
