/**
 * Feedback of analysts as routes below /api: say it, take it back, see it, fetch it as rows for training. Each write is one
 * row more (core/feedback.ts). Mounted beside people_api.ts; the command line uses the same routes.
 */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { authorSchema } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import {
  feedbackRequestSchema,
  newFeedback,
  standing,
  takenBack,
  type FeedbackRow,
  type ModelLabels,
} from '../core/feedback.ts';
import { isoTime } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';
import type { FeedbackAnswer, TrainingAnswer } from './contract.ts';
import { createFeedbackQueries } from './feedback_queries.ts';
import { readQuestion } from './questions.ts';
import { guardWrites, readBody } from './writing.ts';

const MOST_SHOWN = 1000;
const TRAINING_PAGE = 100;
const id = z.string().min(1).max(64);
const time = z.iso.datetime({ offset: true });

const feedbackQuestion = z
  .strictObject({
    document_id: id.optional(),
    alert_id: id.optional(),
    history: z.enum(['true', 'false']).default('false'),
  })
  .refine(({ document_id, alert_id }) => document_id === undefined || alert_id === undefined, {
    message: 'give one of document_id and alert_id',
  });
const trainingQuestion = z.strictObject({ since: time.optional(), after: id.optional() });
const undoBody = z.strictObject({ author: authorSchema });

export interface FeedbackApiDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly via: FeedbackRow['via'];
}

/** The routes; errors are thrown as TidewatchError, what there is not is answered with 404. */
export function createFeedbackApi({ store, clock, via }: FeedbackApiDependencies): Hono {
  const api = new Hono();
  const queries = createFeedbackQueries(store);
  const absent = (context: Context, what: string): Response =>
    context.json({ error: { code: 'input.invalid', message: `There is no such ${what}.` } }, 404);
  const keep = async (context: Context, row: FeedbackRow): Promise<Response> => {
    await store.insert('feedback', [row], row.id);
    return context.json({ feedback: row }, 201);
  };
  const rowsAbout = (row: Pick<FeedbackRow, 'document_id' | 'alert_id'>): Promise<FeedbackRow[]> =>
    row.document_id === '' ? queries.rows('alert_id', row.alert_id) : queries.rows('document_id', row.document_id);

  api.use('/feedback/*', ...guardWrites());

  api.post('/feedback', async (context) => {
    const request = await readBody(context, feedbackRequestSchema);
    let labels: ModelLabels | null = null;
    if (request.kind === 'verdict') {
      if (!(await queries.hasAlert(request.alert_id))) return absent(context, 'alert');
    } else {
      labels = await queries.labels(request.document_id);
      if (labels === null) return absent(context, 'document');
    }
    const row = newFeedback(request, labels, via, clock.now());
    // Later than what it replaces, where both fall into one millisecond.
    const before = (await rowsAbout(row)).at(-1);
    const at = before !== undefined && before.at >= row.at ? isoTime(Date.parse(before.at) + 1) : row.at;
    return keep(context, { ...row, at });
  });

  api.post('/feedback/:id/undo', async (context) => {
    const { author } = await readBody(context, undoBody);
    const row = await queries.row(context.req.param('id'));
    if (row === null) return absent(context, 'feedback');
    if (row.author !== author) {
      throw new TidewatchError('input.invalid', 'That is what somebody else said. Say what you think instead.');
    }
    if (!standing(await rowsAbout(row)).some(({ id: own }) => own === row.id)) {
      throw new TidewatchError('input.invalid', 'That does not stand any more: it was replaced or taken back.');
    }
    return keep(context, takenBack(row, via, clock.now()));
  });

  api.get('/feedback', async (context) => {
    const { document_id, alert_id, history } = readQuestion(context, feedbackQuestion);
    const column = document_id !== undefined ? 'document_id' : alert_id !== undefined ? 'alert_id' : null;
    const rows = await queries.rows(column, document_id ?? alert_id ?? '');
    const shown = history === 'true' ? rows.toReversed() : standing(rows);
    const answer: FeedbackAnswer = { feedback: shown.slice(0, MOST_SHOWN) };
    return context.json(answer);
  });

  api.get('/feedback/training', async (context) => {
    const { since, after } = readQuestion(context, trainingQuestion);
    const from = since === undefined ? '' : isoTime(Date.parse(since));
    const { rows, last } = await queries.training(from, after ?? '', TRAINING_PAGE);
    const answer: TrainingAnswer = { rows, next: last };
    return context.json(answer);
  });

  return api;
}
