/**
 * Returns of a series of closes by the close that they start with, and the close that an alert leads to. A return is of the time
 * that is asked for or there is none: an alert years before the first close, or a market series that begins later, would
 * else be given the return of another time.
 */
import type { Close } from './prices.ts';

const DAY_MS = 86_400_000;
/** Between two closes at most: the exchanges of China were closed for 11 days at the Golden Week of 2023 and the Spring Festival of 2024. */
const LONGEST_PAUSE_DAYS = 12;
/** How much later the market's close may be: a long weekend that the share traded through. */
const MARKET_DAYS = 4;

/** Place of the first close on a day after that moment; null where the moment is not within the closes' time. */
export function startAfter(closes: readonly Close[], time: number): number | null {
  const day = new Date(time).toISOString().slice(0, 10);
  const start = firstFrom(closes, day, 'after');
  const first = closes[start];
  if (start === 0 || first === undefined) return null;
  return daysBetween(day, first.day) <= LONGEST_PAUSE_DAYS ? start : null;
}

/**
 * The return over that many trading days from each close that has one so much later; null across a hole, and where the market has none.
 * @param market what is taken off, over the same days; null: returns are raw
 */
export function returnsByStart(
  closes: readonly Close[],
  days: number,
  market: readonly Close[] | null,
): (number | null)[] {
  const holes = holesBefore(closes);
  return closes.slice(days).map((to, start) => {
    const from = closes[start];
    if (from === undefined || holes[start] !== holes[start + days]) return null;
    const own = to.close / from.close - 1;
    if (market === null) return own;
    const before = closeNear(market, from.day);
    const after = closeNear(market, to.day);
    return before === null || after === null ? null : own - (after.close / before.close - 1);
  });
}

/** How many pauses that no exchange makes lie before each close. */
function holesBefore(closes: readonly Close[]): number[] {
  let holes = 0;
  return closes.map(({ day }, index) => {
    const last = closes[index - 1];
    if (last !== undefined && daysBetween(last.day, day) > LONGEST_PAUSE_DAYS) holes += 1;
    return holes;
  });
}

/** The first close from that day on, where it is not more than a few days later. */
function closeNear(closes: readonly Close[], day: string): Close | null {
  const close = closes[firstFrom(closes, day, 'on or after')];
  return close !== undefined && daysBetween(day, close.day) <= MARKET_DAYS ? close : null;
}

/** By halving: the closes are in the order of days. The number of closes where none is so late. */
function firstFrom(closes: readonly Close[], day: string, side: 'after' | 'on or after'): number {
  let low = 0;
  let high = closes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const seen = closes[middle]?.day ?? '';
    if (seen > day || (side === 'on or after' && seen === day)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}
