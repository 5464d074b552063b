/**
 * What the store has to say to a question: counts over time and before, the stories of the side that is asked about and one
 * against it, topics, kinds of events, alerts with their evidence, and what search finds. Reads only.
 */
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';
import type { AlertRow, Names, OpinionRow, TimelineAnswer } from '../contract.ts';
import { moment, opinionConditions, within, type SeriesFilter } from '../conditions.ts';
import type { ApiServices } from '../services.ts';
import { toTheMinute, type ExactSpan } from '../span.ts';
import type { Question } from './question.ts';
import type { Asking } from './times.ts';
import { topicInEnglish } from './topic_words.ts';

export interface ToldStory {
  readonly story: string;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly language: 'en' | 'zh' | 'other';
  readonly published_at: string;
  readonly documents: number;
  readonly sources: number;
}

export interface Gathered {
  readonly question: Question;
  readonly span: ExactSpan;
  /** Of the first entity, or of the topic; null where all is asked about. */
  readonly name: Names | null;
  /** Over the span, with whole steps of at least the same time in front. */
  readonly timeline: TimelineAnswer;
  readonly now: Tally;
  readonly before: Tally;
  readonly stories: readonly ToldStory[];
  readonly against: ToldStory | null;
  readonly topics: readonly { readonly topic: string; readonly documents: number }[];
  readonly events: readonly { readonly event: string; readonly documents: number }[];
  readonly alerts: readonly AlertRow[];
  readonly found: readonly OpinionRow[];
}

export interface Tally {
  readonly documents: number;
  readonly negative: number;
  readonly positive: number;
}

const NONE: Tally = { documents: 0, negative: 0, positive: 0 };
const WEEK_MS = 7 * 86_400_000;
const MOST_STORIES = 5;
const MOST_FOUND = 4;
/** One is told; sources that are down come among them. */
const MOST_ALERTS = 20;

/** What "today" and "until now" mean: now, or where all is older, the newest document. Epoch milliseconds. */
export async function nowOf({
  span,
  clock,
  queries,
}: Pick<ApiServices, 'span' | 'clock' | 'queries'>): Promise<Pick<Asking, 'now' | 'moment'>> {
  const { to, anchor } = await span({ last_secs: WEEK_MS / 1000 });
  return { now: to, moment: (anchor === 'newest' ? await queries.newest() : null) ?? clock.now() };
}

export async function gather(question: Question, now: number, services: ApiServices): Promise<Gathered> {
  const { store, queries, names, searching } = services;
  const { from, to } = question.time ?? { from: now - WEEK_MS, to: now };
  const [entity] = question.entities;
  const { topic } = question;
  const filter = { entity, topic: topic ?? undefined };
  const span = toTheMinute(from, to);
  // Whole steps, so that one begins where the span does.
  const wide = { ...span, from: span.from - Math.ceil((span.to - span.from) / span.step) * span.step };
  const side = question.side ?? 'negative';
  const stories = (sentiment: string, limit: number): Promise<ToldStory[]> => {
    const { sql, params } = opinionConditions({ ...filter, sentiment });
    return store.query<ToldStory>(
      `SELECT story, pick.2 AS document_id, pick.3 AS title, pick.4 AS source, pick.5 AS language, pick.1 AS published_at,
         documents, sources
       FROM (
         SELECT story, count() AS documents, uniqExact(source) AS sources, max(${side === 'positive' ? 'positive' : 'negative'}) AS sure, max(source_class = 'news') AS news,
           min((published_at, document_id, if(title = '', substringUTF8(text, 1, 160), title), source, language)) AS pick
         FROM opinions WHERE ${within('from')}${sql} GROUP BY story
       ) ORDER BY documents DESC, news DESC, sure DESC, story LIMIT {limit:UInt32}`,
      { ...params, from: span.from, to: span.to, limit },
    );
  };
  const { sql, params } = opinionConditions({ ...filter, sentiment: side });
  const counted = <Row>(column: string, where: string): Promise<Row[]> =>
    store.query<Row>(
      `SELECT ${column}, count() AS documents FROM opinions WHERE ${within('from')}${sql} ${where}
       GROUP BY ${column} ORDER BY documents DESC, ${column} LIMIT 3`,
      { ...params, from: span.from, to: span.to },
    );
  const [timeline, tallies, told, opposite, topics, events, alerts, searched] = await Promise.all([
    queries.timeline(wide, filter),
    tallied(store, span, filter),
    stories(side, MOST_STORIES),
    stories(side === 'positive' ? 'negative' : 'positive', 1),
    counted<Gathered['topics'][number]>('topic', ''),
    counted<Gathered['events'][number]>('event', "AND event != ''"),
    queries.alerts(span, filter, MOST_ALERTS),
    searching.search(question.text, { ...filter, span }, 'both'),
  ]);
  const found = await queries.listed(searched.hits.slice(0, MOST_FOUND));
  return {
    question,
    span,
    name:
      entity !== undefined
        ? names(entity)
        : topic === null
          ? null
          : { en: topicInEnglish(topic), zh: TOPIC_NAMES_ZH[topic] ?? topic },
    timeline,
    ...tallies,
    stories: told,
    against: opposite[0] ?? null,
    topics,
    events,
    // That a source is silent is no opinion of anybody.
    alerts: alerts.alerts.filter(({ state, series }) => state !== 'pending' && series.kind !== 'source'),
    found,
  };
}

/** Counts of the span, and of the time just as long before it. */
async function tallied(
  store: ApiServices['store'],
  { from, to }: ExactSpan,
  filter: SeriesFilter,
): Promise<Pick<Gathered, 'now' | 'before'>> {
  const { sql, params } = opinionConditions(filter);
  const rows = await store.query<Tally & { readonly asked: number }>(
    `SELECT published_at >= ${moment('from')} AS asked, count() AS documents, countIf(sentiment = 'negative') AS negative,
       countIf(sentiment = 'positive') AS positive
     FROM opinions WHERE ${within('before')}${sql} GROUP BY asked`,
    { ...params, before: from - (to - from), from, to },
  );
  const of = (asked: boolean): Tally => {
    const { documents, negative, positive } = rows.find((row) => Boolean(row.asked) === asked) ?? NONE;
    return { documents, negative, positive };
  };
  return { now: of(true), before: of(false) };
}
