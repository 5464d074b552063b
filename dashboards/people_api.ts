/**
 * What people do about alerts, as routes below /api: silences, acknowledgements, ends by hand, failed notifications sent
 * again, and the log of all that. Each writes one row (core/action.ts) and reads only the store: the alerting stage may be
 * in another process, and takes it up within seconds. The command line uses the same routes.
 */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import {
  actionFromRow,
  actionRequestSchema,
  actionRow,
  authorSchema,
  newAction,
  silencesOf,
  type Action,
  type ActionRow,
} from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';
import type { ActionsAnswer, NotificationRow, NotificationsAnswer, SilencesAnswer } from './contract.ts';
import { readQuestion } from './questions.ts';
import { guardWrites, readBody, sayIssues } from './writing.ts';

const MOST_ROWS = 1000;
const id = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'is no id');
const by = { author: authorSchema };

const silenceBody = z
  .strictObject({
    ...by,
    matchers: z.array(z.string()),
    starts_at: z.iso.datetime({ offset: true }).optional(),
    ends_at: z.iso.datetime({ offset: true }).optional(),
    duration_secs: z
      .number()
      .int()
      .min(60)
      .max(366 * 86_400)
      .optional(),
    comment: z.string(),
  })
  .refine(({ ends_at, duration_secs }) => (ends_at === undefined) !== (duration_secs === undefined), {
    message: 'give one of ends_at and duration_secs',
  });
const noteBody = z.strictObject({ ...by, note: z.string().default('') });
const authorBody = z.strictObject(by);
const replayBody = z.strictObject({ ...by, notification: z.string().min(1).max(400) });

const silencesQuestion = z.strictObject({ expired: z.enum(['true', 'false']).default('false') });
const actionsQuestion = z.strictObject({ target: id.optional() });
const notificationsQuestion = z.strictObject({
  alert_id: id.optional(),
  status: z.enum(['sent', 'failed', 'muted']).optional(),
});

export interface PeopleApiDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly via: Action['via'];
}

/** The routes; errors are thrown as TidewatchError. */
export function createPeopleApi({ store, clock, via }: PeopleApiDependencies): Hono {
  const api = new Hono();

  async function actions(target?: string): Promise<Action[]> {
    const where = target === undefined ? '' : 'WHERE target = {target:String}';
    const rows = await store.query<ActionRow>(
      `SELECT id, at, kind, author, via, target, body FROM actions ${where} ORDER BY at DESC, id LIMIT ${MOST_ROWS}`,
      target === undefined ? {} : { target },
    );
    return rows.flatMap((row) => {
      try {
        return [actionFromRow(row)];
      } catch {
        // Of a version that this one does not know.
        return [];
      }
    });
  }

  async function record(context: Context, request: object, author: string): Promise<Response> {
    const parsed = actionRequestSchema.safeParse(request);
    if (!parsed.success) throw new TidewatchError('input.invalid', sayIssues(parsed.error));
    const action = newAction(parsed.data, author, via, clock.now());
    await store.insert('actions', [actionRow(action)], action.id);
    return context.json({ action }, 201);
  }

  async function expectAlert(alertId: string): Promise<void> {
    const rows = await store.query('SELECT 1 AS found FROM alerts WHERE alert_id = {id:String} LIMIT 1', {
      id: alertId,
    });
    if (rows.length === 0) throw new TidewatchError('input.invalid', `There is no alert ${alertId}.`);
  }

  api.use('*', ...guardWrites());

  api.get('/silences', async (context) => {
    const { expired } = readQuestion(context, silencesQuestion);
    const all = silencesOf(await actions(), clock.now());
    const answer: SilencesAnswer = { silences: all.filter(({ state }) => expired === 'true' || state !== 'expired') };
    return context.json(answer);
  });

  api.post('/silences', async (context) => {
    const { author, matchers, starts_at, ends_at, duration_secs, comment } = await readBody(context, silenceBody);
    const start = starts_at === undefined ? clock.now() : Date.parse(starts_at);
    const end = ends_at === undefined ? start + (duration_secs ?? 0) * 1000 : Date.parse(ends_at);
    const times = { starts_at: isoTime(start), ends_at: isoTime(end) };
    return record(context, { kind: 'silence', matchers, ...times, comment }, author);
  });

  api.post('/silences/:id/expire', async (context) => {
    const { author } = await readBody(context, authorBody);
    const silence_id = readId(context);
    const silence = silencesOf(await actions(), clock.now()).find((one) => one.id === silence_id);
    if (silence === undefined) throw new TidewatchError('input.invalid', `There is no silence ${silence_id}.`);
    if (silence.state === 'expired') throw new TidewatchError('input.invalid', 'That silence is over already.');
    return record(context, { kind: 'expire', silence_id }, author);
  });

  for (const kind of ['acknowledge', 'resolve'] as const) {
    api.post(`/alerts/:id/${kind}`, async (context) => {
      const { author, note } = await readBody(context, noteBody);
      const alert_id = readId(context);
      await expectAlert(alert_id);
      return record(context, { kind, alert_id, note }, author);
    });
  }

  api.get('/actions', async (context) => {
    const { target } = readQuestion(context, actionsQuestion);
    const answer: ActionsAnswer = { actions: await actions(target) };
    return context.json(answer);
  });

  api.get('/notifications', async (context) => {
    const { alert_id, status } = readQuestion(context, notificationsQuestion);
    const conditions = [
      status === undefined ? "status IN ('sent', 'failed', 'muted')" : 'status = {status:String}',
      ...(alert_id === undefined ? [] : ['alert_id = {alert_id:String}']),
    ];
    const notifications = await store.query<NotificationRow>(
      `SELECT item, notifier, status, alert_id, at, reason FROM notifications WHERE ${conditions.join(' AND ')}
       ORDER BY at DESC, item, notifier LIMIT ${MOST_ROWS}`,
      { ...(status !== undefined && { status }), ...(alert_id !== undefined && { alert_id }) },
    );
    const answer: NotificationsAnswer = { notifications };
    return context.json(answer);
  });

  api.post('/notifications/replay', async (context) => {
    const { author, notification } = await readBody(context, replayBody);
    return record(context, { kind: 'replay', notification }, author);
  });

  return api;
}

function readId(context: Context): string {
  const parsed = id.safeParse(context.req.param('id'));
  if (!parsed.success) throw new TidewatchError('input.invalid', 'That is no id.');
  return parsed.data;
}
