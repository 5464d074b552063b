/**
 * What a series usually says at this time of day, learnt as it comes: the median of the same and the two neighbouring
 * slots over the last two weeks; or, where that has been the better forecast, of the same slots of the same weekday over the last weeks.
 * A median because past incidents are in the history; slots as long as the series' step because any length may come.
 * Rejected: harmonics (they smear the sharp edges of office hours and cron jobs), STL (it looks ahead).
 */
export interface Seasonal {
  /** Expected value at `time` (epoch milliseconds), or null before enough was seen. */
  expect(time: number): number | null;
  push(time: number, value: number): void;
}

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** Gaps between rows from which the step is learnt. */
const GAPS = 20;
const SHORTEST_SLOT_MS = 60_000;
/** Values that a median needs. */
const LEAST_VALUES = 6;
/** The weekly forecast is used when its mean absolute error is below this share of the daily one's. */
const WEEKLY_MUST_BEAT = 0.9;
const ERROR_MEMORY = 0.999;

interface Slot {
  /** The value of each period that had one, oldest first; the mean where it had several rows. */
  readonly values: number[];
  period: number;
  rows: number;
}

interface Profile {
  at(index: number, neighbours: boolean): number | null;
  push(index: number, period: number, value: number): void;
}

function createProfile(slots: number, memory: number, scratch: Float64Array): Profile {
  const kept: (Slot | undefined)[] = Array.from({ length: slots });
  return {
    at(index, neighbours) {
      let count = 0;
      const reach = neighbours && slots >= 3 ? 1 : 0;
      for (let offset = -reach; offset <= reach; offset += 1) {
        for (const value of kept[(index + offset + slots) % slots]?.values ?? []) scratch[count++] = value;
      }
      if (count < LEAST_VALUES) return null;
      return scratch.subarray(0, count).sort()[count >> 1] ?? null;
    },
    push(index, period, value) {
      let slot = kept[index];
      if (slot === undefined) kept[index] = slot = { values: [], period: Number.NaN, rows: 0 };
      if (slot.period === period) {
        slot.rows += 1;
        const last = slot.values.length - 1;
        const mean = slot.values[last] ?? 0;
        slot.values[last] = mean + (value - mean) / slot.rows;
        return;
      }
      slot.values.push(value);
      if (slot.values.length > memory) slot.values.shift();
      slot.period = period;
      slot.rows = 1;
    },
  };
}

export function createSeasonal(options: { days: number; weeks: number }): Seasonal {
  const { days, weeks } = options;
  const gaps: number[] = [];
  const scratch = new Float64Array(3 * Math.max(days, weeks));
  let before: number | null = null;
  let slotMs = 0;
  let daily: Profile | null = null;
  let weekly: Profile | null = null;
  let perDay = 1;
  let dailyError = 0;
  let weeklyError = 0;

  const dayOf = (time: number): number => Math.floor(time / DAY_MS);
  const slotOf = (time: number): number => Math.floor((time - dayOf(time) * DAY_MS) / slotMs) % perDay;
  const weekSlotOf = (time: number): number =>
    (((dayOf(time) % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS) * perDay + slotOf(time);

  function learnStep(time: number): void {
    if (before !== null && time > before) gaps.push(time - before);
    before = time;
    if (gaps.length < GAPS) return;
    const step = gaps.sort((a, b) => a - b)[GAPS >> 1] ?? SHORTEST_SLOT_MS;
    slotMs = Math.min(DAY_MS, Math.max(SHORTEST_SLOT_MS, step));
    perDay = Math.max(1, Math.round(DAY_MS / slotMs));
    daily = createProfile(perDay, days, scratch);
    weekly = createProfile(perDay * WEEK_DAYS, weeks, scratch);
  }

  function expect(time: number): number | null {
    const byDay = daily?.at(slotOf(time), true) ?? null;
    if (weeklyError >= WEEKLY_MUST_BEAT * dailyError) return byDay;
    return weekly?.at(weekSlotOf(time), true) ?? byDay;
  }

  function push(time: number, value: number): void {
    if (daily === null || weekly === null) {
      learnStep(time);
      return;
    }
    const byDay = daily.at(slotOf(time), true);
    const byWeek = weekly.at(weekSlotOf(time), true);
    if (byDay !== null && byWeek !== null) {
      dailyError = ERROR_MEMORY * dailyError + Math.abs(value - byDay);
      weeklyError = ERROR_MEMORY * weeklyError + Math.abs(value - byWeek);
    }
    daily.push(slotOf(time), dayOf(time), value);
    weekly.push(weekSlotOf(time), dayOf(time), value);
  }

  return { expect, push };
}
