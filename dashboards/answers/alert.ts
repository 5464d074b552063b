/** Forms of the answers about alerts, and about what people do with them. */
import { z } from 'zod';
import { actionRequestSchema, type Silence } from '../../core/action.ts';
import { alertSchema, alertStateSchema, severitySchema } from '../../core/event.ts';
import { feedbackRow } from './feedback.ts';
import { names, nextCursor, time } from './series.ts';

export const alertChange = z
  .object({
    revision: z.int().min(1),
    state: alertStateSchema,
    at: time,
    severity: severitySchema,
    observed: z.number(),
    expected: z.number(),
  })
  .meta({ id: 'AlertChange' });

export const silence = z
  .object({
    id: z.string(),
    matchers: z.array(z.string()),
    starts_at: time,
    ends_at: time.describe('Where it was ended early, when.'),
    comment: z.string(),
    author: z.string(),
    created_at: time,
    state: z.enum(['pending', 'active', 'expired']),
  })
  .meta({ id: 'Silence' }) satisfies z.ZodType<Silence>;

export const alertRow = alertSchema
  .extend({
    names,
    history: z.array(alertChange).describe('Every change of its life, oldest first.'),
    feedback: z.array(feedbackRow).describe('Verdicts that stand, newest first.'),
    silences: z.array(silence).describe('Those that keep it quiet now, the last to end first.'),
    acknowledged: z
      .object({ author: z.string(), at: time })
      .nullable()
      .describe('Who said last that they look after it, and when; null where nobody did.'),
  })
  .meta({ id: 'Alert', description: 'The newest revision of an alert.' });

export const alertsAnswer = z.object({ alerts: z.array(alertRow) }).meta({ id: 'AlertsAnswer' });

export const alertsPage = alertsAnswer.extend({ next_cursor: nextCursor }).meta({ id: 'AlertsPage' });

export const silencesAnswer = z.object({ silences: z.array(silence) }).meta({ id: 'SilencesAnswer' });

export const action = z
  .object({
    id: z.string(),
    at: time,
    author: z.string(),
    via: z.enum(['api', 'command']),
    request: actionRequestSchema,
  })
  .meta({ id: 'Action', description: 'What somebody did about an alert or a silence.' });

export const actionsAnswer = z
  .object({ actions: z.array(action).describe('Newest first.'), next_cursor: nextCursor })
  .meta({ id: 'ActionsAnswer' });

export const actionWritten = z.object({ action }).meta({ id: 'ActionWritten' });

export const notificationRow = z
  .object({
    item: z.string().describe('alert_id:revision.'),
    notifier: z.string().describe('"*" where it was not sent to any.'),
    status: z.enum(['sent', 'failed', 'muted']),
    alert_id: z.string(),
    at: time,
    reason: z.string(),
  })
  .meta({ id: 'Notification' });

export const notificationsAnswer = z
  .object({ notifications: z.array(notificationRow).describe('Newest first.'), next_cursor: nextCursor })
  .meta({ id: 'NotificationsAnswer' });
