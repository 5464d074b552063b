/**
 * The labelling queue of one person over the store: the newest stories of the last days, less those on which a label of this person
 * stands (taken back, it is asked again), as candidates for informative.ts. Reading is bounded (a few thousand narrow rows), and the answer is the same
 * while the person works through it: what is new comes with the next page.
 */
import { isoTime, stableId } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import type { Reference } from '../drift.ts';
import { chooseNext, type Candidate, type Chosen } from './informative.ts';

export interface QueueQuestion {
  /** Who labels, as feedback names them. */
  readonly author: string;
  readonly count: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface QueueDependencies {
  readonly store: Store;
  /** What the model that labels was measured on; null where it is not known. */
  reference(): Reference | null;
  /** name@version of the candidate in shadow; null without one. */
  shadow(): Promise<string | null>;
}

const DAYS = 14;
const MOST_CANDIDATES = 2000;
const SHOWN_TEXT = 600;

/** The sentiments and topics that stand: of each person, about each document, the latest word, unless it takes back (core/feedback.ts). */
const STANDING = `(SELECT author, document_id FROM feedback WHERE kind IN ('sentiment', 'topic')
  GROUP BY author, document_id, kind HAVING argMax(takes_back, (at, id)) = '')`;
const MINE = `SELECT document_id FROM ${STANDING} WHERE author = {author:String}`;

interface Row {
  readonly document_id: string;
  readonly story: string;
  readonly title: string;
  readonly text: string;
  readonly sentiment: string;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly confidence: number;
  readonly topic: string;
  readonly topic_probabilities: Readonly<Record<string, number>>;
  readonly event: string;
  readonly entity_sentiments: string;
}

/** Ids of the documents to label next, with why. @throws TidewatchError storage.* */
export async function nextToLabel(question: QueueQuestion, deps: QueueDependencies): Promise<Chosen[]> {
  const { store } = deps;
  const { author, count, now } = question;
  const [newest] = await store.query<{ at: number }>(
    'SELECT toUnixTimestamp64Milli(max(published_at)) AS at FROM opinions SETTINGS final = 0',
  );
  // A feed that is replayed lies in the past: its last days are meant.
  const to = Math.min(now, newest?.at ?? now);
  const rows = await store.query<Row>(
    `SELECT document_id, story, title, substringUTF8(text, 1, ${SHOWN_TEXT}) AS text, sentiment, negative, neutral, positive,
       confidence, topic, topic_probabilities, event, entity_sentiments
     FROM opinions WHERE published_at >= parseDateTime64BestEffort({from:String}, 3)
       AND published_at <= parseDateTime64BestEffort({to:String}, 3)
       AND document_id NOT IN (${MINE})
       AND story NOT IN (SELECT story FROM opinions WHERE story != '' AND document_id IN (${MINE}))
     ORDER BY published_at DESC, labelled_at DESC LIMIT 1 BY document_id LIMIT ${MOST_CANDIDATES}`,
    { author, from: isoTime(to - DAYS * 86_400_000), to: isoTime(to) },
  );
  const ids = rows.map(({ document_id }) => document_id);
  if (ids.length === 0) return [];
  const model = await deps.shadow();
  const [shadowed, labelled, embedded] = await Promise.all([
    model === null
      ? []
      : store.query<Pick<Row, 'document_id' | 'negative' | 'neutral' | 'positive'>>(
          `SELECT document_id, negative, neutral, positive FROM shadow_labels
           WHERE model = {model:String} AND document_id IN {ids:Array(String)}`,
          { model, ids },
        ),
    store.query<{ document_id: string; people: number }>(
      `SELECT document_id, uniqExact(author) AS people FROM ${STANDING}
       WHERE document_id IN {ids:Array(String)} GROUP BY document_id`,
      { ids },
    ),
    store.query<{ document_id: string; vector: number[] }>(
      `SELECT document_id, arrayMap(x -> toFloat32(x), vector) AS vector FROM search
       WHERE document_id IN {ids:Array(String)} AND notEmpty(vector)`,
      { ids },
    ),
  ]);
  const shadows = new Map(shadowed.map(({ document_id, ...shares }) => [document_id, shares] as const));
  const people = new Map(labelled.map((row) => [row.document_id, row.people]));
  const vectors = new Map(embedded.map(({ document_id, vector }) => [document_id, vector]));
  const candidates = rows.map((row): Candidate => {
    const { document_id: id, negative, neutral, positive } = row;
    return {
      id,
      story: row.story,
      text: `${row.title} ${row.text}`,
      sentiment: row.sentiment,
      sentiments: { negative, neutral, positive },
      topic: row.topic,
      topics: row.topic_probabilities,
      confidence: row.confidence,
      event: row.event === '' ? null : row.event,
      entities: entitiesOf(row.entity_sentiments),
      shadow: shadows.get(id) ?? null,
      embedding: vectors.get(id) ?? null,
      labelled: people.get(id) ?? 0,
    };
  });
  const day = isoTime(to).slice(0, 10);
  const chance = (id: string): number => Number.parseInt(stableId('queue', author, day, id).slice(0, 8), 16) / 2 ** 32;
  return chooseNext(candidates, { count, reference: deps.reference(), chance });
}

function entitiesOf(text: string): Readonly<Record<string, number>>[] {
  return text === '' ? [] : (JSON.parse(text) as Readonly<Record<string, number>>[]);
}
