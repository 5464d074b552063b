/** Forms of the answers about the watchlist, and of what an entry would match. */
import { z } from 'zod';
import { watchedEntitySchema } from '../../core/watched_entity.ts';
import { languageSchema } from '../../core/event.ts';
import { time } from './series.ts';

const count = z.number().int().min(0);

export const watchlistAnswer = z
  .object({
    files: z
      .array(z.object({ name: z.string(), writable: z.boolean() }))
      .describe('In the order in which they are merged; a new entry goes to the last that can be written.'),
    entries: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        name_zh: z.string().nullable(),
        kind: z.string(),
        file: count.describe('Place in `files`.'),
      }),
    ),
    total: count.describe('Entries that fit, shown or not.'),
  })
  .meta({ id: 'WatchlistAnswer' });

export const watchlistEntryAnswer = z
  .object({
    entry: watchedEntitySchema,
    version: z
      .string()
      .describe('Give it back with a change: it is refused where somebody changed the entry meanwhile.'),
    file: z.string(),
    writable: z.boolean(),
  })
  .meta({ id: 'WatchlistEntry' });

const example = z.object({
  document_id: z.string(),
  published_at: time,
  language: languageSchema,
  title: z.string().describe('Title, or the beginning of the text.'),
  surface: z.string().describe('The words that name it.'),
});

export const watchlistPreviewAnswer = z
  .object({
    documents: count.describe('The newest ones, of at most 14 days, that were looked at.'),
    before: count.describe('Of these, that name the entity by the watchlist as it is.'),
    after: count.describe('That would name it.'),
    gained: z.array(example).describe('Examples that only the changed entry finds, newest first.'),
    lost: z.array(example).describe('Examples that it finds no more.'),
    kept: z.array(example).describe('Examples that both find.'),
    doubtful: z
      .object({ documents: count, examples: z.array(example) })
      .describe(
        'An ambiguous name stands there, and the words around it do not say that the entity is meant: not counted.',
      ),
  })
  .meta({ id: 'WatchlistPreview' });

export const watchlistWritten = z
  .object({
    id: z.string(),
    file: z.string(),
    change: z.enum(['added', 'changed', 'removed']),
  })
  .meta({ id: 'WatchlistWritten' });
