/**
 * Feedback of analysts: say it, take it back, see it, fetch it as rows for training. Each write is one row more
 * (core/feedback.ts). The command line uses the same routes.
 */
import { z } from 'zod';
import { authorSchema } from '../core/action.ts';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import {
  feedbackRequestSchema,
  newFeedback,
  standing,
  takenBack,
  type FeedbackRow,
  type ModelLabels,
} from '../core/feedback.ts';
import { absent } from './alert_api.ts';
import { feedbackAnswer, feedbackWritten, trainingAnswer } from './answers/feedback.ts';
import type { FeedbackQueries } from './feedback_queries.ts';
import { cursor, flag, limit, pageOf, readCursor, storedTime, time } from './questions.ts';
import { defineRoute } from './route.ts';
import type { ApiServices } from './services.ts';

const TRAINING_PAGE = 100;
const id = z.string().min(1).max(64);
const feedbackPlace = z.tuple([storedTime, id]);

async function keep({ store }: ApiServices, row: FeedbackRow): Promise<{ feedback: FeedbackRow }> {
  await store.insert('feedback', [row], row.id);
  return { feedback: row };
}

function rowsAbout(queries: FeedbackQueries, row: Pick<FeedbackRow, 'document_id' | 'alert_id'>) {
  return row.document_id === '' ? queries.rows('alert_id', row.alert_id) : queries.rows('document_id', row.document_id);
}

const giveFeedback = defineRoute({
  method: 'post',
  path: '/feedback',
  role: 'analyst',
  subject: 'Feedback',
  summary: 'Correct a label of a document, or judge an alert',
  body: feedbackRequestSchema,
  signed: true,
  response: feedbackWritten,
  status: 201,
  problems: [404],
  target: ({ body }) => ('alert_id' in body ? body.alert_id : body.document_id),
  async handler({ body }, services) {
    const { feedback: queries, via, clock } = services;
    let labels: ModelLabels | null = null;
    if (body.kind === 'verdict') {
      if (!(await queries.hasAlert(body.alert_id))) return absent('alert');
    } else labels = (await queries.labels(body.document_id)) ?? absent('document');
    const row = newFeedback(body, labels, via, clock.now());
    // Later than what it replaces, where both fall into one millisecond.
    const before = (await rowsAbout(queries, row)).at(-1);
    const at = before !== undefined && before.at >= row.at ? isoTime(Date.parse(before.at) + 1) : row.at;
    return keep(services, { ...row, at });
  },
});

const undoFeedback = defineRoute({
  method: 'post',
  path: '/feedback/{id}/undo',
  role: 'analyst',
  subject: 'Feedback',
  summary: 'Take back what one said',
  params: z.strictObject({ id }),
  body: z.strictObject({ author: authorSchema }),
  signed: true,
  response: feedbackWritten,
  status: 201,
  problems: [404, 409],
  target: ({ params }) => params.id,
  async handler({ params, body }, services) {
    const { feedback: queries, via, clock } = services;
    const row = (await queries.row(params.id)) ?? absent('feedback');
    if (row.author !== body.author) {
      throw new TidewatchError('access.forbidden', 'That is what somebody else said. Say what you think instead.');
    }
    if (!standing(await rowsAbout(queries, row)).some((own) => own.id === row.id)) {
      throw new TidewatchError('input.conflict', 'That does not stand any more: it was replaced or taken back.');
    }
    return keep(services, takenBack(row, via, clock.now()));
  },
});

const feedback = defineRoute({
  method: 'get',
  path: '/feedback',
  role: 'reader',
  subject: 'Feedback',
  summary: 'What people say and stands, newest first',
  query: z
    .strictObject({
      document_id: id.optional(),
      alert_id: id.optional(),
      history: flag,
      cursor,
      limit: limit(1000, 1000),
    })
    .refine(({ document_id, alert_id }) => document_id === undefined || alert_id === undefined, {
      message: 'give one of document_id and alert_id',
    }),
  response: feedbackAnswer,
  async handler({ query: { document_id, alert_id, history, cursor: written, limit: most } }, { feedback: queries }) {
    const column = document_id !== undefined ? 'document_id' : alert_id !== undefined ? 'alert_id' : null;
    const rows = await queries.rows(column, document_id ?? alert_id ?? '');
    const place = written === undefined ? null : readCursor(written, 'feedback', feedbackPlace);
    const all = history === 'true' ? rows.toReversed() : standing(rows);
    const rest =
      place === null ? all : all.filter((row) => row.at < place[0] || (row.at === place[0] && row.id < place[1]));
    const { page, next_cursor } = pageOf('feedback', rest, most, ({ at, id: last }) => [at, last]);
    return { feedback: page, next_cursor };
  },
});

const training = defineRoute({
  method: 'get',
  path: '/feedback/training',
  role: 'reader',
  subject: 'Feedback',
  summary: 'Corrections as rows to train on, by document',
  query: z.strictObject({
    since: time.optional().describe('Only documents corrected from this time on.'),
    after: id.optional().describe('`next` of the page before.'),
  }),
  response: trainingAnswer,
  async handler({ query: { since, after } }, { feedback: queries }) {
    const from = since === undefined ? '' : isoTime(Date.parse(since));
    const { rows, last } = await queries.training(from, after ?? '', TRAINING_PAGE);
    return { rows, next: last };
  },
});

export const feedbackRoutes = { giveFeedback, undoFeedback, feedback, training };
