/**
 * The prior of each kind of series, from all of its members, as of the last whole day before the judged window: worked
 * out once a day and the same after a restart, for a price of at most a day's delay.
 *
 * Empirical Bayes by moments (Clayton & Kaldor 1987): the rates of the members have a mean and a variance; what is left of
 * the variance without the noise of counting says how alike members are, and so how many hours of watching their mean is
 * worth for one of them. How members scatter from block to block is pooled over a sample, weighted by what each said.
 */
import type { SeriesKind } from '../core/event.ts';
import { scatterOf, type Scatter } from './baseline.ts';
import type { Pool } from './baseline_level.ts';
import { PRIOR_STORIES } from './baseline_share.ts';
import { createExposures, type ExposureRules, type Exposures } from './exposure.ts';
import type { WatchState } from './memory.ts';
import type { Past } from './past.ts';

const DAY_MS = 86_400_000;
/** Share of negative stories assumed before anything was seen. */
const FIRST_SHARE = 0.2;
const FIRST_DISPERSION = 1.3;
const FIRST_HOURS = 24;
const [LEAST_HOURS, MOST_HOURS] = [6, 72];
/** Members that it takes to say how alike members are. */
const ENOUGH_MEMBERS = 5;
/** Members whose scatter is looked at, spread evenly over the kind; those that said less are left out. */
const SAMPLE = 300;
const ENOUGH_STORIES = 5;

/** What is assumed of a kind of which nothing is known. */
export const FIRST_POOL: Pool = {
  negativePerHour: 0,
  storiesPerHour: 0,
  share: FIRST_SHARE,
  hours: FIRST_HOURS,
  dispersion: FIRST_DISPERSION,
  storyDispersion: FIRST_DISPERSION,
  shareCorrelation: 0.05,
};

/** A function that gives the prior of a kind for a window that starts at `windowStart` (epoch milliseconds). */
export function createPools(state: WatchState, rules: ExposureRules): (kind: SeriesKind, windowStart: number) => Pool {
  let known: { day: number; pools: Map<SeriesKind, Pool> } | null = null;
  // A feed that counts today was a day short of it when the day began.
  const exposuresAt = createExposures(state.lanes, { ...rules, learningHours: Math.max(0, rules.learningHours - 24) });
  return (kind, windowStart) => {
    const day = Math.floor(windowStart / DAY_MS) * DAY_MS;
    if (known?.day !== day) known = { day, pools: new Map() };
    let pool = known.pools.get(kind);
    if (pool === undefined) {
      // Sorted, because sums of floats depend on their order and a reloaded map has another.
      const members = [...state.records]
        .filter(([, { series }]) => series.kind === kind)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { past }]) => past);
      known.pools.set(kind, (pool = poolOf(members, exposuresAt(day + rules.windowMs))));
    }
    return pool;
  };
}

/** The prior from the pasts of all members of a kind. */
export function poolOf(members: readonly Past[], exposures: Exposures): Pool {
  const spoken = members.map((past) => ({ past, ...massesOf(past, exposures) })).filter(({ stories }) => stories > 0);
  const hours = exposures.hours;
  if (spoken.length === 0 || hours === 0) return FIRST_POOL;
  const sum = { negative: 0, stories: 0, squares: 0 };
  for (const { negative, stories } of spoken) {
    sum.negative += negative;
    sum.stories += stories;
    sum.squares += (negative / hours) ** 2;
  }
  const mean = sum.negative / spoken.length / hours;
  const first: Pool = {
    ...FIRST_POOL,
    negativePerHour: mean,
    storiesPerHour: sum.stories / spoken.length / hours,
    share: (sum.negative + FIRST_SHARE * PRIOR_STORIES) / (sum.stories + PRIOR_STORIES),
  };
  const scatter = pooledScatter(spoken, exposures, first);
  const between = sum.squares / spoken.length - mean ** 2 - (mean * scatter.dispersion) / hours;
  const alike = between > 0 ? Math.min(MOST_HOURS, Math.max(LEAST_HOURS, mean / between)) : MOST_HOURS;
  return { ...first, ...scatter, hours: spoken.length < ENOUGH_MEMBERS ? FIRST_HOURS : alike };
}

function massesOf(past: Past, { lanes, first, count, discount }: Exposures): { negative: number; stories: number } {
  const counts = past.lanes.map((name) => lanes.has(name));
  let [negative, stories] = [0, 0];
  for (let entry = 0; entry < past.size; entry += 1) {
    const index = (past.block[entry] ?? 0) - first;
    if (index < 0 || index >= count || counts[past.lane[entry] ?? 0] !== true) continue;
    negative += (past.negative[entry] ?? 0) * (discount[index] ?? 0);
    stories += (past.stories[entry] ?? 0) * (discount[index] ?? 0);
  }
  return { negative: Math.max(0, negative), stories };
}

function pooledScatter(
  spoken: readonly { readonly past: Past; readonly stories: number }[],
  exposures: Exposures,
  pool: Pool,
): Pick<Pool, 'dispersion' | 'storyDispersion' | 'shareCorrelation'> {
  const enough = spoken.filter(({ stories }) => stories >= ENOUGH_STORIES);
  const step = Math.max(1, Math.ceil(enough.length / SAMPLE));
  const members: Scatter[] = [];
  for (let index = 0; index < enough.length; index += step) {
    const member = enough[index];
    if (member !== undefined) members.push(scatterOf(member.past, exposures, pool));
  }
  // The first guess counts like a member that said a little; square roots, so that one large member does not speak for all.
  const usual = (value: (one: Scatter) => number, weight: (one: Scatter) => number, first: number): number =>
    weightedMedian([
      { value: first, weight: Math.sqrt(ENOUGH_STORIES) },
      ...members.map((one) => ({ value: value(one), weight: Math.sqrt(weight(one)) })),
    ]);
  return {
    dispersion: Math.max(
      1,
      usual(
        ({ dispersion }) => dispersion,
        ({ mass }) => mass,
        pool.dispersion,
      ),
    ),
    storyDispersion: Math.max(
      1,
      usual(
        ({ storyDispersion }) => storyDispersion,
        ({ storyMass }) => storyMass,
        pool.storyDispersion,
      ),
    ),
    shareCorrelation: Math.max(
      0,
      usual(
        ({ shareCorrelation }) => shareCorrelation,
        ({ pairs }) => pairs,
        pool.shareCorrelation,
      ),
    ),
  };
}

/** The middle of the members, not their mean: an incident in a few of them is not how the kind scatters. */
function weightedMedian(members: { readonly value: number; readonly weight: number }[]): number {
  const half = members.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  for (const { value, weight } of members.sort((a, b) => a.value - b.value)) {
    sum += weight;
    if (sum >= half) return value;
  }
  return 0;
}
