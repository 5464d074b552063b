/**
 * What people do about alerts: silences, acknowledgements, ends by hand, failed notifications sent again, and the log of
 * all that. Each writes one row (core/action.ts) and reads only the store: the alerting stage may be in another process,
 * and takes it up within seconds. The command line uses the same routes.
 */
import { z } from 'zod';
import { actionRequestSchema, actionRow, authorSchema, newAction, type Action } from '../core/action.ts';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import { readActions, readSilences } from './action_queries.ts';
import { absent } from './alert_api.ts';
import { actionsAnswer, actionWritten, notificationsAnswer, silencesAnswer } from './answers/alert.ts';
import type { NotificationRow } from './contract.ts';
import { misunderstood } from './problem.ts';
import { cursor, flag, limit, pageOf, readCursor, storedTime } from './questions.ts';
import { defineRoute } from './route.ts';
import type { ApiServices } from './services.ts';

const id = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'is no id');
const withId = z.strictObject({ id });
const by = { author: authorSchema };
const time = z.iso.datetime({ offset: true });

const actionPlace = z.tuple([storedTime, z.string().max(64)]);
const notificationPlace = z.tuple([storedTime, z.string().max(400), z.string().max(100), z.string().max(20)]);

const silenceBody = z
  .strictObject({
    ...by,
    matchers: z
      .array(
        z.string().max(300).meta({
          // The form; whether an expression is one, core/matcher.ts says.
          pattern: '^\\s*[a-zA-Z_][a-zA-Z0-9_]*\\s*(=~|!~|!=|=)\\s*("([^"\\\\]|\\\\.)*"|[^\\s"{},]*)\\s*$',
        }),
      )
      .meta({
        minItems: 1,
        maxItems: 20,
        description: 'All must match, such as entity="apple", severity!="critical".',
      }),
    starts_at: time.optional().describe('Now where absent.'),
    ends_at: time.optional(),
    duration_secs: z
      .int()
      .min(60)
      .max(366 * 86_400)
      .optional()
      .describe('In place of ends_at.'),
    comment: z.string().max(1000).meta({ minLength: 1, description: 'Why: others will ask.' }),
  })
  .refine(({ ends_at, duration_secs }) => (ends_at === undefined) !== (duration_secs === undefined), {
    message: 'give one of ends_at and duration_secs',
  })
  .meta({ oneOf: [{ required: ['ends_at'] }, { required: ['duration_secs'] }] });
const noteBody = z.strictObject({ ...by, note: z.string().trim().max(1000).default('') });
const reasonBody = z.strictObject({
  ...by,
  note: z.string('say why it is over').trim().min(1, 'say why it is over').max(1000),
});

async function record(
  { store, via, clock }: ApiServices,
  request: object,
  author: string,
): Promise<{ action: Action }> {
  const parsed = actionRequestSchema.safeParse(request);
  if (!parsed.success) throw misunderstood(parsed.error, 'The body is not understood', 'input.unprocessable');
  const action = newAction(parsed.data, author, via, clock.now());
  await store.insert('actions', [actionRow(action)], action.id);
  return { action };
}

const silences = defineRoute({
  method: 'get',
  path: '/silences',
  role: 'reader',
  subject: 'Silences',
  summary: 'Silences, newest first',
  query: z.strictObject({ expired: flag.describe('Those that are over, too.') }),
  response: silencesAnswer,
  async handler({ query: { expired } }, { store, clock }) {
    const all = await readSilences(store, clock.now());
    return { silences: all.filter(({ state }) => expired === 'true' || state !== 'expired') };
  },
});

const addSilence = defineRoute({
  method: 'post',
  path: '/silences',
  role: 'analyst',
  subject: 'Silences',
  summary: 'Silence the alerts that every matcher matches, for a while',
  body: silenceBody,
  signed: true,
  response: actionWritten,
  status: 201,
  target: (_, { action }) => action.id,
  async handler({ body: { author, matchers, starts_at, ends_at, duration_secs, comment } }, services) {
    const start = starts_at === undefined ? services.clock.now() : Date.parse(starts_at);
    const end = ends_at === undefined ? start + (duration_secs ?? 0) * 1000 : Date.parse(ends_at);
    const times = { starts_at: isoTime(start), ends_at: isoTime(end) };
    return record(services, { kind: 'silence', matchers, ...times, comment }, author);
  },
});

const expireSilence = defineRoute({
  method: 'post',
  path: '/silences/{id}/expire',
  role: 'analyst',
  subject: 'Silences',
  summary: 'End a silence now',
  params: withId,
  body: z.strictObject(by),
  signed: true,
  response: actionWritten,
  status: 201,
  problems: [404, 409],
  target: ({ params }) => params.id,
  async handler({ params, body }, services) {
    const found = (await readSilences(services.store, services.clock.now())).find((one) => one.id === params.id);
    if (found === undefined) return absent('silence');
    if (found.state === 'expired') throw new TidewatchError('input.conflict', 'That silence is over already.');
    return record(services, { kind: 'expire', silence_id: params.id }, body.author);
  },
});

const acknowledgeAlert = defineRoute({
  method: 'post',
  path: '/alerts/{id}/acknowledge',
  role: 'analyst',
  subject: 'Alerts',
  summary: 'Say that somebody looks after an alert: it is not repeated any more',
  params: withId,
  body: noteBody,
  signed: true,
  response: actionWritten,
  status: 201,
  problems: [404],
  target: ({ params }) => params.id,
  handler: ({ params, body }, services) => actOnAlert('acknowledge', params.id, body, services),
});

const resolveAlert = defineRoute({
  method: 'post',
  path: '/alerts/{id}/resolve',
  role: 'analyst',
  subject: 'Alerts',
  summary: 'End an alert by hand, and let its series rest; or add a note to one that ended',
  params: withId,
  body: reasonBody,
  signed: true,
  response: actionWritten,
  status: 201,
  problems: [404],
  target: ({ params }) => params.id,
  handler: ({ params, body }, services) => actOnAlert('resolve', params.id, body, services),
});

async function actOnAlert(
  kind: 'acknowledge' | 'resolve',
  alert_id: string,
  { author, note }: z.output<typeof noteBody>,
  services: ApiServices,
): Promise<{ action: Action }> {
  if (!(await services.feedback.hasAlert(alert_id))) return absent('alert');
  return record(services, { kind, alert_id, note }, author);
}

const actions = defineRoute({
  method: 'get',
  path: '/actions',
  role: 'reader',
  subject: 'Alerts',
  summary: 'What people did about alerts and silences, newest first',
  query: z.strictObject({
    target: id.optional().describe('Only what concerns this alert or silence.'),
    cursor,
    limit: limit(1000, 1000),
  }),
  response: actionsAnswer,
  async handler({ query: { target, cursor: written, limit: most } }, { store }) {
    const after = written === undefined ? null : readCursor(written, 'actions', actionPlace);
    const about = target === undefined ? {} : { targets: [target] };
    const found = await readActions(store, { ...about, after, limit: most + 1 });
    const { page, next_cursor } = pageOf('actions', found, most, ({ at, id: last }) => [at, last]);
    return { actions: page, next_cursor };
  },
});

const notifications = defineRoute({
  method: 'get',
  path: '/notifications',
  role: 'reader',
  subject: 'Notifications',
  summary: 'What became of notifications, newest first',
  query: z.strictObject({
    alert_id: id.optional(),
    status: z.enum(['sent', 'failed', 'muted']).optional(),
    cursor,
    limit: limit(1000, 1000),
  }),
  response: notificationsAnswer,
  async handler({ query: { alert_id, status, cursor: written, limit: most } }, { store }) {
    const after = written === undefined ? null : readCursor(written, 'notifications', notificationPlace);
    const conditions = [
      status === undefined ? "status IN ('sent', 'failed', 'muted')" : 'status = {status:String}',
      ...(alert_id === undefined ? [] : ['alert_id = {alert_id:String}']),
      ...(after === null
        ? []
        : ['(at, item, notifier, status) < ({at:DateTime64(3)}, {item:String}, {notifier:String}, {last:String})']),
    ];
    const rows = await store.query<NotificationRow>(
      `SELECT item, notifier, status, alert_id, at, reason FROM notifications WHERE ${conditions.join(' AND ')}
       ORDER BY at DESC, item DESC, notifier DESC, status DESC LIMIT {limit:UInt32}`,
      {
        limit: most + 1,
        ...(status !== undefined && { status }),
        ...(alert_id !== undefined && { alert_id }),
        ...(after !== null && { at: after[0], item: after[1], notifier: after[2], last: after[3] }),
      },
    );
    const { page, next_cursor } = pageOf('notifications', rows, most, (row) => [
      row.at,
      row.item,
      row.notifier,
      row.status,
    ]);
    return { notifications: page, next_cursor };
  },
});

const replayNotifications = defineRoute({
  method: 'post',
  path: '/notifications/replay',
  role: 'analyst',
  subject: 'Notifications',
  summary: 'Send a notification that was given up once more; "*" for all',
  body: z.strictObject({ ...by, notification: z.string().min(1).max(400) }),
  signed: true,
  response: actionWritten,
  status: 201,
  target: ({ body }) => body.notification,
  handler: ({ body }, services) => record(services, { kind: 'replay', notification: body.notification }, body.author),
});

export const peopleRoutes = {
  silences,
  addSilence,
  expireSilence,
  acknowledgeAlert,
  resolveAlert,
  actions,
  notifications,
  replayNotifications,
};
