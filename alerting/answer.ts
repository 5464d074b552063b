/**
 * What an HTTP answer to a notification means: taken, refused for good, or come back later. One table for all HTTP
 * notifiers. 408, 425, 429 and 5xx are worth another try; the rest of 4xx (410 Gone among them) and redirects are not:
 * the same request would get the same answer. Sources: RFC 9110 section 15, RFC 6585, Standard Webhooks "Operations".
 */
import { TidewatchError, redactUrl, toTidewatchError } from '../core/errors.ts';
import type { Context } from '../core/component.ts';
import type { FetchResult } from '../core/http.ts';

const WORTH_ANOTHER_TRY = new Set([408, 425, 429]);
/** All messages of the notifier wait as long (notify_worker.ts): a year in a header, seconds meant, must not silence it. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly timeoutMs: number;
}

/**
 * Posts once to an address that the operator chose: its host is trusted, redirects are not followed. Resolves to the body
 * of the answer.
 * @throws TidewatchError notify.rejected, notify.unavailable, unless it was taken
 */
export async function post(
  { url, headers, body, timeoutMs }: Post,
  { clock, http, name, signal }: Pick<Context, 'clock' | 'http' | 'name' | 'signal'>,
): Promise<string> {
  const caps = { timeoutMs, maxBytes: 100_000, maxRedirects: 0 };
  try {
    const answer = await http.fetch(url, { method: 'POST', headers, body, ...caps, trustHost: true, signal });
    expectTaken(answer, name, clock.now());
    return answer.body.toString('utf8');
  } catch (error) {
    throw asNotifyError(error, name, url);
  }
}

/** @throws TidewatchError notify.rejected, notify.unavailable, unless the status is 2xx. `now` in epoch milliseconds. */
function expectTaken(result: FetchResult, notifier: string, now: number): void {
  const { status, headers } = result;
  if (status >= 200 && status < 300) return;
  const said = result.body.toString('utf8').replace(/\s+/g, ' ').slice(0, 200).toWellFormed();
  const message = `${notifier}: ${new URL(result.url).origin} answered ${status}${said === '' ? '' : ` (${said})`}`;
  if (status >= 500 || WORTH_ANOTHER_TRY.has(status)) {
    const retryAfterMs = retryAfter(headers['retry-after'], now);
    throw new TidewatchError('notify.unavailable', message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  throw new TidewatchError('notify.rejected', message, {
    hint: 'Check the address and its secret; then tidewatch notify replay.',
  });
}

/** Milliseconds from `now` until a Retry-After header (RFC 9110 section 10.2.3) lets us try again, an hour at most, if it says so. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(asked) ? undefined : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, asked));
}

/**
 * An error of the HTTP client as a notifier throws it. The path of `url` is taken out, because for some services it is
 * the secret; for the same reason the original error is not kept as the cause.
 */
function asNotifyError(thrown: unknown, notifier: string, url: string): TidewatchError {
  const error = toTidewatchError(thrown, 'notify.unavailable');
  if (error.code === 'notify.rejected' || error.code === 'notify.unavailable') return error;
  const code = error.retryable ? 'notify.unavailable' : 'notify.rejected';
  const message = error.message.replaceAll(redactUrl(url), new URL(url).origin);
  return new TidewatchError(code, `${notifier}: ${message}`);
}
