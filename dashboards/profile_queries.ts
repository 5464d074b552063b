/**
 * What a series is about in a span: the stories it tells, and how it splits by topic, kind of event, source and company. Few
 * questions over narrow columns; stories are counted first, and only those shown are looked at closely, because counting
 * voices in each of half a million stories costs a second where the largest twelve cost milliseconds.
 */
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import type { Store } from '../core/store/store.ts';
import { opinionConditions, within, type SeriesFilter } from './conditions.ts';
import type { Names, OpinionRow, ProfileAnswer, ToldStory } from './contract.ts';
import type { Place } from './opinion_queries.ts';
import { SPARKLINE_PARTS, spanAnswer, type ExactSpan } from './span.ts';

const MOST_STORIES = 12;
const MOST_MEMBERS = 8;

type StoredStory = Omit<ToldStory, 'document_id' | 'title' | 'language' | 'spread'> & {
  readonly first_document: string;
  readonly slots: readonly number[];
};

interface StoredPart {
  readonly dimension: 'topic' | 'event' | 'source' | 'entity';
  readonly member: string;
  readonly documents: number;
  readonly negative: number;
}

export interface ProfileDependencies {
  readonly store: Store;
  names(entity: string): Names;
  listed(keys: readonly Place[]): Promise<readonly OpinionRow[]>;
}

/** @throws TidewatchError storage.unavailable */
export async function readProfile(
  span: ExactSpan,
  filter: SeriesFilter,
  { store, names, listed }: ProfileDependencies,
): Promise<ProfileAnswer> {
  const [told, parts] = await Promise.all([stories(store, span, filter), split(store, span, filter)]);
  const first = await listed(
    told.map((one) => ({ document_id: one.first_document, published_at: one.first_published_at })),
  );
  const shown = new Map(first.map((row) => [row.document_id, row]));
  const of = (dimension: StoredPart['dimension'], own?: string): StoredPart[] =>
    parts.filter((one) => one.dimension === dimension && one.member !== own).slice(0, MOST_MEMBERS);
  const tally = ({ documents, negative }: StoredPart) => ({ documents, negative });
  return {
    ...spanAnswer(span),
    name: nameOf(filter, names),
    stories: told.map(({ slots, first_document, ...one }) => {
      const row = shown.get(first_document);
      const spread = Array.from({ length: SPARKLINE_PARTS }, () => 0);
      for (const slot of slots) spread[slot] = (spread[slot] ?? 0) + 1;
      return {
        ...one,
        document_id: first_document,
        title: row?.title ?? row?.text.slice(0, 200) ?? '',
        language: row?.language ?? 'other',
        spread,
      };
    }),
    topics: of('topic', filter.topic).map((one) => ({ topic: one.member, ...tally(one) })),
    events: of('event', '').map((one) => ({ event: one.member, ...tally(one) })),
    entities: of('entity', filter.entity).map((one) => ({ id: one.member, name: names(one.member), ...tally(one) })),
    sources: of('source').map((one) => ({ source: one.member, ...tally(one) })),
  };
}

function nameOf({ entity, topic }: SeriesFilter, names: ProfileDependencies['names']): Names | null {
  if (entity !== undefined) return names(entity);
  return topic === undefined ? null : { en: topic, zh: TOPIC_NAMES_ZH[topic] ?? topic };
}

async function stories(store: Store, { from, to }: ExactSpan, filter: SeriesFilter): Promise<StoredStory[]> {
  const { sql, params } = opinionConditions(filter);
  const asked = { ...params, from, to };
  const largest = await store.query<{ story: string }>(
    `SELECT story FROM opinions WHERE ${within('from')}${sql} GROUP BY story
     ORDER BY count() DESC, countIf(sentiment = 'negative') DESC, max(published_at) DESC, story LIMIT ${MOST_STORIES}`,
    asked,
  );
  if (largest.length === 0) return [];
  const rows = await store.query<StoredStory>(
    `SELECT story, count() AS documents, countIf(sentiment = 'negative') AS negative, uniqExact(source) AS sources,
       uniqExactIf((source, author), author != '') AS authors,
       argMin(source, (published_at, document_id)) AS first_source,
       argMin(document_id, (published_at, document_id)) AS first_document,
       min(published_at) AS first_published_at, max(published_at) AS last_published_at,
       groupArray(500)(toInt32(intDiv(toUnixTimestamp64Milli(published_at) - {from:Int64}, {part:Int64}))) AS slots
     FROM opinions WHERE ${within('from')}${sql} AND story IN {stories:Array(String)} GROUP BY story`,
    { ...asked, part: Math.ceil((to - from) / SPARKLINE_PARTS), stories: largest.map(({ story }) => story) },
  );
  const byId = new Map(rows.map((row) => [row.story, row]));
  return largest.flatMap(({ story }) => byId.get(story) ?? []);
}

function split(store: Store, { from, to }: ExactSpan, filter: SeriesFilter): Promise<StoredPart[]> {
  const { sql, params } = opinionConditions(filter);
  return store.query<StoredPart>(
    `SELECT cell.1 AS dimension, cell.2 AS member, count() AS documents, countIf(sentiment = 'negative') AS negative
     FROM (
       SELECT sentiment, arrayJoin(arrayConcat([('topic', toString(topic)), ('event', toString(event)), ('source', toString(source))],
         arrayMap(entity -> ('entity', toString(entity)), arrayDistinct(entities)))) AS cell
       FROM opinions WHERE ${within('from')}${sql}
     ) GROUP BY cell ORDER BY documents DESC, member LIMIT ${MOST_MEMBERS + 1} BY dimension`,
    { ...params, from, to },
  );
}
