/** Forms of the answer to a question. */
import { z } from 'zod';
import { languageSchema, sentimentSchema } from '../../core/event.ts';
import { alertRow } from './alert.ts';
import { opinionRow } from './opinion.ts';
import { count, names, span, timelineAnswer, time } from './series.ts';

const cited = z.array(count).describe('Numbers of documents.');
export const sentence = z.object({ text: z.string(), cites: cited }).meta({ id: 'Sentence' });

const tally = z.object({ documents: count, negative: count, positive: count });

export const askAnswer = span
  .extend({
    question: z.object({
      text: z.string(),
      entities: z.array(z.object({ id: z.string(), name: names })),
      topic: z.string().nullable(),
      time_words: z.string().nullable().describe('The words of the question that named a time; null: the last 7 days.'),
      side: sentimentSchema.nullable(),
      aim: z.enum(['why', 'how_much', 'what']),
    }),
    language: z.enum(['en', 'zh']),
    sentences: z.array(sentence).describe('Facts out of the store, each with the documents that it rests on.'),
    documents: z.array(
      z
        .object({
          number: count,
          document_id: z.string(),
          title: z.string(),
          source: z.string(),
          published_at: time,
          language: languageSchema,
        })
        .meta({ id: 'CitedDocument' }),
    ),
    asked: tally.describe('Documents of the span.'),
    before: tally.describe('Documents of the time just as long before it.'),
    chart: timelineAnswer.describe('The span asked about, with whole steps of at least as long a time before it.'),
    alerts: z.array(alertRow),
    found: z.array(opinionRow).describe('What search finds for the question within the span.'),
    prose: z
      .array(sentence)
      .nullable()
      .describe(
        'The same put into words by the language model of the settings, after it was checked; null without one.',
      ),
    prose_refused: z
      .string()
      .nullable()
      .describe('Why what that model wrote is not shown; null where nothing was refused.'),
  })
  .meta({ id: 'AskAnswer' });
