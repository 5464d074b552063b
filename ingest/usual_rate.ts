/**
 * How many documents a source usually brings at this hour of the week, and how improbable it is that it brings none for
 * as long as it has. Pure.
 *
 * Counts by hour of the last four weeks, watched hours only (our own absence is no silence). The expected count of an
 * hour of the week is shrunk towards that of its hour of the day, and that towards the mean of all (gamma priors with
 * the weight of half a document); an hour of the week that was never watched may be a tenth as busy as the rest, so that the
 * first weekend raises nothing. Counts scatter more than a Poisson's: each hour is negative binomial, with the
 * dispersion of the source's own hours (by moments, each hour left out of its own mean), so P(none) of an hour is (1 + m/k)^-k.
 * Hours of one source are not independent, which makes the product too small; so a silence must also be longer than the
 * second longest that the source has had in these weeks (the longest may have been a failure).
 * Rejected: a fixed time (an hour is nothing to a weekly feed and long to a wire), and mean and deviation of gaps, which
 * nights and weekends blow up.
 */
const HOUR_MS = 3_600_000;
const KEPT_HOURS = 28 * 24;
/** Shape of the gamma prior around the mean that a cell is shrunk to: the weight of half a document. */
const PRIOR_SHAPE = 0.5;
const UNSEEN_SHARE = 0.1;
/** With less than this nothing is said. */
const FEWEST_HOURS = 6;
const FEWEST_DOCUMENTS = 20;

/** What is kept of a source: plain data. */
export interface RateHistory {
  /** Watched hours (epoch hours) with their counts, oldest first. */
  readonly hours: readonly (readonly [hour: number, count: number])[];
  /** The longest silences between documents: when each ended, and its length in milliseconds. */
  readonly gaps: readonly (readonly [ended: number, length: number])[];
}

/** From when to when, epoch milliseconds. */
export type Span = readonly [from: number, to: number];

export interface Silence {
  /** Probability that a source with this rate brings nothing for so long. */
  readonly probability: number;
  /** Documents that were to be expected meanwhile. */
  readonly expected: number;
  /** The silence is longer than all but one before. */
  readonly isRecord: boolean;
}

export interface UsualRate {
  /** Says that the source was watched at `now` and brought `count` documents since it was last said. */
  watched(now: number, count: number, gapMs?: number): void;
  /** Documents an hour at this hour of the week, by what was seen before `from`; null while that is being learnt. */
  perHour(now: number, from?: number): number | null;
  /** How a silence looks that was watched in these spans, oldest first; null while the rate is being learnt. */
  silence(watched: readonly Span[]): Silence | null;
  history(): RateHistory;
}

export function createUsualRate(kept: RateHistory = { hours: [], gaps: [] }): UsualRate {
  const hours = new Map<number, number>(kept.hours);
  let gaps = [...kept.gaps];
  let model: { readonly hour: number; readonly rates: Rates | null } | null = null;

  /** From the hours before `until`: a silence that goes on must not teach that silence is usual. */
  function rates(until: number): Rates | null {
    const hour = Math.floor(until / HOUR_MS);
    if (model?.hour !== hour || model.rates === null) model = { hour, rates: fit(hours, hour) };
    return model.rates;
  }

  return {
    watched(now, count, gapMs = 0) {
      const hour = Math.floor(now / HOUR_MS);
      hours.set(hour, (hours.get(hour) ?? 0) + count);
      // Only when something came: in a silence of months the usual rate is that of the weeks before it.
      for (const old of count > 0 ? hours.keys() : []) {
        if (old > hour - KEPT_HOURS) break;
        hours.delete(old);
      }
      if (gapMs <= 0) return;
      const recent = [...gaps, [now, gapMs] as const].filter(([ended]) => ended > now - KEPT_HOURS * HOUR_MS);
      gaps = recent.sort((a, b) => b[1] - a[1]).slice(0, 2);
    },
    perHour: (now, from = now) => rates(from)?.mean(Math.floor(now / HOUR_MS)) ?? null,
    silence(watched) {
      const fitted = rates(watched[0]?.[0] ?? 0);
      if (fitted === null) return null;
      let expected = 0;
      let log = 0;
      let length = 0;
      for (const [from, to] of watched) {
        length += to - from;
        for (let at = from; at < to;) {
          const hour = Math.floor(at / HOUR_MS);
          const end = Math.min(to, (hour + 1) * HOUR_MS);
          const mean = fitted.mean(hour) * ((end - at) / HOUR_MS);
          expected += mean;
          // 1/k is the dispersion; 0 is Poisson's.
          log -= fitted.dispersion > 0 ? Math.log1p(mean * fitted.dispersion) / fitted.dispersion : mean;
          at = end;
        }
      }
      return { probability: Math.exp(log), expected, isRecord: length > (gaps[1]?.[1] ?? 0) };
    },
    history: () => ({ hours: [...hours], gaps }),
  };
}

interface Rates {
  mean(hour: number): number;
  readonly dispersion: number;
}

/** From the whole hours before hour `now`; null where they are too few. */
function fit(hours: ReadonlyMap<number, number>, now: number): Rates | null {
  const whole = [...hours].filter(([hour]) => hour < now);
  const total = whole.reduce((sum, [, count]) => sum + count, 0);
  if (whole.length < FEWEST_HOURS || total < FEWEST_DOCUMENTS) return null;
  const overall = total / whole.length;
  const days = tally(whole, (hour) => hour % 24);
  const weeks = tally(whole, (hour) => hour % 168);
  const mean = (hour: number): number => {
    const day = shrunk(days.get(hour % 24), overall);
    // Where the hour of the day was never watched either, the tenth is taken once.
    return days.has(hour % 24) ? shrunk(weeks.get(hour % 168), day) : day;
  };
  // Each hour beside what the others let expect: against its own fit, a burst would look regular.
  let excess = 0;
  let squares = 0;
  for (const [hour, count] of whole) {
    const day = shrunk(without(days.get(hour % 24), count), overall);
    const expected = shrunk(without(weeks.get(hour % 168), count), day);
    excess += (count - expected) ** 2 - expected;
    squares += expected ** 2;
  }
  return { mean, dispersion: Math.min(10, Math.max(0, excess / squares)) };
}

function without(slot: Tally | undefined, count: number): Tally {
  return { hours: (slot?.hours ?? 1) - 1, count: (slot?.count ?? count) - count };
}

type Tally = { hours: number; count: number };

function tally(counts: readonly (readonly [number, number])[], slot: (hour: number) => number): Map<number, Tally> {
  const slots = new Map<number, Tally>();
  for (const [hour, count] of counts) {
    const one = slots.get(slot(hour)) ?? { hours: 0, count: 0 };
    slots.set(slot(hour), { hours: one.hours + 1, count: one.count + count });
  }
  return slots;
}

function shrunk(slot: Tally | undefined, towards: number): number {
  if (slot === undefined) return towards * UNSEEN_SHARE;
  return (PRIOR_SHAPE + slot.count) / (PRIOR_SHAPE / towards + slot.hours);
}
