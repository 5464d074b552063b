/**
 * The swing of a week as 168 factors around 1, one an hour of the week (Monday 00:00 UTC first). Few series have enough
 * stories for 168 numbers of their own, so each level lends to the next: an hour of the week is shrunk to its hour of the
 * day, that to the profile of a larger whole (all feeds; for a feed's own swing), and that to no swing at all. Each step is
 * the posterior mean of a gamma-Poisson model whose prior is worth `PRIOR` stories (Clayton & Kaldor 1987; the nesting as in
 * multiplicative seasonal count models, West & Harrison 1997, chapter 8). Rejected: Fourier terms (smooth out the opening
 * bell), a week-old copy (noise of one week), factors by day of week times hour of day (a Saturday has no opening bell).
 */
export const HOURS_OF_WEEK = 168;

const HOUR_MS = 3_600_000;
/** Epoch milliseconds of a Monday, midnight UTC. */
const A_MONDAY = Date.UTC(2001, 0, 1);
/** Stories that the wider profile is worth beside a narrower one's own. */
const PRIOR = 20;

export type Profile = Float64Array<ArrayBuffer>;

export const FLAT: Profile = new Float64Array(HOURS_OF_WEEK).fill(1);

/** Hour of the week, 0 to 167, that an epoch time in milliseconds lies in. */
export function hourOfWeek(time: number): number {
  const hour = Math.floor((time - A_MONDAY) / HOUR_MS) % HOURS_OF_WEEK;
  return hour < 0 ? hour + HOURS_OF_WEEK : hour;
}

/**
 * Factors from stories counted by hour of the week, where `usual` would be expected with the factors of `wider`. Their mean,
 * weighted by `usual`, is 1: a profile moves stories within the week, the level says how many there are.
 */
export function profileOf(counted: Float64Array, usual: Float64Array, wider: Profile = FLAT): Profile {
  const total = sumOf(counted);
  const weight = sumOf(usual);
  if (total <= 0 || weight <= 0) return wider;
  const ofDay = new Float64Array(24);
  for (let hour = 0; hour < 24; hour += 1) {
    let stories = 0;
    let expected = 0;
    for (let at = hour; at < HOURS_OF_WEEK; at += 24) {
      stories += counted[at] ?? 0;
      expected += ((usual[at] ?? 0) * total) / weight;
    }
    ofDay[hour] = (stories + PRIOR) / (expected + PRIOR);
  }
  const factors = new Float64Array(HOURS_OF_WEEK);
  let mean = 0;
  for (let at = 0; at < HOURS_OF_WEEK; at += 1) {
    const byDay = ofDay[at % 24] ?? 1;
    const expected = (((usual[at] ?? 0) * total) / weight) * byDay;
    factors[at] = (wider[at] ?? 1) * byDay * (((counted[at] ?? 0) + PRIOR) / (expected + PRIOR));
    mean += ((factors[at] ?? 0) / (wider[at] ?? 1)) * (usual[at] ?? 0);
  }
  const scale = weight / mean;
  for (let at = 0; at < HOURS_OF_WEEK; at += 1) factors[at] = (factors[at] ?? 1) * scale;
  return factors;
}

/** Mean factor of the hours from `start` to `end` (epoch milliseconds; at least one hour). */
export function meanFactor(profile: Profile, start: number, end: number): number {
  if (profile === FLAT) return 1;
  const hours = Math.max(1, Math.round((end - start) / HOUR_MS));
  const first = hourOfWeek(start);
  let sum = 0;
  for (let index = 0; index < hours; index += 1) sum += profile[(first + index) % HOURS_OF_WEEK] ?? 1;
  return sum / hours;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
