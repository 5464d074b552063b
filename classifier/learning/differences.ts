/** Where a candidate in shadow and the model beside it differ: how often, in which direction, and on which documents. */
import type { Store } from '../../core/store/store.ts';

export interface Differences {
  /** Candidate, and the model that labelled. */
  readonly model: string;
  readonly against: string;
  /** Documents that both read, and those on which they differ. */
  readonly documents: number;
  readonly sentiment: number;
  readonly topic: number;
  /** Sum of the probabilities of being negative: what alerts count. */
  readonly negative_before: number;
  readonly negative_after: number;
  /** Sentiments before and after, with how often, most frequent first. */
  readonly moves: readonly { readonly from: string; readonly to: string; readonly documents: number }[];
  /** The most telling of them: a change of sentiment, the surest first. */
  readonly examples: readonly {
    readonly document_id: string;
    readonly published_at: string;
    readonly title: string;
    readonly language: string;
    readonly current: string;
    readonly candidate: string;
    readonly probability: number;
  }[];
}

/** Null where the candidate has read nothing beside a model yet. @throws TidewatchError storage.* */
export async function differencesOf(store: Store, model: string, examples = 20): Promise<Differences | null> {
  const [sums] = await store.query<Omit<Differences, 'model' | 'moves' | 'examples'>>(
    `SELECT argMax(against, labelled_at) AS against, count() AS documents, countIf(sentiment != current_sentiment) AS sentiment,
       countIf(topic != current_topic) AS topic, sum(current_negative) AS negative_before, sum(negative) AS negative_after
     FROM shadow_labels WHERE model = {model:String}`,
    { model },
  );
  if (sums === undefined || sums.documents === 0) return null;
  const [moves, shown] = await Promise.all([
    store.query<Differences['moves'][number]>(
      `SELECT current_sentiment AS from, sentiment AS to, count() AS documents FROM shadow_labels
       WHERE model = {model:String} AND sentiment != current_sentiment GROUP BY from, to ORDER BY documents DESC, from, to`,
      { model },
    ),
    store.query<Omit<Differences['examples'][number], 'title' | 'language'>>(
      `SELECT document_id, published_at, current_sentiment AS current, sentiment AS candidate,
         greatest(negative, neutral, positive) AS probability
       FROM shadow_labels WHERE model = {model:String} AND sentiment != current_sentiment
       ORDER BY probability DESC, document_id LIMIT {examples:UInt32}`,
      { model, examples },
    ),
  ]);
  const ids = shown.map(({ document_id }) => document_id);
  const titles = await store.query<{ document_id: string; title: string; language: string }>(
    `SELECT document_id, if(title = '', substringUTF8(text, 1, 200), title) AS title, language FROM opinions
     WHERE document_id IN {ids:Array(String)} LIMIT 1 BY document_id SETTINGS final = 0`,
    { ids },
  );
  const known = new Map(titles.map((row) => [row.document_id, row]));
  return {
    ...sums,
    model,
    moves,
    examples: shown.map((row) => ({
      ...row,
      title: known.get(row.document_id)?.title ?? '',
      language: known.get(row.document_id)?.language ?? '',
    })),
  };
}
