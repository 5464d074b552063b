/**
 * What alerting keeps of an opinion, and which series it belongs to. Everything downstream (window, baseline, evidence)
 * reads observations, never opinions, so that a checkpoint is small and holds no article texts.
 *
 * Whose word it is decides what one person can do to an alert. A signed item belongs to its author at that outlet. An
 * unsigned social post belongs to one nameless author an outlet: else dropping the name would lift the cap. An
 * unsigned news story counts as its own author: newsrooms seldom sign, and copies are caught by `story`.
 */
import { seriesKey, type Opinion, type Series, type SeriesKind } from '../core/event.ts';
import type { Corrected } from './correction.ts';

/** What it takes to show and open a document later. */
export interface ShownDocument {
  readonly source: string;
  readonly author: string | null;
  readonly url: string | null;
  readonly title: string;
  readonly language: Opinion['document']['language'];
}

export interface Observation {
  readonly id: string;
  readonly story: string;
  /** Whose word it is, as one string: equal strings are one author. */
  readonly author: string;
  /** The feed that brought it, the outlet, and its class. */
  readonly lane: string;
  readonly source: string;
  readonly sourceClass: Opinion['document']['source_class'];
  readonly topic: string;
  readonly event: string | null;
  /** Epoch milliseconds of publication: event time. */
  readonly time: number;
  /** What it counts for: 1, or less the more it looks coordinated. */
  readonly weight: number;
  /** The model's probability that it is negative. */
  readonly probability: number;
  /** The same less the model's known errors, which may lie beyond [0, 1]; the sum over stories counts negative ones. */
  readonly negative: number;
  readonly confidence: number;
  /** True where negative is the likeliest sentiment: only these count as support and as evidence. */
  readonly leansNegative: boolean;
  readonly entities: readonly string[];
  /** Null once a bucket holds enough more negative documents to show. */
  readonly shown: ShownDocument | null;
}

const TITLE_LENGTH = 300;
const AS_SAID: Corrected = ({ negative }) => negative;

export function observe(opinion: Opinion, corrected: Corrected = AS_SAID): Observation {
  const { document, sentiment, sentiment_probabilities, model } = opinion;
  const author =
    document.author !== null
      ? `${document.source}\n${document.author}`
      : document.source_class === 'social'
        ? `${document.source}\n`
        : `\n${document.story}`;
  const title = document.title ?? document.text;
  return {
    id: document.id,
    story: document.story,
    author,
    lane: document.feed,
    source: document.source,
    sourceClass: document.source_class,
    topic: opinion.topic,
    event: opinion.event,
    time: Date.parse(document.published_at),
    weight: 1 - document.coordinated,
    probability: sentiment_probabilities.negative,
    negative: corrected(sentiment_probabilities, model),
    confidence: opinion.confidence,
    leansNegative: sentiment === 'negative',
    entities: [...new Set(document.entities.map(({ id }) => id))],
    shown: {
      source: document.source,
      author: document.author,
      url: document.url,
      title: title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1)}…`.toWellFormed() : title,
      language: document.language,
    },
  };
}

/** Who is shown as the author of an observation: the name that signs it, or its outlet where nobody does. */
export function voiceOf({ author, source }: Pick<Observation, 'author' | 'source'>): string {
  const outlet = author.indexOf('\n');
  const name = author.slice(outlet + 1);
  return outlet <= 0 || name === '' ? source : name;
}

/**
 * The observation as a series of that entity counts it: by what is said of the entity, where the model can tell ("Acme
 * gains as Globex collapses"), else as it is.
 */
export function observeFor(
  observation: Observation,
  { entity }: Series,
  opinion: Opinion,
  corrected: Corrected = AS_SAID,
): Observation {
  const about = entity === null ? undefined : opinion.entity_sentiments.find((one) => one.entity === entity);
  if (about === undefined) return observation;
  return {
    ...observation,
    probability: about.negative,
    negative: corrected(about, opinion.model),
    confidence: Math.max(about.negative, about.neutral, about.positive),
    leansNegative: about.negative > Math.max(about.neutral, about.positive),
  };
}

const ALL_KINDS: readonly SeriesKind[] = ['entity', 'entity_topic', 'topic', 'source_class', 'language'];

/**
 * Every series of the `kinds` that an opinion counts in: each named entity and its sector (`parents`), each of these within
 * the topic, the topic, the class of its source, its language. Texts of other languages than the two have no series of
 * their own: they share nothing.
 */
export function seriesOf(
  { document, topic }: Opinion,
  parents: ReadonlyMap<string, string> = new Map(),
  kinds: readonly SeriesKind[] = ALL_KINDS,
): readonly Series[] {
  const series = new Map<string, Series>();
  const add = (one: Series): void => {
    if (kinds.includes(one.kind)) series.set(seriesKey(one), one);
  };
  for (const { id } of document.entities) {
    for (const entity of [id, parents.get(id)]) {
      if (entity === undefined) continue;
      add({ kind: 'entity', entity, topic: null });
      add({ kind: 'entity_topic', entity, topic });
    }
  }
  add({ kind: 'topic', entity: null, topic });
  add({ kind: 'source_class', entity: null, topic: null, source_class: document.source_class });
  if (document.language !== 'other') add({ kind: 'language', entity: null, topic: null, language: document.language });
  return [...series.values()];
}
