/**
 * What an alert explains, decided before it begins; what an alert hides once it is there is in muting.ts.
 *
 * One incident, one alert. A company in trouble also makes its topic look bad; when most of what drives a topic's window
 * belongs to entities that have an alert of their own, or when what is left without them is usual, the topic stays silent
 * and its finding says why. Entities are never silenced by topics: they are the more precise statement.
 */
import type { Series } from '../core/event.ts';
import type { Judgement } from './detector.ts';
import type { Parents } from './labels.ts';
import type { Observation } from './observation.ts';

/** Part of a series' driving stories from which other alerts explain it. */
const EXPLAINED = 0.6;

/** Which series have an alert. */
export interface Alarmed {
  readonly entities: Set<string>;
  /** entity/topic */
  readonly pairs: Set<string>;
  readonly topics: Set<string>;
  readonly classes: Set<string>;
}

export function alarm(alarmed: Alarmed, { kind, entity, topic, source_class }: Series): void {
  if (kind === 'entity') alarmed.entities.add(entity ?? '');
  else if (kind === 'entity_topic') alarmed.pairs.add(`${entity ?? ''}/${topic ?? ''}`);
  else if (kind === 'topic') alarmed.topics.add(topic ?? '');
  else if (kind === 'source_class') alarmed.classes.add(source_class ?? '');
}

/**
 * The sentence why another alert says it already, or null when none does. An entity within a topic stands behind the whole
 * entity; an entity behind its own topics; topics, classes of sources and languages behind everything narrower.
 */
export function explained(series: Series, judgement: Judged, alarmed: Alarmed, parents: Parents): string | null {
  const { stories: driving } = judgement;
  const { kind, entity } = series;
  if (kind === 'entity_topic') {
    return alarmed.entities.has(entity ?? '') ? `Held back: ${entity ?? ''} has an alert of its own.` : null;
  }
  const byPair = (one: Observation): string | undefined => {
    const of = kind === 'entity' ? [entity ?? ''] : one.entities;
    return of.map((id) => `${id}/${one.topic}`).find((pair) => alarmed.pairs.has(pair));
  };
  if (kind === 'entity') return heldBack(judgement, byPair) ?? concentrated(series, driving, parents);
  const wide = kind === 'source_class' || kind === 'language';
  return heldBack(
    judgement,
    (one) =>
      one.entities.find((id) => alarmed.entities.has(id)) ??
      byPair(one) ??
      (wide && alarmed.topics.has(one.topic) ? one.topic : undefined) ??
      (kind === 'language' && alarmed.classes.has(one.sourceClass) ? one.sourceClass : undefined),
  );
}

/** What of a judgement tells whether others explain it. */
export type Judged = Pick<Judgement, 'measure' | 'observed' | 'interval' | 'stories'>;

/**
 * The sentence for more than EXPLAINED of the stories being somebody's, or for a number that is within its expected
 * interval without theirs; `owner` names whose a story is. A share has no such rest: it is a ratio.
 */
export function heldBack(
  { measure, observed, interval, stories }: Judged,
  owner: (observation: Observation) => string | undefined,
): string | null {
  const owners = new Set<string>();
  const owned = stories.filter((one) => {
    const name = owner(one);
    if (name !== undefined) owners.add(name);
    return name !== undefined;
  });
  if (owned.length === 0) return null;
  const whose = `${owned.length} of ${stories.length} driving stories belong to ${[...owners].sort().join(', ')}, with an alert of its own`;
  if (owned.length > EXPLAINED * stories.length) return `Held back: ${whose}.`;
  if (measure === 'share') return null;
  const theirs = owned.reduce((sum, one) => sum + one.weight * (measure === 'negative' ? one.negative : 1), 0);
  const rest = Math.max(0, observed - theirs);
  if (rest > interval.high) return null;
  return `Held back: ${whose}; without them ${rest.toFixed(1)} are left, where up to ${interval.high} are usual.`;
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
