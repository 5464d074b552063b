/**
 * Which alerts are one incident. A company in trouble shows in several series at once: itself, its topic, its sector, one
 * language. Alerts that rest on the same stories within a time get one incident id, which grouping and the page go by.
 *
 * Likeness is the overlap coefficient, |A ∩ B| / min(|A|, |B|) (Szymkiewicz 1934; Simpson 1960): a small series within a
 * large one shares all of its own stories with it, which Jaccard's index would call unlike. Rejected: clustering by time
 * alone (two companies in trouble on one day are two incidents).
 */

export interface Incident {
  readonly id: string;
  /** Stories that its alerts rest on, oldest first. */
  stories: readonly string[];
  /** Event time of its last change, epoch milliseconds. */
  at: number;
}

export type Incidents = Map<string, Incident>;

export interface IncidentRules {
  readonly withinMs: number;
  /** Least overlap coefficient, in (0, 1]. */
  readonly overlap: number;
}

const MOST_STORIES = 400;

/** The incident that a new alert belongs to: the likest one of late, or one of its own under `alertId`. */
export function incidentOf(
  incidents: Incidents,
  alertId: string,
  stories: readonly string[],
  at: number,
  rules: IncidentRules,
): string {
  let best: { id: string; likeness: number } | null = null;
  for (const incident of [...incidents.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (at - incident.at > rules.withinMs) continue;
    const likeness = overlap(stories, incident.stories);
    if (likeness >= rules.overlap && (best === null || likeness > best.likeness)) best = { id: incident.id, likeness };
  }
  return best?.id ?? alertId;
}

/** Notes what an alert of that incident rests on now, and forgets incidents that nothing can join any more. */
export function touchIncident(
  incidents: Incidents,
  id: string,
  stories: readonly string[],
  at: number,
  rules: IncidentRules,
): void {
  const incident = incidents.get(id) ?? { id, stories: [], at };
  incident.stories = [...new Set([...incident.stories, ...stories])].slice(-MOST_STORIES);
  incident.at = Math.max(incident.at, at);
  incidents.set(id, incident);
  for (const [key, one] of incidents) if (at - one.at > rules.withinMs) incidents.delete(key);
}

/** |A ∩ B| / min(|A|, |B|); 0 where one is empty. */
export function overlap(a: readonly string[], b: readonly string[]): number {
  const [first, second] = [new Set(a), new Set(b)];
  const least = Math.min(first.size, second.size);
  if (least === 0) return 0;
  let shared = 0;
  for (const one of first) if (second.has(one)) shared += 1;
  return shared / least;
}
