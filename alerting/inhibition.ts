/**
 * What an alert explains, decided before it begins; what an alert hides once it is there is in muting.ts.
 *
 * One incident, one alert. A company in trouble also makes its topic look bad; when most of what drives a topic's window
 * belongs to entities that have an alert of their own, the topic stays silent and its finding says why. Entities are
 * never silenced by topics: they are the more precise statement.
 */
import type { Series } from '../core/event.ts';
import type { Parents } from './labels.ts';
import type { Observation } from './observation.ts';

/** Part of a topic's driving documents from which entity alerts explain it. */
const EXPLAINED = 0.6;

/** The sentence why a topic is held back, or null when it is not. `alerting` holds ids of entities with an alert. */
export function heldBack(driving: readonly Observation[], alerting: ReadonlySet<string>): string | null {
  if (driving.length === 0 || alerting.size === 0) return null;
  const explained = driving.filter(({ entities }) => entities.some((id) => alerting.has(id)));
  if (explained.length <= EXPLAINED * driving.length) return null;
  const names = new Set(explained.flatMap(({ entities }) => entities.filter((id) => alerting.has(id))));
  return (
    `Held back: ${explained.length} of ${driving.length} driving stories belong to ${[...names].sort().join(', ')}, ` +
    'with an alert of its own.'
  );
}

/**
 * The sentence why a sector is held back, or null when it is not: one company in trouble is that company's incident. A
 * sector's alert says that several are.
 */
export function concentrated(series: Series, driving: readonly Observation[], parents: Parents): string | null {
  const { kind, entity } = series;
  if (kind !== 'entity' || entity === null || driving.length === 0) return null;
  const stories = new Map<string, number>();
  for (const { entities } of driving) {
    for (const id of entities) if (parents.get(id) === entity) stories.set(id, (stories.get(id) ?? 0) + 1);
  }
  for (const [id, count] of [...stories].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (count > EXPLAINED * driving.length) {
      return `Held back: ${count} of ${driving.length} driving stories are about ${id} alone, not about its sector.`;
    }
  }
  return null;
}
