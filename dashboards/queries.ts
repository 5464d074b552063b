/**
 * What the page asks the store, in ClickHouse's SQL. Values go in as parameters, never as text. Aggregates read narrow
 * columns only; lists first find their keys and then fetch the wide columns of those few rows, because a merge on read
 * over the texts of a month costs seconds where the keys cost milliseconds.
 */
import type { Clock } from '../core/clock.ts';
import type { Alert } from '../core/event.ts';
import { isoTime } from '../core/event.ts';
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import type { Store } from '../core/store/store.ts';
import type {
  AlertRow,
  Counts,
  Names,
  OpinionRow,
  OpinionsAnswer,
  SeriesAnswer,
  TimelineAnswer,
  TimelineBucket,
} from './contract.ts';
import { writeCursor, type Cursor } from './questions.ts';
import { SPARKLINE_PARTS, spanAnswer, type ExactSpan } from './span.ts';

export interface SeriesFilter {
  readonly entity?: string | undefined;
  readonly topic?: string | undefined;
}

export interface OpinionFilter extends SeriesFilter {
  readonly source?: string | undefined;
  readonly language?: string | undefined;
  readonly sentiment?: string | undefined;
  readonly q?: string | undefined;
}

export interface Extent {
  /** Newest event time and newest labelling time, epoch milliseconds; null without opinions. */
  readonly newest: number | null;
  readonly labelled: number | null;
}

export type Queries = ReturnType<typeof createQueries>;

const OPINION_COLUMNS = `document_id, source, source_class, author, url, title, substringUTF8(text, 1, 600) AS text, language,
  published_at, labelled_at, entities, topic, sentiment, negative, neutral, positive, confidence, model, story, novelty`;

interface StoredOpinion {
  document_id: string;
  source: string;
  source_class: 'news' | 'social';
  /** '' where there is none, as for url and title. */
  author: string;
  url: string;
  title: string;
  text: string;
  language: 'en' | 'zh' | 'other';
  published_at: string;
  labelled_at: string;
  entities: string[];
  topic: string;
  sentiment: OpinionRow['sentiment'];
  negative: number;
  neutral: number;
  positive: number;
  confidence: number;
  model: string;
  story: string;
  novelty: number;
}

/** The questions of the page, bound to a store. `names` gives an entity's display names. */
export function createQueries(store: Store, clock: Clock, names: (id: string) => Names) {
  const opinion = (row: StoredOpinion): OpinionRow => ({
    document_id: row.document_id,
    source: row.source,
    source_class: row.source_class,
    author: row.author || null,
    url: row.url || null,
    title: row.title || null,
    text: row.text,
    language: row.language,
    published_at: row.published_at,
    labelled_at: row.labelled_at,
    entities: row.entities.map((id) => ({ id, name: names(id) })),
    topic: row.topic,
    sentiment: row.sentiment,
    probabilities: { negative: row.negative, neutral: row.neutral, positive: row.positive },
    confidence: row.confidence,
    model: row.model,
    story: row.story,
    novelty: row.novelty,
  });

  /** The wide columns of the rows that were found, in the order of the page. */
  const byKeys = async (keys: readonly Cursor[]): Promise<OpinionRow[]> => {
    const newest = keys[0];
    const oldest = keys.at(-1);
    if (newest === undefined || oldest === undefined) return [];
    const rows = await store.query<StoredOpinion>(
      `SELECT ${OPINION_COLUMNS} FROM opinions
       WHERE published_at >= parseDateTime64BestEffort({oldest:String}, 3, 'UTC')
         AND published_at <= parseDateTime64BestEffort({newest:String}, 3, 'UTC') AND document_id IN {ids:Array(String)}
       ORDER BY published_at DESC, document_id DESC, labelled_at DESC LIMIT 1 BY document_id`,
      { oldest: oldest.published_at, newest: newest.published_at, ids: keys.map((key) => key.document_id) },
    );
    return rows.map(opinion);
  };

  return {
    async ping(): Promise<void> {
      await store.query('SELECT 1 AS one');
    },

    async extent(): Promise<Extent> {
      const [row] = await store.query<{ opinions: number; newest: number; labelled: number }>(
        `SELECT count() AS opinions, toUnixTimestamp64Milli(max(published_at)) AS newest,
           toUnixTimestamp64Milli(max(labelled_at)) AS labelled FROM opinions SETTINGS final = 0`,
      );
      if (row === undefined || Number(row.opinions) === 0) return { newest: null, labelled: null };
      return { newest: Math.min(Number(row.newest), clock.now()), labelled: Number(row.labelled) };
    },

    async counts() {
      const [[opinions], sources, states] = await Promise.all([
        store.query<{ opinions: number; model: string }>(
          'SELECT count() AS opinions, argMax(model, labelled_at) AS model FROM opinions',
        ),
        store.query<{ source: string }>(
          'SELECT source FROM opinions GROUP BY source ORDER BY count() DESC, source LIMIT 200 SETTINGS final = 0',
        ),
        store.query<{ state: Alert['state']; alerts: number }>(
          `SELECT state, count() AS alerts FROM (SELECT argMax(state, revision) AS state FROM alerts GROUP BY alert_id) GROUP BY state`,
        ),
      ]);
      const alerts = { pending: 0, firing: 0, resolved: 0 };
      for (const row of states) alerts[row.state] = Number(row.alerts);
      return {
        opinions: Number(opinions?.opinions ?? 0),
        model: opinions?.model || null,
        sources: sources.map((row) => row.source),
        alerts,
      };
    },

    async series(
      kind: 'entity' | 'topic',
      span: ExactSpan,
      filter: SeriesFilter,
      limit: number,
    ): Promise<SeriesAnswer> {
      const length = span.to - span.from;
      const id = kind === 'entity' ? 'arrayJoin(entities)' : 'topic';
      const rows = await store.query<
        Record<'documents' | 'negative' | 'neutral' | 'positive' | 'documents_before' | 'negative_before', number> & {
          id: string;
          slots: number[];
          volumes: number[];
          negatives: number[];
        }
      >(
        `SELECT id, sumIf(n, slot >= 0) AS documents, sumIf(bad, slot >= 0) AS negative, sumIf(plain, slot >= 0) AS neutral,
           documents - negative - neutral AS positive, sumIf(n, slot < 0) AS documents_before, sumIf(bad, slot < 0) AS negative_before,
           groupArrayIf(slot, slot >= 0) AS slots, groupArrayIf(n, slot >= 0) AS volumes, groupArrayIf(bad, slot >= 0) AS negatives
         FROM (
           SELECT ${id} AS id,
             if(published_at < fromUnixTimestamp64Milli({from:Int64}, 'UTC'), -1,
               toInt32(intDiv((toUnixTimestamp64Milli(published_at) - {from:Int64}) * {parts:Int64}, {length:Int64}))) AS slot,
             count() AS n, countIf(sentiment = 'negative') AS bad, countIf(sentiment = 'neutral') AS plain
           FROM opinions WHERE ${within('before')}${seriesConditions(filter)}
           GROUP BY id, slot
         ) GROUP BY id HAVING documents > 0 ORDER BY documents DESC, id LIMIT {limit:UInt32}`,
        {
          ...filterParameters(filter),
          before: span.from - length,
          from: span.from,
          to: span.to,
          length,
          parts: SPARKLINE_PARTS,
          limit,
        },
      );
      const firing = await firingBySeries(store, kind);
      return {
        ...spanAnswer(span),
        kind,
        series: rows.map((row) => {
          const sparkline = { documents: emptyParts(), negative: emptyParts() };
          row.slots.forEach((slot, index) => {
            sparkline.documents[slot] = Number(row.volumes[index]);
            sparkline.negative[slot] = Number(row.negatives[index]);
          });
          const documents = Number(row.documents);
          const before = Number(row.documents_before);
          return {
            id: row.id,
            name: kind === 'entity' ? names(row.id) : topicNames(row.id),
            documents,
            negative: Number(row.negative),
            neutral: Number(row.neutral),
            positive: Number(row.positive),
            negative_share: Number(row.negative) / documents,
            previous: { documents: before, negative_share: before === 0 ? null : Number(row.negative_before) / before },
            sparkline,
            firing: firing.get(row.id) ?? 0,
          };
        }),
      };
    },

    async timeline(span: ExactSpan, filter: SeriesFilter): Promise<TimelineAnswer> {
      const rows = await store.query<
        Record<
          'slot' | 'documents' | 'bad' | 'plain' | 'good' | 'sum_negative' | 'sum_neutral' | 'sum_positive',
          number
        >
      >(
        `SELECT if(published_at < fromUnixTimestamp64Milli({from:Int64}, 'UTC'), -1,
             toInt32(intDiv(toUnixTimestamp64Milli(published_at) - {from:Int64}, {step:Int64}))) AS slot,
           count() AS documents, countIf(sentiment = 'negative') AS bad, countIf(sentiment = 'neutral') AS plain,
           countIf(sentiment = 'positive') AS good, sum(negative) AS sum_negative, sum(neutral) AS sum_neutral, sum(positive) AS sum_positive
         FROM opinions WHERE ${within('before')}${seriesConditions(filter)} GROUP BY slot ORDER BY slot`,
        {
          ...filterParameters(filter),
          before: span.from - (span.to - span.from),
          from: span.from,
          to: span.to,
          step: span.step,
        },
      );
      const bySlot = new Map(rows.map((row) => [Number(row.slot), row]));
      const buckets: TimelineBucket[] = [];
      const totals = { documents: 0, negative: 0, neutral: 0, positive: 0 };
      for (let slot = 0; span.from + slot * span.step < span.to; slot += 1) {
        const row = bySlot.get(slot);
        const counts: Counts = {
          documents: Number(row?.documents ?? 0),
          negative: Number(row?.bad ?? 0),
          neutral: Number(row?.plain ?? 0),
          positive: Number(row?.good ?? 0),
        };
        for (const key of ['documents', 'negative', 'neutral', 'positive'] as const) totals[key] += counts[key];
        buckets.push({
          at: isoTime(span.from + slot * span.step),
          ...counts,
          probability_sums: {
            negative: Number(row?.sum_negative ?? 0),
            neutral: Number(row?.sum_neutral ?? 0),
            positive: Number(row?.sum_positive ?? 0),
          },
        });
      }
      const before = bySlot.get(-1);
      const documents = Number(before?.documents ?? 0);
      return {
        ...spanAnswer(span),
        step_secs: span.step / 1000,
        buckets,
        totals,
        previous: { documents, negative_share: documents === 0 ? null : Number(before?.bad) / documents },
      };
    },

    async opinions(
      span: ExactSpan,
      filter: OpinionFilter,
      after: Cursor | null,
      limit: number,
    ): Promise<OpinionsAnswer> {
      const keys = await store.query<{ published_at: string; document_id: string }>(
        `SELECT published_at, document_id FROM opinions WHERE ${within('from')}${opinionConditions(filter)}${
          after === null
            ? ''
            : ` AND (published_at, document_id) < (parseDateTime64BestEffort({after_time:String}, 3, 'UTC'), {after_id:String})`
        } ORDER BY published_at DESC, document_id DESC, labelled_at DESC LIMIT 1 BY document_id LIMIT {limit:UInt32}`,
        {
          ...opinionParameters(filter),
          ...(after === null ? {} : { after_time: after.published_at, after_id: after.document_id }),
          from: span.from,
          to: span.to,
          limit: limit + 1,
        },
      );
      const page = keys.slice(0, limit);
      const last = page.at(-1);
      const more = keys.length > limit && last !== undefined;
      return { ...spanAnswer(span), opinions: await byKeys(page), next_cursor: more ? writeCursor(last) : null };
    },

    /** Opinions labelled after `since` (epoch milliseconds), in that order; at most `limit`. */
    async labelledSince(since: number, limit: number): Promise<OpinionRow[]> {
      const rows = await store.query<StoredOpinion>(
        `SELECT ${OPINION_COLUMNS} FROM opinions WHERE labelled_at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
         ORDER BY labelled_at, document_id LIMIT {limit:UInt32} SETTINGS final = 0`,
        { since, limit },
      );
      return rows.map(opinion);
    },

    /** Newest revision of the alerts whose life touches the span, firing first, then newest first. */
    async alerts(
      span: ExactSpan,
      filter: SeriesFilter & { state?: string | undefined },
      limit: number,
    ): Promise<AlertRow[]> {
      const rows = await store.query<{ bodies: string[] }>(
        `SELECT arrayMap(pair -> pair.2, arraySort(pair -> pair.1, groupArray((revision, body)))) AS bodies
         FROM alerts WHERE 1${seriesOfAlert(filter)} GROUP BY alert_id
         HAVING (argMax(state, revision) != 'resolved' OR max(at) >= fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
           AND min(started_at) < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
           ${filter.state === undefined ? '' : 'AND argMax(state, revision) = {state:String}'}
         ORDER BY argMax(state, revision) = 'firing' DESC, min(started_at) DESC, alert_id LIMIT {limit:UInt32}`,
        {
          ...seriesParameters(filter),
          ...(filter.state === undefined ? {} : { state: filter.state }),
          from: span.from,
          to: span.to,
          limit,
        },
      );
      return rows.flatMap((row) => alertRow(row.bodies, names));
    },

    async alert(id: string): Promise<AlertRow | null> {
      const rows = await store.query<{ body: string }>(
        'SELECT body FROM alerts WHERE alert_id = {id:String} ORDER BY revision',
        { id },
      );
      return (
        alertRow(
          rows.map((row) => row.body),
          names,
        )[0] ?? null
      );
    },

    /** The newest revision number of each of the alerts that changed last. */
    alertRevisions(): Promise<{ alert_id: string; revision: number }[]> {
      return store.query(
        'SELECT alert_id, max(revision) AS revision FROM alerts GROUP BY alert_id ORDER BY max(at) DESC, alert_id LIMIT 1000',
      );
    },
  };
}

/** A half-open span of event time, from the named parameter. */
function within(from: 'from' | 'before'): string {
  return `published_at >= fromUnixTimestamp64Milli({${from}:Int64}, 'UTC') AND published_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;
}

function seriesConditions({ entity, topic }: SeriesFilter): string {
  return `${entity === undefined ? '' : ' AND has(entities, {entity:String})'}${topic === undefined ? '' : ' AND topic = {topic:String}'}`;
}

function seriesOfAlert({ entity, topic }: SeriesFilter): string {
  return `${entity === undefined ? '' : ' AND entity = {entity:String}'}${topic === undefined ? '' : ' AND topic = {topic:String}'}`;
}

function seriesParameters({ entity, topic }: SeriesFilter): Record<string, unknown> {
  return { ...(entity === undefined ? {} : { entity }), ...(topic === undefined ? {} : { topic }) };
}

function filterParameters(filter: SeriesFilter): Record<string, unknown> {
  return seriesParameters(filter);
}

function opinionConditions(filter: OpinionFilter): string {
  const { source, language, sentiment, q } = filter;
  return [
    seriesConditions(filter),
    source === undefined ? '' : ' AND source = {source:String}',
    language === undefined ? '' : ' AND language = {language:String}',
    sentiment === undefined ? '' : ' AND sentiment = {sentiment:String}',
    searched(q) === '' ? '' : " AND positionCaseInsensitiveUTF8(concat(title, '\\n', text), {q:String}) > 0",
  ].join('');
}

function opinionParameters(filter: OpinionFilter): Record<string, unknown> {
  const { source, language, sentiment, q } = filter;
  return {
    ...seriesParameters(filter),
    ...(source === undefined ? {} : { source }),
    ...(language === undefined ? {} : { language }),
    ...(sentiment === undefined ? {} : { sentiment }),
    ...(searched(q) === '' ? {} : { q: searched(q) }),
  };
}

function searched(q: string | undefined): string {
  return (q ?? '').trim();
}

function emptyParts(): number[] {
  return Array.from({ length: SPARKLINE_PARTS }, () => 0);
}

function topicNames(topic: string): Names {
  return { en: topic, zh: TOPIC_NAMES_ZH[topic] ?? topic };
}

async function firingBySeries(store: Store, kind: 'entity' | 'topic'): Promise<Map<string, number>> {
  const rows = await store.query<{ id: string; firing: number }>(
    `SELECT id, count() AS firing FROM (
       SELECT any(${kind}) AS id, argMax(state, revision) AS current FROM alerts WHERE series_kind = {kind:String} GROUP BY alert_id
     ) WHERE current = 'firing' GROUP BY id`,
    { kind },
  );
  return new Map(rows.map((row) => [row.id, Number(row.firing)]));
}

/** One alert from the bodies of all its revisions, oldest first; none from none. */
function alertRow(bodies: readonly string[], names: (id: string) => Names): AlertRow[] {
  const revisions = bodies.map((body) => JSON.parse(body) as Alert);
  const newest = revisions.at(-1);
  if (newest === undefined) return [];
  const { kind, entity, topic } = newest.series;
  const history = revisions.map(({ revision, state, at, severity, observed, expected }) => ({
    revision,
    state,
    at,
    severity,
    observed,
    expected,
  }));
  return [{ ...newest, names: kind === 'entity' ? names(entity ?? '') : topicNames(topic ?? ''), history }];
}
