/**
 * Corrections as the guards of core/trust read them: who said what about which document, with what the model holds likely, and
 * what reviewers decided. What comes out is what may be learned, and what waits for a colleague.
 */
import { newReview, type ReviewRow } from '../core/feedback_review.ts';
import { standing, type FeedbackRow } from '../core/feedback.ts';
import type { Store } from '../core/store/store.ts';
import { modelText } from '../core/text.ts';
import { guard, type Guarded } from '../core/trust/guard.ts';
import type { Review, Vote } from '../core/trust/vote.ts';

export interface Trusted extends Guarded {
  /** Texts as the model reads them, and the story of each document. */
  readonly documents: ReadonlyMap<string, TrustedDocument>;
  /** The feedback row behind each vote. */
  readonly rows: ReadonlyMap<string, FeedbackRow>;
}

export interface TrustedDocument {
  readonly story: string;
  readonly language: string;
  readonly title: string;
  readonly text: string;
}

interface StoredDocument extends TrustedDocument {
  readonly document_id: string;
  readonly entities: readonly string[];
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly topic_probabilities: Readonly<Record<string, number>>;
}

/** The newest corrections that are looked at, and as many reviews. */
const MOST_ROWS = 20_000;
const CHUNK = 500;

/** Everything that people corrected, through the guards. @throws TidewatchError storage.* */
export async function readTrusted(store: Store): Promise<Trusted> {
  const said = await store.query<FeedbackRow>(
    `SELECT id, at, kind, author, via, document_id, alert_id, value, reason, takes_back, model, model_value FROM feedback
     WHERE kind IN ('sentiment', 'topic') ORDER BY at DESC, id DESC LIMIT ${MOST_ROWS}`,
  );
  const rows = standing(said);
  const documents = await readDocuments(store, [...new Set(rows.map(({ document_id }) => document_id))]);
  const reviews = await readReviews(store);
  const votes = rows.flatMap((row): Vote[] => {
    const document = documents.get(row.document_id);
    if (document === undefined || (row.kind !== 'sentiment' && row.kind !== 'topic')) return [];
    const { negative, neutral, positive, topic_probabilities, entities } = document;
    const probabilities = row.kind === 'sentiment' ? { negative, neutral, positive } : topic_probabilities;
    const { id, author, document_id: target, kind, value, at, model_value } = row;
    return [{ id, author, target, kind, value, at, model_value, probabilities, entities }];
  });
  return {
    ...guard(votes, reviews),
    documents: new Map(
      [...documents].map(([id, { story, language, title, text }]) => [
        id,
        { story, language, title, text: modelText(title || null, text) },
      ]),
    ),
    rows: new Map(rows.map((row) => [row.id, row])),
  };
}

async function readDocuments(store: Store, ids: readonly string[]): Promise<Map<string, StoredDocument>> {
  const found = new Map<string, StoredDocument>();
  for (let from = 0; from < ids.length; from += CHUNK) {
    const rows = await store.query<StoredDocument>(
      `SELECT document_id, story, language, title, text, entities, negative, neutral, positive, topic_probabilities
       FROM opinions WHERE document_id IN {ids:Array(String)} ORDER BY labelled_at DESC LIMIT 1 BY document_id SETTINGS final = 0`,
      { ids: ids.slice(from, from + CHUNK) },
    );
    for (const row of rows) found.set(row.document_id, row);
  }
  return found;
}

/** The newest, oldest first: the latest review of a vote stands. */
async function readReviews(store: Store): Promise<Review[]> {
  const newest = await store.query<Review>(
    `SELECT feedback_id AS vote, decision, at FROM feedback_reviews ORDER BY at DESC, id DESC LIMIT ${MOST_ROWS}`,
  );
  return newest.toReversed();
}

/** Keeps a review of `row`. @throws TidewatchError storage.* */
export async function keepReview(
  store: Store,
  row: FeedbackRow,
  given: Pick<ReviewRow, 'author' | 'decision' | 'reason'>,
  via: ReviewRow['via'],
  now: number,
): Promise<ReviewRow> {
  const review = newReview(row, given, via, now);
  await store.insert('feedback_reviews', [review], review.id);
  return review;
}
