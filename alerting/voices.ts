/**
 * How negative each class of sources and each outlet usually is, over all series: a tabloid is always gloomier than a wire,
 * so that alone is no divergence. Sums by day, in whole thousandths: the same in whatever order documents come.
 */
import type { Observation } from './observation.ts';

interface DaySum {
  stories: number;
  negative: number;
}

/** By side (sideOf), then by day (epoch milliseconds of its start, UTC). */
export type Voices = Map<string, Map<number, DaySum>>;

export type Sides = 'classes' | 'sources';

const DAY_MS = 86_400_000;
/** Outlets kept; a feed of a million blogs has a usual share for the first ones only. */
const MOST_SIDES = 5000;

export function sideOf({ source, sourceClass }: Pick<Observation, 'source' | 'sourceClass'>, sides: Sides): string {
  return sides === 'classes' ? sourceClass : `source ${source}`;
}

/** Notes what a document said, once for its class and once for its outlet; says which sides those are. */
export function listen(voices: Voices, observation: Observation): readonly string[] {
  const heard: string[] = [];
  const day = Math.floor(observation.time / DAY_MS) * DAY_MS;
  for (const sides of ['classes', 'sources'] as const) {
    const side = sideOf(observation, sides);
    let days = voices.get(side);
    if (days === undefined) {
      if (voices.size >= MOST_SIDES) continue;
      voices.set(side, (days = new Map()));
    }
    const sum = days.get(day) ?? { stories: 0, negative: 0 };
    sum.stories += Math.round(observation.weight * 1000);
    sum.negative += Math.round(observation.weight * observation.negative * 1000);
    days.set(day, sum);
    heard.push(side);
  }
  return heard;
}

/** Stories and negative share of a side on whole days before `before` (epoch milliseconds). */
export function usualOf(voices: Voices, side: string, before: number): { stories: number; share: number } {
  let [stories, negative] = [0, 0];
  for (const [day, sum] of voices.get(side) ?? []) {
    if (day + DAY_MS > before) continue;
    stories += sum.stories;
    negative += sum.negative;
  }
  return { stories: stories / 1000, share: stories === 0 ? 0 : Math.min(1, Math.max(0, negative / stories)) };
}

/** Forgets days before `before`, and sides of which nothing is left; says which sides it was. */
export function forgetVoices(voices: Voices, before: number): readonly string[] {
  const changed: string[] = [];
  for (const [side, days] of voices) {
    const known = days.size;
    for (const day of days.keys()) if (day + DAY_MS <= before) days.delete(day);
    if (days.size === 0) voices.delete(side);
    if (days.size < known) changed.push(side);
  }
  return changed;
}
