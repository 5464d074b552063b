/**
 * What alerting keeps of an opinion, and which series it belongs to. Everything downstream (window, baseline, evidence)
 * reads observations, never opinions, so that a checkpoint is small and holds no article texts.
 *
 * Whose word it is decides what one person can do to an alert. A signed item belongs to its author at that outlet. An
 * unsigned social post belongs to one nameless author an outlet: else dropping the name would lift the cap. An
 * unsigned news story counts as its own author: newsrooms seldom sign, and copies are caught by `story`.
 */
import type { Opinion, Series } from '../core/event.ts';
import { seriesKey } from '../core/event.ts';

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
  /** The feed that brought it. */
  readonly lane: string;
  /** Epoch milliseconds of publication: event time. */
  readonly time: number;
  /** Probability that it is negative. The sum over stories is the expected number of negative ones. */
  readonly negative: number;
  /** True where negative is the likeliest sentiment: only these count as support and as evidence. */
  readonly leansNegative: boolean;
  readonly entities: readonly string[];
  /** Null once a bucket holds enough more negative documents to show. */
  shown: ShownDocument | null;
}

const TITLE_LENGTH = 300;

export function observe({ document, sentiment, sentiment_probabilities }: Opinion): Observation {
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
    time: Date.parse(document.published_at),
    negative: sentiment_probabilities.negative,
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

/** Every series that an opinion counts in: one a named entity, one a sector of these (`parents`), and its topic. */
export function seriesOf(opinion: Opinion, parents: ReadonlyMap<string, string> = new Map()): readonly Series[] {
  const series = new Map<string, Series>();
  const named = opinion.document.entities.map(({ id }) => id);
  for (const id of [...named, ...named.map((id) => parents.get(id)).filter((id) => id !== undefined)]) {
    const entity: Series = { kind: 'entity', entity: id, topic: null };
    series.set(seriesKey(entity), entity);
  }
  const topic: Series = { kind: 'topic', entity: null, topic: opinion.topic };
  series.set(seriesKey(topic), topic);
  return [...series.values()];
}
