/**
 * A conversation with Reddit's API: an access token of its own (OAuth2 client credentials, RFC 6749 4.4), its user
 * agent, and the pauses that its rate-limit headers ask for.
 */
import { z } from 'zod';
import type { Context } from '../../core/component.ts';
import { TidewatchError, redactUrl } from '../../core/errors.ts';
import { ask, askJson, readJson, type Question } from './ask.ts';

export interface RedditAccess {
  readonly client_id: string;
  readonly secret: string;
  readonly contact: string;
  readonly url: string;
  readonly token_url: string;
}

export interface Session {
  get(path: string, query: Record<string, string>): Promise<unknown>;
  /** How long the rate-limit headers ask to rest. */
  restMs(): number;
}

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
/** 60 requests a minute is the older, lower limit of the two that Reddit has named. */
const GAP_MS = 1000;

/** Keeps an access token, and gets another when it expires or is no longer taken. */
export function createSession(chosen: RedditAccess, context: Context): Session {
  const userAgent = `node:tidewatch:v1 (by ${chosen.contact.replace(/^u\//, '/u/')})`;
  let token: { readonly value: string; readonly until: number } | null = null;
  let rest = 0;

  async function freshToken(): Promise<string> {
    if (token !== null && context.clock.now() < token.until) return token.value;
    const basic = Buffer.from(`${chosen.client_id}:${chosen.secret}`).toString('base64');
    const question: Question = {
      url: chosen.token_url,
      gapMs: GAP_MS,
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
        'user-agent': userAgent,
      },
      body: 'grant_type=client_credentials',
      forbiddenHint: 'Are client_id and secret right, and is the application of kind "script" or "web app"?',
    };
    const { answer } = await askJson(context, question, tokenSchema);
    // A minute before its end, so that no request goes out with a token that ends on the way.
    token = { value: answer.access_token, until: context.clock.now() + Math.max(1, answer.expires_in - 60) * 1000 };
    return token.value;
  }

  return {
    restMs: () => rest,
    async get(path, query) {
      const address = new URL(chosen.url.replace(/\/$/, '') + path);
      for (const [name, value] of Object.entries({ ...query, raw_json: '1' })) address.searchParams.set(name, value);
      const value = await freshToken();
      const headers = { authorization: `Bearer ${value}`, 'user-agent': userAgent };
      const forbiddenHint = 'Is each of the subreddits public, and the application allowed to read?';
      const question = { url: address.href, gapMs: GAP_MS, headers, forbiddenHint, expected: [401] };
      const { status, headers: said, body } = await ask(context, question);
      if (status === 401) {
        token = null;
        throw new TidewatchError(
          'http.unavailable',
          `${redactUrl(address.href)} no longer takes the access token; another is got`,
        );
      }
      rest = restOf(said);
      return readJson(body.toString('utf8'), z.unknown(), redactUrl(address.href));
    },
  };
}

/** x-ratelimit-remaining and -reset (seconds): with little left, what is left is spread over the rest of the period. */
export function restOf(headers: Readonly<Record<string, string>>): number {
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
  if (!(remaining >= 0) || !(reset >= 0) || remaining > 20) return 0;
  return Math.round((Math.min(reset, 3600) * 1000) / Math.max(1, remaining));
}
