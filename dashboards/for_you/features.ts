/**
 * What is known of a story when it is ranked for a person, as numbers near [0, 1]. Pure. The first half is the same for
 * everybody, the second is how often this person opened what was shown of its entities, topic, source and language; so a
 * dozen weights are learned, in some tens of clicks, and not one for each company.
 */

export interface Candidate {
  readonly story: string;
  readonly document_id: string;
  readonly published_at: string;
  readonly documents: number;
  readonly sources: number;
  /** Mean probability. */
  readonly negative: number;
  readonly entities: readonly string[];
  readonly topic: string;
  readonly source: string;
  readonly language: string;
}

/** Opened and shown, by `entity:x`, `topic:y`, `source:z`, `language:w`. */
export type Tastes = ReadonlyMap<string, { readonly opened: number; readonly shown: number }>;

export interface Surroundings {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Entities with an alert that fires now. */
  readonly firing: ReadonlySet<string>;
}

/** In the order of a vector. */
export const FEATURES = [
  'base',
  'fresh',
  'watched',
  'negative',
  'size',
  'spread',
  'alert',
  'entity',
  'topic',
  'source',
  'language',
] as const;
export type Feature = (typeof FEATURES)[number];

/** Age at which freshness is a third. */
const FRESH_MS = 12 * 3_600_000;
/** How many times something must have been shown to count as known half. */
const DOUBT = 4;

export function featuresOf(candidate: Candidate, tastes: Tastes, { now, firing }: Surroundings): number[] {
  const age = Math.max(0, now - Date.parse(candidate.published_at));
  const liking = (keys: readonly string[]): number =>
    keys.reduce((most, key) => {
      const own = likingOf(key, tastes);
      return Math.abs(own) > Math.abs(most) ? own : most;
    }, 0);
  const values: Readonly<Record<Feature, number>> = {
    base: 1,
    fresh: Math.exp(-age / FRESH_MS),
    watched: candidate.entities.length > 0 ? 1 : 0,
    negative: candidate.negative,
    size: Math.min(1, Math.log1p(candidate.documents) / Math.log(50)),
    spread: Math.min(1, Math.log1p(candidate.sources) / Math.log(20)),
    alert: candidate.entities.some((entity) => firing.has(entity)) ? 1 : 0,
    entity: liking(candidate.entities.map((entity) => `entity:${entity}`)),
    topic: liking([`topic:${candidate.topic}`]),
    source: liking([`source:${candidate.source}`]),
    language: liking([`language:${candidate.language}`]),
  };
  return FEATURES.map((name) => values[name]);
}

/** In (-1, 1): the share opened against the person's own average, shrunk while little was shown. */
function likingOf(key: string, tastes: Tastes): number {
  const all = tastes.get('all');
  const own = tastes.get(key);
  if (own === undefined || all === undefined || all.shown === 0) return 0;
  const usual = (all.opened + 1) / (all.shown + 5);
  return ((own.opened + DOUBT * usual) / (own.shown + DOUBT) - usual) * 2;
}

/** Keys under which a candidate's story counts for tastes. */
export function tasteKeys({ entities, topic, source, language }: Candidate): string[] {
  return [
    'all',
    ...entities.map((entity) => `entity:${entity}`),
    `topic:${topic}`,
    `source:${source}`,
    `language:${language}`,
  ];
}
