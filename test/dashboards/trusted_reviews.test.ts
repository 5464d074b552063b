/** What reviewers decided, as the guards are given it: of more reviews than are read, the newest. */
import { expect, it } from 'vitest';
import type { Store } from '../../core/store/store.ts';
import { readTrusted } from '../../dashboards/trusted_queries.ts';

const said = {
  id: 'said',
  at: '2026-03-01T00:00:00.000Z',
  kind: 'sentiment',
  author: 'Wei',
  document_id: 'd',
  value: 'negative',
  takes_back: '',
  model_value: 'neutral',
};
const document = {
  document_id: 'd',
  story: '',
  language: 'zh',
  title: '',
  text: '利润下滑',
  entities: [],
  negative: 0.3,
  neutral: 0.5,
  positive: 0.2,
  topic_probabilities: {},
};
const old = Array.from({ length: 20_000 }, (_, index) => ({
  vote: `v${index}`,
  decision: 'release',
  at: '2026-02-01',
}));

/** Answers the three questions as ClickHouse does, in the order that is asked for. */
function storeOf(reviews: readonly object[]): Store {
  const query = (sql: string): Promise<unknown[]> => {
    if (sql.includes('FROM feedback_reviews')) {
      const ordered = sql.includes('ORDER BY at DESC, id DESC') ? reviews.toReversed() : reviews;
      return Promise.resolve(ordered.slice(0, 20_000));
    }
    return Promise.resolve(sql.includes('FROM feedback') ? [said] : [document]);
  };
  return { query } as unknown as Store;
}

it('hears the newest review, and of two of a vote the later', async () => {
  const review = (decision: string, at: string) => ({ vote: 'said', decision, at });
  const { held } = await readTrusted(storeOf([...old, review('reject', '2026-03-02T00:00:00.000Z')]));
  expect(held.map(({ reason }) => reason)).toEqual(['rejected']);
  const twice = [review('reject', '2026-03-02T00:00:00.000Z'), review('release', '2026-03-02T00:00:00.000Z')];
  const { accepted } = await readTrusted(storeOf([...old, ...twice]));
  expect(accepted.map(({ value }) => value)).toEqual(['negative']);
});
