/**
 * One question to a service's API: in its turn (requests to one host keep a distance, whichever sources make them), with
 * its statuses in the house's errors, its answer checked against a schema.
 */
import type { z } from 'zod';
import type { Context } from '../../core/component.ts';
import { TidewatchError, redactUrl } from '../../core/errors.ts';
import type { FetchOptions, FetchResult } from '../../core/http.ts';
import { retryAfterMs } from './retry_after.ts';
import { hostGate } from './rss_hosts.ts';

export interface Question {
  readonly url: string;
  /** Shortest time between the starts of two requests to this host. */
  readonly gapMs: number;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly maxBytes?: number;
  /** What to do where the service says 401 or 403. */
  readonly forbiddenHint: string;
  /** Statuses that are answers, beside 200. */
  readonly expected?: readonly number[];
}

/**
 * Asks. The answer has status 200 or an expected one.
 * @throws TidewatchError http.status (401, 403, 404 and the like), http.unavailable (429 and 5xx, with Retry-After), and
 * what HttpClient.fetch throws
 */
export async function ask(context: Context, question: Question): Promise<FetchResult> {
  const { url, method = 'GET', headers = {}, maxBytes = 10_000_000 } = question;
  const options: FetchOptions = { method, headers, maxBytes, timeoutMs: 30_000, signal: context.signal };
  const gate = hostGate(context.http, context.clock);
  const limits = { connections: 2, requestsPerSecond: 1000 / question.gapMs };
  const answer = await gate.run(url, limits, context.signal, () =>
    context.http.fetch(url, question.body === undefined ? options : { ...options, body: question.body }),
  );
  if (answer.status === 200 || question.expected?.includes(answer.status) === true) return answer;
  const error = statusError(answer, url, question.forbiddenHint, context.clock.now());
  if (error.retryAfterMs !== undefined) gate.hold(url, context.clock.now() + error.retryAfterMs);
  throw error;
}

/** As `ask`, with the body as JSON of that form. @throws TidewatchError feed.malformed too */
export async function askJson<Answer>(
  context: Context,
  question: Question,
  form: z.ZodType<Answer>,
): Promise<{ answer: Answer; headers: FetchResult['headers'] }> {
  const { body, headers } = await ask(context, {
    ...question,
    headers: { accept: 'application/json', ...question.headers },
  });
  return { answer: readJson(body.toString('utf8'), form, redactUrl(question.url)), headers };
}

/** @throws TidewatchError feed.malformed, naming `where` and what is wrong */
export function readJson<Answer>(text: string, form: z.ZodType<Answer>, where: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TidewatchError('feed.malformed', `${where} did not answer with JSON but with: ${text.slice(0, 80)}`);
  }
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join('.') ?? '';
  throw new TidewatchError(
    'feed.malformed',
    `${where} answered in an unknown form (${place}: ${issue?.message ?? ''})`,
    {
      hint: 'Its API may have changed: look for a newer version of Tidewatch.',
    },
  );
}

/** A status that is no answer, as the error that says what to do about it; `now` in epoch milliseconds. */
export function statusError(
  { status, headers }: Pick<FetchResult, 'status' | 'headers'>,
  url: string,
  forbiddenHint: string,
  now: number,
): TidewatchError {
  const where = redactUrl(url);
  const after = retryAfterMs(headers['retry-after'], now);
  const wait = after === null ? {} : { retryAfterMs: after };
  if (status === 429 || status >= 500)
    return new TidewatchError('http.unavailable', `${where} answered ${status}`, wait);
  const hint =
    status === 401 || status === 403
      ? forbiddenHint
      : 'Look whether its address and the names in the settings are right.';
  return new TidewatchError('http.status', `${where} answered ${status}`, { hint, ...wait });
}
