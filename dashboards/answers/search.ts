/** Forms of the answers of search. */
import { z } from 'zod';
import { languageSchema } from '../../core/event.ts';
import { opinionRow } from './opinion.ts';
import { count, names, span } from './series.ts';

export const searchHit = z
  .object({
    opinion: opinionRow,
    score: z
      .number()
      .min(0)
      .describe('Reciprocal rank fusion: the sum of 1 / (60 + place) over the lists that found it.'),
    by: z.array(z.enum(['words', 'meaning', 'entity'])).describe('Lists that found it.'),
    likeness: z
      .number()
      .min(-1)
      .max(1)
      .nullable()
      .describe('Cosine of the embeddings; null where meaning did not find it.'),
    copies: count.describe('Further documents of the same story among what was found.'),
  })
  .meta({ id: 'SearchHit' });

export const searchAnswer = span
  .extend({
    hits: z.array(searchHit).describe('Best first; one a story.'),
    total: count.describe('Stories found, at most some hundreds: only the best are looked at.'),
    meaning: z
      .enum(['used', 'unavailable', 'late', 'not_asked'])
      .describe('unavailable: this process has no model with embeddings; late: it was too busy to answer in time.'),
    entities: z.array(z.object({ id: z.string(), name: names })).describe('Watched entities that the question names.'),
    language: languageSchema,
  })
  .meta({ id: 'SearchAnswer' });
