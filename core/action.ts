/**
 * What people do about alerts: silences, acknowledgements, ends by hand. Rows are only ever added, so the table of actions
 * is at once the state (alerting reads it) and the audit log (who did what, when, from where). Written by the API and the
 * command line through the store, because the page, the alerting stage and the person may be in three processes.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from './event.ts';
import { parseMatcher } from './matcher.ts';

const time = z.iso.datetime({ precision: 3 });
const text = (longest: number) => z.string().trim().max(longest);
const target = z.string().regex(/^[0-9a-zA-Z_-]{1,64}$/, 'an id: letters, digits, "_" and "-" only, at most 64');
const matcher = z
  .string()
  .max(300)
  .superRefine((value, context) => {
    try {
      parseMatcher(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  });

const silenceFields = {
  /** All must match. */
  matchers: z.array(matcher).min(1, 'at least one: a silence of everything is not meant').max(20),
  starts_at: time,
  ends_at: time,
  comment: text(1000).min(1, 'say why: others will ask'),
};

/** What a person asks for; `recordAction` adds the rest. */
export const actionRequestSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('silence'), ...silenceFields }),
    z.strictObject({ kind: z.literal('expire'), silence_id: target }),
    z.strictObject({ kind: z.literal('acknowledge'), alert_id: target, note: text(1000).default('') }),
    z.strictObject({ kind: z.literal('resolve'), alert_id: target, note: text(1000).min(1, 'say why it is over') }),
    z.strictObject({ kind: z.literal('replay'), notification: z.string().max(400) }),
  ])
  .refine((request) => request.kind !== 'silence' || request.starts_at < request.ends_at, {
    path: ['ends_at'],
    message: 'must be after starts_at',
  });

export type ActionRequest = z.output<typeof actionRequestSchema>;

export const authorSchema = text(100).min(1, 'say who you are');

/** One row of the audit log. */
export interface Action {
  readonly id: string;
  /** When it was recorded, by the machine's clock. */
  readonly at: string;
  readonly author: string;
  /** How it came: the API (the page among its users) or the command line beside a stopped process. */
  readonly via: 'api' | 'command';
  readonly request: ActionRequest;
}

export interface ActionRow {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly author: string;
  readonly via: string;
  /** Alert or silence that it is about. */
  readonly target: string;
  readonly body: string;
}

export function newAction(request: ActionRequest, author: string, via: Action['via'], now: number): Action {
  return { id: randomUUID().replaceAll('-', ''), at: isoTime(now), author, via, request };
}

export function actionRow({ id, at, author, via, request }: Action): ActionRow {
  return { id, at, kind: request.kind, author, via, target: targetOf(id, request), body: JSON.stringify(request) };
}

/** The action that `actionRow` stored. Throws zod's error for one of a form that this version does not know. */
export function actionFromRow({ id, at, author, via, body }: ActionRow): Action {
  return {
    id,
    at,
    author,
    via: via === 'command' ? 'command' : 'api',
    request: actionRequestSchema.parse(JSON.parse(body)),
  };
}

function targetOf(id: string, request: ActionRequest): string {
  if (request.kind === 'silence') return id;
  if (request.kind === 'expire') return request.silence_id;
  return request.kind === 'replay' ? request.notification : request.alert_id;
}

/** A silence as people see it: its id, its words, and where it stands at `now`. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly string[];
  readonly starts_at: string;
  /** Where it was ended early, when. */
  readonly ends_at: string;
  readonly comment: string;
  readonly author: string;
  readonly created_at: string;
  readonly state: 'pending' | 'active' | 'expired';
}

/** Silences out of the log, newest first. `now` in epoch milliseconds. */
export function silencesOf(actions: readonly Action[], now: number): Silence[] {
  const ended = new Map<string, string>();
  for (const { at, request } of actions) if (request.kind === 'expire') ended.set(request.silence_id, at);
  const silences: Silence[] = [];
  for (const { id, at, author, request } of actions) {
    if (request.kind !== 'silence') continue;
    const { matchers, starts_at, comment } = request;
    const early = ended.get(id);
    const ends_at = early !== undefined && early < request.ends_at ? early : request.ends_at;
    const state = Date.parse(ends_at) <= now ? 'expired' : Date.parse(starts_at) > now ? 'pending' : 'active';
    silences.push({ id, matchers, starts_at, ends_at, comment, author, created_at: at, state });
  }
  return silences.sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}
