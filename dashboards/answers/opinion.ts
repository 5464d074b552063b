/** Forms of the answers about documents and their labels. */
import { z } from 'zod';
import { languageSchema, sentimentSchema, sourceClassSchema } from '../../core/event.ts';
import type { Story } from '../../core/store/stories.ts';
import { feedbackRow } from './feedback.ts';
import { count, names, nextCursor, share, spanFields, time } from './series.ts';

const probabilities = z.object({ negative: share, neutral: share, positive: share });

export const opinionRow = z
  .object({
    document_id: z.string(),
    source: z.string(),
    source_class: sourceClassSchema,
    author: z.string().nullable(),
    url: z.string().nullable(),
    title: z.string().nullable(),
    text: z.string().describe('At most 600 characters.'),
    language: languageSchema,
    published_at: time,
    labelled_at: time,
    entities: z.array(z.object({ id: z.string(), name: names })),
    topic: z.string(),
    sentiment: sentimentSchema,
    probabilities,
    confidence: share,
    model: z.string().describe('name@version of the model that labelled.'),
    story: z.string().describe('Id of the cluster of near-duplicates: that of its first document.'),
    novelty: z.int().min(0).max(100).describe('100 for the first document of a story.'),
    feedback: z.array(feedbackRow).describe('What people say of it and stands, newest first.'),
  })
  .meta({ id: 'Opinion' });

export const opinionsAnswer = z
  .object({ ...spanFields, opinions: z.array(opinionRow), next_cursor: nextCursor })
  .meta({ id: 'OpinionsAnswer' });

export const documentRow = z
  .object({
    id: z.string(),
    source: z.string(),
    feed: z.string().describe('Name of the ingest source that brought it.'),
    source_class: sourceClassSchema,
    author: z.string().nullable(),
    url: z.string().nullable(),
    title: z.string().nullable(),
    text: z.string().describe('At most 600 characters.'),
    language: languageSchema,
    published_at: time,
    published_at_estimated: z.boolean(),
    fetched_at: time,
    entities: z.array(z.string()),
    story: z.string(),
    novelty: z.int().min(0).max(100),
    coordinated: share,
  })
  .meta({ id: 'Document' });

export const documentsAnswer = z
  .object({ ...spanFields, documents: z.array(documentRow), next_cursor: nextCursor })
  .meta({ id: 'DocumentsAnswer' });

export const documentAnswer = opinionRow
  .extend({
    text: z.string().describe('At most 20,000 characters.'),
    event: z.string().nullable().describe('Kind of negative event that it reports; null where none.'),
  })
  .meta({ id: 'DocumentAnswer' });

export const explainAnswer = z
  .object({
    label: sentimentSchema,
    probability: share,
    method: z.enum(['exact', 'shapley', 'occlusion']),
    text: z.string().describe('What the model read.'),
    words: z.array(
      z
        .object({
          word: z.string(),
          start: count.describe('Place in `text`, in UTF-16 units.'),
          end: count,
          weight: z.number().describe('Log-odds that the word adds to the label (below 0: takes from it), in nats.'),
        })
        .meta({ id: 'WordWeight' }),
    ),
    model: z.string(),
  })
  .meta({ id: 'ExplainAnswer', description: 'Which words carried the sentiment, by the model that labels now.' });

export const storyAnswer = z
  .object({
    story: z.string(),
    size: count.describe('Documents, the first one included.'),
    sources: count,
    authors: count.describe('Signed ones, at each outlet.'),
    first_source: z.string(),
    first_document: z.string(),
    first_published_at: time,
    last_published_at: time,
    title: z.string(),
    url: z.string().nullable(),
    coordinated: share.describe('How much it looks like part of a campaign.'),
    schema_version: z.literal(1),
  })
  .meta({ id: 'Story' }) satisfies z.ZodType<Story>;

export const storyDocumentsAnswer = z
  .object({ documents: z.array(opinionRow).describe('Oldest first; at most 200.') })
  .meta({ id: 'StoryDocumentsAnswer' });
