/**
 * The four nouns of the house, one per arrow: Document, Opinion, Finding, Alert. Every topic of the stream, table of
 * the store, API answer and webhook body is one of them. Times are ISO 8601 in UTC with milliseconds; probabilities
 * are in [0, 1]. `schema_version` is on each, so that a reader can refuse what it does not know.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const version = z.literal(SCHEMA_VERSION);
const time = z.iso.datetime({ precision: 3 });
const probability = z.number().min(0).max(1);

export const languageSchema = z.enum(['en', 'zh', 'other']);
export const sourceClassSchema = z.enum(['news', 'social']);
export const sentimentSchema = z.enum(['negative', 'neutral', 'positive']);
export type Sentiment = z.output<typeof sentimentSchema>;

/** A news item or post, normalised. `story` clusters near-duplicates; `novelty` is 100 for a story's first document. */
export const documentSchema = z.object({
  schema_version: version,
  id: z.string().min(1).max(64),
  source: z.string().min(1).max(100),
  /** Name of the ingest source that brought it. One feed may carry many outlets; watermarks are kept a feed. */
  feed: z.string().min(1).max(60),
  source_class: sourceClassSchema,
  author: z.string().max(200).nullable(),
  url: z.string().max(2000).nullable(),
  title: z.string().nullable(),
  text: z.string(),
  language: languageSchema,
  published_at: time,
  /** True where the source gave no usable time, or one in the future, and fetched_at stands in for it. */
  published_at_estimated: z.boolean(),
  /** What the source said of the time: a full one, one without a zone (read as UTC), a day only, a future one, none. */
  published_at_mark: z.enum(['stated', 'no_zone', 'day', 'future', 'missing']).default('stated'),
  fetched_at: time,
  links: z.array(z.string()),
  cashtags: z.array(z.string()),
  /** Watchlist entities named in title or text: id, the words that named it, and how much the text is about it. */
  entities: z.array(
    z.object({ id: z.string(), surface: z.string(), relevance: z.number().int().min(0).max(100).default(100) }),
  ),
  story: z.string(),
  novelty: z.number().int().min(0).max(100),
  /** Document that this one repeats or quotes (its id, or the original's URL), as the source says; null if none. */
  repost_of: z.string().max(2000).nullable().default(null),
  /** How much it looks like part of a coordinated campaign: 0 not at all, 1 surely. Alerting discounts by it. */
  coordinated: probability.default(0),
});
export type Document = z.output<typeof documentSchema>;

/** A document's labels, with the document itself, so that a reader of the stream needs no join. */
export const opinionSchema = z.object({
  schema_version: version,
  document: documentSchema,
  sentiment: sentimentSchema,
  sentiment_probabilities: z.object({ negative: probability, neutral: probability, positive: probability }),
  topic: z.string(),
  /** Every topic's probability, by label. */
  topic_probabilities: z.record(z.string(), probability),
  /** Chinese news-flash topics that hold, several at once; empty where the model has no such head. */
  topics_zh: z.array(z.string()).default([]),
  /** Kind of negative event that it reports, null where none (or where the model has no such head). */
  event: z.string().nullable().default(null),
  /** Probability of `event`, or of there being none. */
  event_probability: probability.nullable().default(null),
  /** Sentiment towards each watched entity that it names, where the model can tell. */
  entity_sentiments: z
    .array(z.object({ entity: z.string(), negative: probability, neutral: probability, positive: probability }))
    .default([]),
  /** Probability of the chosen sentiment, calibrated. */
  confidence: probability,
  /** There where confidence is below `classifier.abstain_below`: labels and probabilities are given, not to be relied on. */
  abstained: z.literal(true).optional(),
  /** name@version of the model that labelled. */
  model: z.string(),
  labelled_at: time,
});
export type Opinion = z.output<typeof opinionSchema>;

export const seriesKindSchema = z.enum(['entity', 'entity_topic', 'topic', 'source_class', 'language', 'source']);
export type SeriesKind = z.output<typeof seriesKindSchema>;

/** What is watched: an entity, a topic, an entity within a topic, all of a class of sources, all of a language, a source itself. */
export const seriesSchema = z.object({
  kind: seriesKindSchema,
  entity: z.string().nullable(),
  topic: z.string().nullable(),
  /** There on series of kind source_class alone. */
  source_class: sourceClassSchema.optional(),
  /** There on series of kind language alone. */
  language: languageSchema.optional(),
  /** There on series of kind source alone: the name of the source whose health it is. */
  source: z.string().optional(),
});
export type Series = z.output<typeof seriesSchema>;

export const intervalSchema = z.object({ low: z.number(), high: z.number() });

/** A document as evidence: enough to show and open it without another query. */
export const evidenceDocumentSchema = z.object({
  id: z.string(),
  story: z.string(),
  source: z.string(),
  author: z.string().nullable(),
  url: z.string().nullable(),
  title: z.string(),
  language: languageSchema,
  published_at: time,
  negative: probability,
  /** Other documents of the same story within the window. */
  copies: z.number().int().min(0),
});

/** What a detector counts: negative stories, stories of any kind, or a share in percent. */
export const measureSchema = z.enum(['negative', 'stories', 'share']);
export type Measure = z.output<typeof measureSchema>;

const stories = z.number().int().min(0);

/** What stands behind an alert beside its documents: enough to judge it without another query. */
export const evidenceSchema = z.object({
  window_start: time,
  window_end: time,
  /** Over-represented words, most telling first: z is the standardised log-odds against the usual words. */
  words: z.array(
    z.object({ word: z.string(), language: languageSchema, z: z.number(), count: stories, usual: z.number().min(0) }),
  ),
  /** How much few voices said: share of documents of the three most frequent, and Herfindahl's index in (0, 1]. */
  authors: z.object({
    top: z.array(z.object({ author: z.string(), share: probability })),
    top_share: probability,
    hhi: probability,
  }),
  sources: z.array(z.object({ source: z.string(), stories })),
  topics: z.array(z.object({ topic: z.string(), stories })),
  /** Kinds of negative event, as the model names them. */
  events: z.array(z.object({ event: z.string(), stories })),
  /** How sure the labels of the driving stories are; low: confidence under 0.6. */
  certainty: z.object({
    mean_negative: probability,
    mean_confidence: probability,
    low_confidence_share: probability,
  }),
  /** The past in steps of the window's length, oldest first, the judged window last: what a chart draws. */
  chart: z.array(
    z.object({
      start: time,
      end: time,
      observed: z.number(),
      expected: z.number(),
      low: z.number(),
      high: z.number(),
    }),
  ),
});
export type Evidence = z.output<typeof evidenceSchema>;

/** One detector's statement about one series and window. Counts are of stories after author caps, not raw posts. */
export const findingSchema = z.object({
  schema_version: version,
  id: z.string(),
  detector: z.string(),
  series: seriesSchema,
  window_start: time,
  window_end: time,
  observed: z.number(),
  expected: z.number(),
  interval: intervalSchema,
  observed_share: probability,
  expected_share: probability,
  /** Standardised distance above the baseline; what hysteresis compares. */
  score: z.number(),
  p_value: probability.nullable(),
  /** Expected part of false ones among the windows of this tick that are as improbable; null without a p-value. */
  q_value: probability.nullable().default(null),
  measure: measureSchema.default('negative'),
  documents: z.number().int().min(0),
  stories: z.number().int().min(0),
  authors: z.number().int().min(0),
  sources: z.number().int().min(0).default(0),
  anomalous: z.boolean(),
  /** Why it is, or is not, anomalous: one plain sentence a rule. */
  reasons: z.array(z.string()),
});
export type Finding = z.output<typeof findingSchema>;

export const alertStateSchema = z.enum(['pending', 'firing', 'resolved']);
export const severitySchema = z.enum(['warning', 'critical']);

/** A finding's life. One row each time it changes state; `alert_id` stays, `revision` counts. */
export const alertSchema = z.object({
  schema_version: version,
  alert_id: z.string(),
  revision: z.number().int().min(1),
  state: alertStateSchema,
  /** Event time of this change. */
  at: time,
  started_at: time,
  series: seriesSchema,
  /** Display name of the series, as the watchlist or topic list has it. */
  name: z.string(),
  severity: severitySchema,
  detector: z.string(),
  observed: z.number(),
  expected: z.number(),
  interval: intervalSchema,
  observed_share: probability,
  expected_share: probability,
  score: z.number(),
  documents: z.array(evidenceDocumentSchema),
  document_count: z.number().int().min(0),
  story_count: z.number().int().min(0),
  author_count: z.number().int().min(0),
  source_count: z.number().int().min(0).default(0),
  measure: measureSchema.default('negative'),
  q_value: probability.nullable().default(null),
  /** Null in rows of a version that gathered none. */
  evidence: evidenceSchema.nullable().default(null),
  /** Hash of the settings that judged: equal hashes, equal rules. */
  settings: z.string().default(''),
  /** The alert on the page; null where no public_url is set. */
  page_url: z.string().nullable().default(null),
  summary: z.object({ en: z.string(), zh: z.string() }),
  model: z.string(),
  /** Id of the incident that it belongs to: alerts that share stories within a time have one. Empty in old rows. */
  incident: z.string().default(''),
  /** What silences, grouping and inhibition match: the parts of the series, detector, severity, incident, sector. */
  labels: z.record(z.string(), z.string()).default({}),
  /** Who ended it by hand, and what they wrote; null where it ended by itself or has not ended. */
  resolution: z.object({ by: z.string(), note: z.string() }).nullable().default(null),
});
export type Alert = z.output<typeof alertSchema>;

/** Hex of the first 16 bytes of SHA-256 over the parts, each preceded by its length: no two lists collide by joining. */
export function stableId(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

/** Epoch milliseconds as the house writes time. Throws RangeError on a number that is no time. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/**
 * The series as one string, for keys, metric labels, logs and `explain --series`: `entity:apple`, `topic:Earnings`,
 * `entity_topic:apple/Earnings`, `source_class:news`, `language:zh`. No id of an entity has a slash.
 */
export function seriesKey({ kind, entity, topic, source_class, language, source }: Series): string {
  if (kind === 'source') return `source:${source ?? ''}`;
  if (kind === 'entity') return `entity:${entity ?? ''}`;
  if (kind === 'topic') return `topic:${topic ?? ''}`;
  if (kind === 'entity_topic') return `entity_topic:${entity ?? ''}/${topic ?? ''}`;
  return kind === 'source_class' ? `source_class:${source_class ?? ''}` : `language:${language ?? ''}`;
}

/** The series that `seriesKey` wrote, or null when the text is none. */
export function seriesFromKey(key: string): Series | null {
  const colon = key.indexOf(':');
  const [kind, rest] = [key.slice(0, colon), key.slice(colon + 1)];
  const slash = rest.indexOf('/');
  const parsed = seriesSchema.safeParse({
    kind,
    entity: kind === 'entity' ? rest : kind === 'entity_topic' && slash > 0 ? rest.slice(0, slash) : null,
    topic: kind === 'topic' ? rest : kind === 'entity_topic' && slash > 0 ? rest.slice(slash + 1) : null,
    ...(kind === 'source_class' && { source_class: rest }),
    ...(kind === 'language' && { language: rest }),
    ...(kind === 'source' && { source: rest }),
  });
  return rest !== '' && parsed.success && seriesKey(parsed.data) === key ? parsed.data : null;
}
