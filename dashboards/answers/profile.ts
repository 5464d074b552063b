/** Forms of the answers about one series: its stories, what it is about, its words, its prices; and the watchlist to choose from. */
import { z } from 'zod';
import { languageSchema } from '../../core/event.ts';
import { count, names, span, time } from './series.ts';

const part = z.object({ documents: count, negative: count });

export const toldStory = part
  .extend({
    story: z.string().describe('Id of the cluster of near-duplicates.'),
    document_id: z.string().describe('The first document of this selection.'),
    title: z.string(),
    language: languageSchema,
    first_source: z.string(),
    first_published_at: time,
    last_published_at: time,
    sources: count,
    authors: count.describe('Signed ones, at each source.'),
    spread: z.array(count).describe('Documents in equal parts of the span, oldest first.'),
  })
  .meta({ id: 'ToldStory', description: 'A story as this selection tells it.' });

export const profileAnswer = span
  .extend({
    name: names.nullable().describe('Of the entity, else of the topic; null for all of it.'),
    stories: z.array(toldStory).describe('Those with most documents.'),
    topics: z.array(part.extend({ topic: z.string() })),
    events: z.array(part.extend({ event: z.string() })).describe('Kinds of event that the model found.'),
    entities: z.array(part.extend({ id: z.string(), name: names })).describe('Named beside it.'),
    sources: z.array(part.extend({ source: z.string() })),
  })
  .meta({ id: 'ProfileAnswer' });

export const wordsAnswer = span
  .extend({
    against: z
      .enum(['before', 'others'])
      .describe(
        'What is usual: its own documents of the span before (two weeks at least), or, where they are under 200, what is said of all others.',
      ),
    read: count.describe('Stories of the selection whose headlines were read: the newest.'),
    usual: count.describe('Stories that they were compared with.'),
    words: z.array(
      z.object({
        word: z.string(),
        language: languageSchema.describe('Where headlines of both languages use it, that in which it tells more.'),
        z: z.number().describe('Log-odds over its standard error.'),
        count: count.describe('Stories with the word, in either language.'),
        usual: count.describe('Of those compared with.'),
      }),
    ),
  })
  .meta({ id: 'WordsAnswer' });

export const pricesAnswer = span
  .extend({
    closes: z
      .array(z.object({ day: z.iso.date(), close: z.number().positive() }))
      .describe('Oldest first; empty where no prices are given.'),
  })
  .meta({ id: 'PricesAnswer' });

export const entitiesAnswer = z
  .object({ entities: z.array(z.object({ id: z.string(), name: names })), total: count.describe('That match.') })
  .meta({ id: 'EntitiesAnswer' });
