/**
 * What alerts were worth on a stream whose truth is known: planted surges found, how late, and alerts that nothing
 * planted justifies. An alert between the start of a surge and six hours after its end finds it; later ones of the
 * following day are neither right nor wrong; all others are false, whatever tempted them.
 */
import { drawFrom } from './random.ts';
import { DAY, HOUR, LEARNING_DAYS, SIZES, START, type Planted, type Size, type SurgeStream } from './surge_stream.ts';

export interface Raised {
  readonly entity: string;
  readonly at: number;
}

export interface Tally {
  /** Series-months watched after the learning days. */
  months: number;
  readonly surges: Record<Size, number>;
  readonly found: Record<Size, number>;
  /** Hours from the start of each found surge to its alert. */
  readonly delays: number[];
  /** False alerts by what was going on: a distraction, or nothing. */
  readonly falseAlerts: Map<string, number>;
}

export function newTally(): Tally {
  const none = { small: 0, medium: 0, large: 0 };
  return { months: 0, surges: { ...none }, found: { ...none }, delays: [], falseAlerts: new Map() };
}

const isSurge = (planted: Planted): boolean => (SIZES as readonly string[]).includes(planted.kind);

/** Adds one stream's alerts to the tally. */
export function tallyAlerts(tally: Tally, stream: SurgeStream, alerts: readonly Raised[]): void {
  const outages = stream.planted.filter(({ kind }) => kind === 'outage');
  const unseen = (one: Planted): boolean => outages.some(({ from, to }) => from < one.to && to > one.from);
  const byEntity = new Map<string, number[]>(stream.entities.map((entity) => [entity, []]));
  for (const { entity, at } of alerts) {
    if (at >= START + LEARNING_DAYS * DAY) byEntity.get(entity)?.push(at);
  }
  tally.months += (stream.entities.length * (stream.days - LEARNING_DAYS)) / 30;
  for (const [entity, times] of byEntity) {
    const own = stream.planted.filter((one) => one.entity === entity);
    for (const surge of own) {
      if (!isSurge(surge) || unseen(surge)) continue;
      const size = surge.kind as Size;
      tally.surges[size] += 1;
      const first = times.filter((at) => at >= surge.from && at <= surge.to + 6 * HOUR).sort((a, b) => a - b)[0];
      if (first === undefined) continue;
      tally.found[size] += 1;
      tally.delays.push((first - surge.from) / HOUR);
    }
    for (const at of times) {
      if (own.some((one) => isSurge(one) && at >= one.from && at <= one.to + DAY)) continue;
      const cause =
        own.find((one) => at >= one.from && at <= one.to + DAY)?.kind ??
        (outages.some(({ from, to }) => at >= from && at <= to + DAY) ? 'outage' : 'nothing');
      tally.falseAlerts.set(cause, (tally.falseAlerts.get(cause) ?? 0) + 1);
    }
  }
}

/** Adds tallies up. */
export function joined(tallies: readonly Tally[]): Tally {
  const sum = newTally();
  for (const { months, surges, found, delays, falseAlerts } of tallies) {
    sum.months += months;
    for (const size of SIZES) {
      sum.surges[size] += surges[size];
      sum.found[size] += found[size];
    }
    sum.delays.push(...delays);
    for (const [cause, count] of falseAlerts) sum.falseAlerts.set(cause, (sum.falseAlerts.get(cause) ?? 0) + count);
  }
  return sum;
}

/** One tally a series: what is drawn again for an interval, because what happens to one company hangs together. */
export function talliesOf(stream: SurgeStream, alerts: readonly Raised[]): Tally[] {
  return stream.entities.map((entity) => {
    const tally = newTally();
    tallyAlerts(
      tally,
      { ...stream, entities: [entity] },
      alerts.filter((alert) => alert.entity === entity),
    );
    return tally;
  });
}

const ROUNDS = 1000;

/**
 * 95% bootstrap interval over series (percentile method) of a figure of one rule, or of two on the same series.
 * @param figure of the tallies drawn, in the order given
 */
export function interval(
  rules: readonly (readonly Tally[])[],
  figure: (...drawn: readonly Tally[]) => number,
  seed = 1,
): readonly [number, number] {
  const draw = drawFrom(seed);
  const count = rules[0]?.length ?? 0;
  const figures = Array.from({ length: ROUNDS }, () => {
    const places = Array.from({ length: count }, () => draw.below(count));
    return figure(...rules.map((tallies) => joined(places.map((place) => tallies[place] ?? newTally()))));
  }).sort((a, b) => a - b);
  return [figures[Math.floor(0.025 * ROUNDS)] ?? 0, figures[Math.floor(0.975 * ROUNDS)] ?? 0];
}

export function falsePerMonth({ falseAlerts, months }: Tally): number {
  return [...falseAlerts.values()].reduce((sum, count) => sum + count, 0) / months;
}

export function recallOf({ surges, found }: Tally, sizes: readonly Size[] = SIZES): number {
  const all = sizes.reduce((sum, size) => sum + surges[size], 0);
  return all === 0 ? 0 : sizes.reduce((sum, size) => sum + found[size], 0) / all;
}

export function medianDelay({ delays }: Tally): number {
  const sorted = [...delays].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : (sorted[sorted.length >> 1] ?? Number.NaN);
}

/** Hours from a strength at or above the threshold to an alert's end, and from its end to the next: as our own defaults. */
const HOLD_HOURS = 2;
const REFRACTORY_HOURS = 24;

/** Alerts of a rule that is evaluated at the end of each hour: hours (0-based) after which one fires. */
export function firings(strengths: ArrayLike<number>, threshold: number): number[] {
  const fired: number[] = [];
  let firing = false;
  let below = 0;
  let ended = -Infinity;
  for (let hour = 0; hour < strengths.length; hour += 1) {
    const above = (strengths[hour] ?? 0) >= threshold;
    if (!firing) {
      if (!above || hour - ended < REFRACTORY_HOURS) continue;
      firing = true;
      below = 0;
      fired.push(hour);
      continue;
    }
    below = above ? 0 : below + 1;
    if (below < HOLD_HOURS) continue;
    firing = false;
    ended = hour;
  }
  return fired;
}
