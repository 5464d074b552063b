/**
 * An alert's labels: what silences, grouping and inhibition match, as Prometheus' labels are matched by Alertmanager.
 * They are worked out once, when the row is made, and stored with it, so that the page, the command line and another
 * process match by the same words.
 */
import type { Series } from '../core/event.ts';

/** The sector of each watched entity that has one: child's id → parent's id. */
export type Parents = ReadonlyMap<string, string>;

export interface LabelFacts {
  readonly detector: string;
  readonly name: string;
  readonly severity: string;
  readonly incident: string;
  readonly series: Series;
}

/**
 * kind, entity, topic and whatever else the series says; detector, name, severity, incident; and where the watchlist has
 * sectors: `sector` (the parent's id, also on the parent itself) and `level`, sector or member.
 */
export function labelsOf(
  { detector, name, severity, incident, series }: LabelFacts,
  parents: Parents,
): Record<string, string> {
  const labels: Record<string, string> = { detector, name, severity, incident };
  for (const [key, value] of Object.entries(series)) if (typeof value === 'string' && value !== '') labels[key] = value;
  const { entity } = series;
  if (entity === null) return labels;
  const isParent = [...parents.values()].includes(entity);
  const sector = isParent ? entity : parents.get(entity);
  return sector === undefined ? labels : { ...labels, sector, level: isParent ? 'sector' : 'member' };
}
