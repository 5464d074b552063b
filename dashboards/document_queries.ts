/** Documents as ingest stored them, before and after labels: a page of them, found by keys first (opinion_queries.ts). */
import type { Store } from '../core/store/store.ts';
import { within } from './conditions.ts';
import type { Answer } from './contract.ts';
import type { documentRow, documentsAnswer } from './answers/opinion.ts';
import { writeCursor } from './questions.ts';
import { spanAnswer, type ExactSpan } from './span.ts';

export interface DocumentFilter {
  readonly entity?: string | undefined;
  readonly source?: string | undefined;
  readonly feed?: string | undefined;
  readonly story?: string | undefined;
  readonly language?: string | undefined;
}

interface Place {
  readonly published_at: string;
  readonly id: string;
}

const CONDITIONS: Readonly<Record<keyof DocumentFilter, string>> = {
  entity: 'has(entities, {entity:String})',
  source: 'source = {source:String}',
  feed: 'feed = {feed:String}',
  story: 'story = {story:String}',
  language: 'language = {language:String}',
};

const COLUMNS = `id, source, feed, source_class, nullIf(author, '') AS author, nullIf(url, '') AS url,
  nullIf(title, '') AS title, substringUTF8(text, 1, 600) AS text, language, published_at, published_at_estimated,
  fetched_at, entities, story, novelty, coordinated`;

/** A page of the documents of a span that starts behind `after`, newest first. */
export async function listDocuments(
  store: Store,
  span: ExactSpan,
  filter: DocumentFilter,
  after: Place | null,
  limit: number,
): Promise<Answer<typeof documentsAnswer>> {
  const names = (Object.keys(CONDITIONS) as (keyof DocumentFilter)[]).filter((name) => filter[name] !== undefined);
  const behind = after === null ? '' : 'AND (published_at, id) < ({after_time:DateTime64(3)}, {after_id:String})';
  const keys = await store.query<Place>(
    `SELECT published_at, id FROM documents WHERE ${within('from')} ${names.map((name) => `AND ${CONDITIONS[name]}`).join(' ')}
       ${behind} ORDER BY published_at DESC, id DESC LIMIT 1 BY id LIMIT {limit:UInt32}`,
    {
      ...Object.fromEntries(names.map((name) => [name, filter[name]])),
      ...(after !== null && { after_time: after.published_at, after_id: after.id }),
      from: span.from,
      to: span.to,
      limit: limit + 1,
    },
  );
  const page = keys.slice(0, limit);
  const [newest, last] = [page[0], page.at(-1)];
  if (newest === undefined || last === undefined) return { ...spanAnswer(span), documents: [], next_cursor: null };
  const documents = await store.query<Answer<typeof documentRow>>(
    `SELECT ${COLUMNS} FROM documents
     WHERE published_at >= {oldest:DateTime64(3)} AND published_at <= {newest:DateTime64(3)} AND id IN {ids:Array(String)}
     ORDER BY published_at DESC, id DESC LIMIT 1 BY id`,
    { oldest: last.published_at, newest: newest.published_at, ids: page.map(({ id }) => id) },
  );
  const { from, to, anchor } = span;
  const next_cursor =
    keys.length > limit ? writeCursor('documents', from, to, anchor, last.published_at, last.id) : null;
  return { ...spanAnswer(span), documents, next_cursor };
}
