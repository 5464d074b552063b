/**
 * The nouns as rows, one function a table, pure. Opinions carry their document, so that no question needs a join. What
 * is null in a noun is '' in a row: ClickHouse reads a Nullable column slower, and no author, URL or title is ''.
 * An alert's row keeps the whole alert as JSON in `body` beside the columns that questions filter by.
 */
import { alertSchema, seriesKey, type Alert, type Document, type Finding, type Opinion } from '../event.ts';

export type Row = Readonly<Record<string, unknown>>;

export function documentRow(document: Document): Row {
  return {
    id: document.id,
    ...provenance(document),
    links: document.links,
    entity_surfaces: document.entities.map((entity) => entity.surface),
    repost_of: document.repost_of ?? '',
  };
}

export function opinionRow(opinion: Opinion): Row {
  const { negative, neutral, positive } = opinion.sentiment_probabilities;
  return {
    document_id: opinion.document.id,
    ...provenance(opinion.document),
    labelled_at: opinion.labelled_at,
    sentiment: opinion.sentiment,
    negative,
    neutral,
    positive,
    confidence: opinion.confidence,
    topic: opinion.topic,
    topic_probabilities: opinion.topic_probabilities,
    topics_zh: opinion.topics_zh,
    event: opinion.event ?? '',
    event_probability: opinion.event_probability,
    entity_sentiments: JSON.stringify(opinion.entity_sentiments),
    model: opinion.model,
  };
}

function provenance(document: Document): Row {
  return {
    source: document.source,
    feed: document.feed,
    source_class: document.source_class,
    author: document.author ?? '',
    url: document.url ?? '',
    title: document.title ?? '',
    text: document.text,
    language: document.language,
    published_at: document.published_at,
    published_at_estimated: document.published_at_estimated,
    published_at_mark: document.published_at_mark,
    fetched_at: document.fetched_at,
    cashtags: document.cashtags,
    entities: document.entities.map((entity) => entity.id),
    entity_relevances: document.entities.map((entity) => entity.relevance),
    story: document.story,
    novelty: document.novelty,
    coordinated: document.coordinated,
  };
}

export function findingRow(finding: Finding): Row {
  return {
    id: finding.id,
    detector: finding.detector,
    ...seriesColumns(finding),
    window_start: finding.window_start,
    window_end: finding.window_end,
    observed: finding.observed,
    expected: finding.expected,
    interval_low: finding.interval.low,
    interval_high: finding.interval.high,
    observed_share: finding.observed_share,
    expected_share: finding.expected_share,
    score: finding.score,
    p_value: finding.p_value,
    q_value: finding.q_value,
    measure: finding.measure,
    documents: finding.documents,
    stories: finding.stories,
    authors: finding.authors,
    sources: finding.sources,
    anomalous: finding.anomalous,
    reasons: finding.reasons,
  };
}

export function alertRow(alert: Alert): Row {
  return {
    alert_id: alert.alert_id,
    revision: alert.revision,
    state: alert.state,
    at: alert.at,
    started_at: alert.started_at,
    ...seriesColumns(alert),
    name: alert.name,
    severity: alert.severity,
    detector: alert.detector,
    observed: alert.observed,
    expected: alert.expected,
    observed_share: alert.observed_share,
    expected_share: alert.expected_share,
    score: alert.score,
    document_count: alert.document_count,
    story_count: alert.story_count,
    author_count: alert.author_count,
    model: alert.model,
    body: JSON.stringify(alert),
  };
}

/** The alert that `alertRow` stored. Throws zod's error when `body` is of a schema version this code does not know. */
export function alertFromRow(row: { readonly body: string }): Alert {
  return alertSchema.parse(JSON.parse(row.body));
}

function seriesColumns({ series }: Pick<Finding, 'series'>): Row {
  const { kind, entity, topic } = series;
  return { series_kind: kind, series: seriesKey(series), entity: entity ?? '', topic: topic ?? '' };
}
