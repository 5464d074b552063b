/** Forms of the answers of "For you". */
import { z } from 'zod';
import { FEATURES } from '../for_you/features.ts';
import { opinionRow } from './opinion.ts';
import { count, share, span } from './series.ts';

export const forYouStory = z
  .object({
    opinion: opinionRow.describe('The newest document of the story.'),
    documents: count,
    sources: count,
    why: z.array(z.enum(FEATURES)).describe('What spoke for it, most telling first; empty where only the draw did.'),
    chance: share.describe('How likely this person opens it, as the ranker sees it.'),
    place: count.describe('0 the first.'),
    explored: z.boolean().describe('Put here by chance, to learn from: one place of the list is drawn.'),
    propensity: share.describe('Probability with which a drawn story was drawn; 0 for a ranked one.'),
    features: z.array(z.number()).describe('What the ranker saw; given back with what was shown.'),
  })
  .meta({ id: 'ForYouStory' });

export const forYouAnswer = span
  .extend({
    enabled: z.boolean().describe('False: newest first, and nothing is kept or learned.'),
    lessons: count.describe('Stories that the ranking was learned from.'),
    stories: z.array(forYouStory),
  })
  .meta({ id: 'ForYouAnswer' });

export const readingWritten = z
  .object({ kept: count.describe('Rows kept; 0 while it is off.') })
  .meta({ id: 'ReadingWritten' });
