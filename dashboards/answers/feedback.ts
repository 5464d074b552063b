/** Forms of the answers about what analysts say. */
import { z } from 'zod';
import type { FeedbackRow, TrainingRow } from '../../core/feedback.ts';
import { nextCursor, time } from './series.ts';

export const feedbackRow = z
  .object({
    id: z.string(),
    at: time,
    kind: z.enum(['sentiment', 'topic', 'entities', 'verdict']),
    author: z.string(),
    via: z.enum(['api', 'command']),
    document_id: z.string().describe('Empty in a verdict on an alert.'),
    alert_id: z.string().describe('Empty in a correction of a document.'),
    value: z.string().describe('Sentiment, topic, verdict, or the entities as a JSON list; empty where it takes back.'),
    reason: z.string(),
    takes_back: z.string().describe('Id of the row that this one takes back; empty for none.'),
    model: z.string().describe('name@version of the model that was corrected.'),
    model_value: z.string().describe('Its label, in the form of `value`.'),
  })
  .meta({ id: 'Feedback' }) satisfies z.ZodType<FeedbackRow>;

export const feedbackWritten = z.object({ feedback: feedbackRow }).meta({ id: 'FeedbackWritten' });

export const feedbackAnswer = z
  .object({
    feedback: z
      .array(feedbackRow)
      .describe('What stands, newest first; with `history=true` every row, those taken back or replaced too.'),
    next_cursor: nextCursor,
  })
  .meta({ id: 'FeedbackAnswer' });

const labels = z.object({ sentiment: z.string(), topic: z.string(), entities: z.array(z.string()) });

export const trainingRow = z
  .object({
    id: z.string(),
    text: z.string().describe('What the model reads: title and text in one, cleaned.'),
    language: z.string(),
    sentiment: z.string().exactOptional(),
    topic: z.string().exactOptional(),
    entities: z.array(z.string()).exactOptional(),
    model: z.string(),
    model_labels: labels,
    author: z.string().describe('A pseudonym: the same person has the same one.'),
    at: time,
  })
  .meta({ id: 'TrainingRow' }) satisfies z.ZodType<unknown, TrainingRow>;

export const trainingAnswer = z
  .object({
    rows: z.array(trainingRow),
    next: z.string().nullable().describe('Give it back as `after` for the next rows; null on the last.'),
  })
  .meta({ id: 'TrainingAnswer' });
