/**
 * The watchlist by routes: its entries, one entry, what a changed one would match among recent documents, and keeping it. The files
 * and the matcher are not here: whoever serves the page gives them (services.ts).
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { isoTime, type Document } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';
import { watchedEntitySchema, type WatchedEntity } from '../core/watched_entity.ts';
import { absent } from './alert_api.ts';
import {
  watchlistAnswer,
  watchlistEntryAnswer,
  watchlistPreviewAnswer,
  watchlistWritten,
} from './answers/watchlist.ts';
import type { Answer } from './contract.ts';
import { limit, whole } from './questions.ts';
import { defineRoute } from './route.ts';
import type { ApiServices } from './services.ts';

const DAYS = 14;
const MOST_DOCUMENTS = 3_000;
const EXAMPLES = 8;
const id = z.string().min(1).max(60);
const version = z.string().max(64).nullable().describe('Of the entry as it was read; null for a new one.');

export interface NamingDocument {
  readonly title: string | null;
  readonly text: string;
  readonly published_at: string;
}

/** What this process can do with the watchlist; null where it reads none (services.ts). */
export interface WatchlistDesk {
  list(): Promise<Omit<Answer<typeof watchlistAnswer>, 'total'>>;
  entry(id: string): Promise<Answer<typeof watchlistEntryAnswer> | null>;
  /** Of each document the words by which it names the entry: by the list as it is, by the changed one, or doubtfully. */
  preview(
    entry: WatchedEntity,
    documents: readonly NamingDocument[],
  ): Promise<readonly { before: string | null; after: string | null; doubtful: string | null }[]>;
  /** @throws TidewatchError input.conflict, config.invalid, storage.read_only */
  save(
    entry: WatchedEntity,
    version: string | null,
    file: number | undefined,
  ): Promise<{ before: WatchedEntity | null; file: string }>;
  remove(id: string, version: string | null): Promise<{ before: WatchedEntity; file: string } | null>;
}

function deskOf({ watchlist }: ApiServices): WatchlistDesk {
  if (watchlist !== null && watchlist !== undefined) return watchlist;
  throw new TidewatchError('model.missing', 'This process reads no watchlist.');
}

const watchlist = defineRoute({
  method: 'get',
  path: '/watchlist',
  role: 'analyst',
  subject: 'Watchlist',
  summary: 'Who is watched, by id and name, and whether the files can be written',
  query: z.strictObject({
    q: z.string().max(200).optional().describe('Part of an id or a name.'),
    limit: limit(200, 2_000),
  }),
  response: watchlistAnswer,
  problems: [501],
  async handler({ query }, services) {
    const { files, entries } = await deskOf(services).list();
    const wanted = (query.q ?? '').trim().toLowerCase();
    const fitting = entries.filter((one) =>
      [one.id, one.name, one.name_zh ?? ''].some((called) => called.toLowerCase().includes(wanted)),
    );
    return { files, entries: fitting.slice(0, query.limit), total: fitting.length };
  },
});

const watchlistEntry = defineRoute({
  method: 'get',
  path: '/watchlist/{id}',
  role: 'analyst',
  subject: 'Watchlist',
  summary: 'One entry with all its names',
  params: z.strictObject({ id }),
  response: watchlistEntryAnswer,
  problems: [404, 501],
  handler: async ({ params }, services) =>
    (await deskOf(services).entry(params.id)) ?? absent('entry of the watchlist'),
});

const previewEntry = defineRoute({
  method: 'post',
  path: '/watchlist/{id}/preview',
  role: 'analyst',
  subject: 'Watchlist',
  summary: 'What an entry would match among recent documents; nothing is kept',
  description: `By the matcher that ingest uses, over the newest ${MOST_DOCUMENTS} documents of at most ${DAYS} days.`,
  params: z.strictObject({ id }),
  body: z.strictObject({ entry: watchedEntitySchema }),
  response: watchlistPreviewAnswer,
  problems: [501],
  target: () => null,
  async handler({ body: { entry } }, services) {
    const rows = await recent(services.store);
    const named = await deskOf(services).preview(entry, rows);
    const found = rows.map((row, index) => ({ row, ...named[index] }));
    const examples = (fits: (one: (typeof found)[number]) => string | null | undefined | false) =>
      found.flatMap((one) => {
        const surface = fits(one);
        if (typeof surface !== 'string') return [];
        const { document_id, published_at, language, title, text } = one.row;
        return [{ document_id, published_at, language, title: title ?? text.slice(0, 160), surface }];
      });
    const doubtful = examples(({ doubtful: surface }) => surface);
    return {
      documents: rows.length,
      before: named.filter(({ before }) => before !== null).length,
      after: named.filter(({ after }) => after !== null).length,
      gained: examples(({ before, after }) => before === null && after).slice(0, EXAMPLES),
      lost: examples(({ before, after }) => after === null && before).slice(0, EXAMPLES),
      kept: examples(({ before, after }) => before !== null && after).slice(0, EXAMPLES),
      doubtful: { documents: doubtful.length, examples: doubtful.slice(0, EXAMPLES) },
    };
  },
});

const saveEntry = defineRoute({
  method: 'post',
  path: '/watchlist/{id}',
  role: 'analyst',
  subject: 'Watchlist',
  summary: 'Keep an entry, new or changed; it counts from the next document on',
  description: 'The audit log keeps what stands there now; the file as it was is kept beside it (.before).',
  params: z.strictObject({ id }),
  body: z.strictObject({
    entry: watchedEntitySchema,
    version,
    file: whole(0, 1_000).optional().describe('For a new entry: place of the file in the list of files.'),
  }),
  response: watchlistWritten,
  problems: [409, 501],
  target: ({ params }) => params.id,
  detail: ({ body, params }) => JSON.stringify({ id: params.id, now: body.entry }),
  async handler({ params, body }, services) {
    const desk = deskOf(services);
    if (body.entry.id !== params.id)
      throw new TidewatchError('input.unprocessable', 'The id of an entry stays: remove it and add another.');
    const { before, file } = await desk.save(body.entry, body.version, body.file);
    return { id: params.id, file, change: before === null ? ('added' as const) : ('changed' as const) };
  },
});

const removeEntry = defineRoute({
  method: 'post',
  path: '/watchlist/{id}/remove',
  role: 'analyst',
  subject: 'Watchlist',
  summary: 'Watch it no more; what was found about it stays',
  params: z.strictObject({ id }),
  body: z.strictObject({ version }),
  response: watchlistWritten,
  problems: [404, 409, 501],
  target: ({ params }) => params.id,
  async handler({ params, body }, services) {
    const done = (await deskOf(services).remove(params.id, body.version)) ?? absent('entry of the watchlist');
    return { id: params.id, file: done.file, change: 'removed' as const };
  },
});

interface RecentDocument extends NamingDocument {
  readonly document_id: string;
  readonly language: Document['language'];
}

async function recent(store: Store): Promise<RecentDocument[]> {
  const [newest] = await store.query<{ at: number }>(
    'SELECT toUnixTimestamp64Milli(max(published_at)) AS at FROM documents SETTINGS final = 0',
  );
  const rows = await store.query<RecentDocument & { title: string }>(
    `SELECT id AS document_id, title, text, language, published_at FROM documents
     WHERE published_at >= parseDateTime64BestEffort({from:String}, 3)
     ORDER BY published_at DESC, id LIMIT 1 BY id LIMIT ${MOST_DOCUMENTS}`,
    { from: isoTime(Math.max(0, (newest?.at ?? 0) - DAYS * 86_400_000)) },
  );
  return rows.map((row) => ({ ...row, title: row.title === '' ? null : row.title }));
}

export const watchlistRoutes = { watchlist, watchlistEntry, previewEntry, saveEntry, removeEntry };
