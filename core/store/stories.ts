/**
 * Stories as the store has them: their size, who was first, how many voices, and how coordinated they look. Asked of the
 * documents each time. Rejected: a table of its own (every copy would rewrite its story's row, and what is taken back
 * would have to be taken out of it again).
 */
import { SCHEMA_VERSION } from '../event.ts';
import type { Store } from './store.ts';

export interface Story {
  /** Id of its first document. */
  readonly story: string;
  /** Documents, the first one included. */
  readonly size: number;
  readonly sources: number;
  /** Signed ones, at each outlet. */
  readonly authors: number;
  /** Of the document published first, and of equal ones that fetched first. */
  readonly first_source: string;
  readonly first_document: string;
  readonly first_published_at: string;
  readonly last_published_at: string;
  readonly title: string;
  readonly url: string | null;
  /** The highest of its documents: the first ones of a campaign cannot look like one yet. In [0, 1]. */
  readonly coordinated: number;
  readonly schema_version: typeof SCHEMA_VERSION;
}

export interface StorySpan {
  /** Event time, ISO 8601: stories with a document published within, counted over those documents. */
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

const COLUMNS = `story, count() AS size, uniqExact(source) AS sources,
  uniqExactIf((source, author), author != '') AS authors,
  argMin(source, (published_at, fetched_at)) AS first_source, argMin(id, (published_at, fetched_at)) AS first_document,
  min(published_at) AS first_published_at, max(published_at) AS last_published_at,
  argMin(if(title = '', substringUTF8(text, 1, 300), title), (published_at, fetched_at)) AS title,
  argMin(url, (published_at, fetched_at)) AS url, max(coordinated) AS coordinated`;

/** The story, or null where the store has no document of it. @throws TidewatchError storage.unavailable */
export async function readStory(store: Store, story: string): Promise<Story | null> {
  const [row] = await store.query<Story>(
    `SELECT ${COLUMNS} FROM documents WHERE story = {story:String} GROUP BY story`,
    { story },
  );
  return row === undefined ? null : shaped(row);
}

/** The largest stories of a span of event time. @throws TidewatchError storage.unavailable */
export async function readStories(store: Store, { from, to, limit }: StorySpan): Promise<Story[]> {
  const rows = await store.query<Story>(
    `SELECT ${COLUMNS} FROM documents
     WHERE published_at >= {from:DateTime64(3)} AND published_at < {to:DateTime64(3)}
     GROUP BY story ORDER BY size DESC, first_published_at, story LIMIT {limit:UInt32}`,
    { from, to, limit },
  );
  return rows.map(shaped);
}

function shaped(row: Story): Story {
  return { ...row, url: row.url === '' ? null : row.url, schema_version: SCHEMA_VERSION };
}
