/** What a series said before, as it is written down. */
import type { Past } from './past.ts';

/** Columns as lists: the table's encoding knows no typed arrays. */
export interface PackedPast {
  readonly lanes: readonly string[];
  readonly columns: readonly (readonly number[])[];
  readonly heard: number;
  readonly hours: readonly number[] | null;
  readonly hoursAt: number;
}

export function packPast(past: Past): PackedPast {
  const { size, lanes, heard, hours, hoursAt } = past;
  const columns = [past.block, past.lane, past.negative, past.stories].map((column) => [...column.subarray(0, size)]);
  return { lanes, columns, heard, hours: hours === null ? null : [...hours], hoursAt };
}

export function unpackPast({ lanes, columns, heard, hours, hoursAt }: PackedPast): Past {
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
