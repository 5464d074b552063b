/**
 * The list "For you" out of the store: stories of the last days as candidates, the person's rows as lessons, a draw of the
 * ranker's weights for the order, and one place of the list given to a story drawn from all candidates, with the
 * probability kept beside, so that what people do can be weighed without the ranking's own bias. Within an hour the draws
 * are the same: a list that is loaded again stands still. Reads only.
 */
import type { ReadingRow } from '../../core/reading.ts';
import { stableId } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import { within } from '../conditions.ts';
import type { ExactSpan } from '../span.ts';
import { featuresOf, type Candidate, type Feature } from './features.ts';
import { historyOf, type Correction, type History } from './history.ts';
import { chanceOf, draw, learn, rank, scoreOf, seeded, whyShown } from './ranker.ts';

export interface Picked {
  readonly candidate: Candidate;
  readonly features: readonly number[];
  readonly why: readonly Feature[];
  readonly chance: number;
  readonly explored: boolean;
  readonly propensity: number;
}

export interface ForYou {
  readonly enabled: boolean;
  readonly lessons: number;
  readonly picked: readonly Picked[];
}

const MOST_CANDIDATES = 300;
const MOST_ROWS = 4_000;
/** Place that is drawn: seen by most who look at all, and not the first. */
const DRAWN_PLACE = 4;
const HOUR_MS = 3_600_000;
/** What each story about the same company that stands before takes from a score, in log-odds. */
const REPEATED = 0.4;

const STORY = `story, argMax(document_id, (published_at, document_id)) AS newest_id, count() AS documents,
  uniqExact(source) AS voices, avg(negative) AS negative_mean, arrayDistinct(arrayFlatten(groupArray(20)(entities))) AS about,
  topK(1)(topic)[1] AS main_topic, argMax(source, (published_at, document_id)) AS newest_source,
  argMax(language, (published_at, document_id)) AS newest_language, max(published_at) AS newest_at`;

interface StoredStory {
  readonly story: string;
  readonly newest_id: string;
  readonly documents: number;
  readonly voices: number;
  readonly negative_mean: number;
  readonly about: readonly string[];
  readonly main_topic: string;
  readonly newest_source: string;
  readonly newest_language: string;
  readonly newest_at: string;
}

export async function readForYou(
  store: Store,
  author: string,
  { span, firing, limit }: { span: ExactSpan; firing: ReadonlySet<string>; limit: number },
): Promise<ForYou> {
  const [candidates, history] = await Promise.all([readCandidates(store, span), readHistory(store, author)]);
  return pickFor(author, candidates, history, { now: span.to, firing, limit });
}

/** Pure: the list for one person. */
export function pickFor(
  author: string,
  candidates: readonly Candidate[],
  history: History,
  { now, firing, limit }: { now: number; firing: ReadonlySet<string>; limit: number },
): ForYou {
  const fresh = candidates.filter(({ story }) => !history.dismissed.has(story) && !history.opened.has(story));
  if (!history.isOn) {
    const newest = candidates.toSorted((a, b) => (a.published_at < b.published_at ? 1 : -1)).slice(0, limit);
    const plain = { features: [], why: [], chance: 0, explored: false, propensity: 0 };
    return { enabled: false, lessons: 0, picked: newest.map((candidate) => ({ candidate, ...plain })) };
  }
  const ranker = learn(history.lessons);
  const random = seeded(Number.parseInt(stableId(author, String(Math.floor(now / HOUR_MS))).slice(0, 8), 16));
  const features = fresh.map((candidate) => featuresOf(candidate, history.tastes, { now, firing }));
  const order = varied(fresh, features, draw(ranker, random), limit);
  const drawn = fresh.length > limit ? Math.floor(random() * fresh.length) : -1;
  const ranked = order.filter((index) => index !== drawn);
  if (drawn >= 0) ranked.splice(Math.min(DRAWN_PLACE, limit - 1), 0, drawn);
  const picked = ranked.slice(0, limit).flatMap((index): Picked[] => {
    const [candidate, own] = [fresh[index], features[index]];
    if (candidate === undefined || own === undefined) return [];
    const explored = index === drawn;
    return [
      {
        candidate,
        features: own,
        why: whyShown(ranker, own),
        chance: chanceOf(ranker, own),
        explored,
        propensity: explored ? 1 / fresh.length : 0,
      },
    ];
  });
  return { enabled: true, lessons: ranker.lessons, picked };
}

/**
 * Indexes in order, best first, where each story already listed about the same company takes something from the next: a
 * greedy maximal marginal relevance (Carbonell & Goldstein 1998), so that one loud alert does not fill the list.
 */
export function varied(
  candidates: readonly Candidate[],
  features: readonly (readonly number[])[],
  weights: readonly number[],
  limit: number,
): number[] {
  const left = new Set(rank(features, weights));
  const listed = new Map<string, number>();
  const order: number[] = [];
  while (order.length < limit + 1 && left.size > 0) {
    let best = -1;
    let most = -Infinity;
    for (const index of left) {
      const known = Math.max(0, ...(candidates[index]?.entities ?? []).map((entity) => listed.get(entity) ?? 0));
      const score = scoreOf(features[index] ?? [], weights) - REPEATED * known;
      if (score > most) [best, most] = [index, score];
    }
    left.delete(best);
    order.push(best);
    for (const entity of candidates[best]?.entities ?? []) listed.set(entity, (listed.get(entity) ?? 0) + 1);
  }
  return [...order, ...left];
}

async function readCandidates(store: Store, span: ExactSpan): Promise<Candidate[]> {
  const rows = await store.query<StoredStory>(
    `SELECT ${STORY} FROM opinions WHERE ${within('from')}
     GROUP BY story ORDER BY newest_at DESC, story LIMIT ${MOST_CANDIDATES}`,
    { from: span.from, to: span.to },
  );
  return rows.map(candidateOf);
}

async function readHistory(store: Store, author: string): Promise<History> {
  const rows = await store.query<ReadingRow>(
    `SELECT id, at, kind, author, document_id, story, place, propensity, features FROM reading
     WHERE author = {author:String} ORDER BY at DESC, id DESC LIMIT ${MOST_ROWS}`,
    { author },
  );
  const corrections = await store.query<Correction>(
    `SELECT document_id, any(story) AS story FROM opinions WHERE document_id IN (
       SELECT document_id FROM feedback WHERE author = {author:String} AND document_id != '' AND takes_back = ''
       ORDER BY at DESC LIMIT 1000
     ) GROUP BY document_id SETTINGS final = 0`,
    { author },
  );
  const ids = [
    ...new Set([...rows.map(({ document_id }) => document_id), ...corrections.map(({ document_id }) => document_id)]),
  ];
  const stories =
    ids.length === 0
      ? []
      : await store.query<StoredStory>(
          `SELECT ${STORY} FROM opinions WHERE document_id IN {ids:Array(String)} GROUP BY story SETTINGS final = 0`,
          { ids: ids.filter((id) => id !== '') },
        );
  const known = new Map(stories.map((row) => [row.story, candidateOf(row)]));
  return historyOf(rows.reverse(), corrections, known);
}

function candidateOf(row: StoredStory): Candidate {
  return {
    story: row.story,
    document_id: row.newest_id,
    published_at: row.newest_at,
    documents: row.documents,
    sources: row.voices,
    negative: row.negative_mean,
    entities: row.about,
    topic: row.main_topic,
    source: row.newest_source,
    language: row.newest_language,
  };
}
