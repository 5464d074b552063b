/** Forms of the answers about the whole, and of the live events. */
import { z } from 'zod';
import type { SourceHealth } from '../../core/health.ts';
import { ROLES } from '../access.ts';
import { alertRow } from './alert.ts';
import { opinionRow } from './opinion.ts';
import { count, time } from './series.ts';

export const statusAnswer = z
  .object({
    version: z.string(),
    model: z.string().nullable().describe('The model that labels now, or that labelled last; null before any label.'),
    now: time,
    opinions: count,
    alerts: z.object({ pending: count, firing: count, resolved: count }),
    newest_published_at: time.nullable().describe('Newest event time among the opinions; null without any.'),
    newest_labelled_at: time.nullable(),
    lag_secs: z.number().min(0).nullable().describe('Seconds from the newest event time to now.'),
    sources: z.array(z.string()).describe('Names of the sources that opinions came from, most frequent first.'),
  })
  .meta({ id: 'Status' });

export const meAnswer = z
  .object({
    name: z.string().describe('Name of the token, or what stands for it.'),
    role: z.enum(ROLES),
    signed_in: z.boolean().describe('Whether a token was asked for, so that there is something to sign out of.'),
    signs: z.boolean().describe('Whether the name is the author of what is written, whatever a body claims.'),
  })
  .meta({ id: 'Me' });

const sourceHealth = z
  .object({
    name: z.string(),
    type: z.string(),
    status: z.enum(['starting', 'ok', 'quiet', 'failing', 'dead', 'finished']),
    reason: z.string().nullable().describe('Why it is quiet, failing or dead, with what to do; null otherwise.'),
    last_success_at: z.string().nullable(),
    last_item_at: z.string().nullable(),
    items: count.describe('Documents taken in since the process started.'),
    next_attempt_at: z.string().nullable(),
    lag_secs: z.number().nullable().exactOptional(),
    usual_per_hour: z.number().nullable().exactOptional(),
  })
  .meta({ id: 'SourceHealth' }) satisfies z.ZodType<unknown, SourceHealth>;

export const sourcesAnswer = z.object({ sources: z.array(sourceHealth) }).meta({ id: 'SourcesAnswer' });

/** Server-sent events of /api/live, by event name. */
export const liveEvents = {
  opinions: z.object({ opinions: z.array(opinionRow) }),
  alerts: z.object({ alerts: z.array(alertRow) }),
  sources: sourcesAnswer,
  /** Too much happened since the last event that this client saw: fetch everything again. */
  reset: z.object({
    reason: z.enum(['too_much', 'unknown_id']).describe('Why the events in between cannot be sent again.'),
  }),
} as const;
