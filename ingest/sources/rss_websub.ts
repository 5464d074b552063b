/**
 * A feed's subscription at its WebSub hub (W3C Recommendation, 2018): ask the hub, prove that we meant it, take what it
 * pushes, renew the lease. Pushed content counts only with the signature of a secret that the hub alone knows besides
 * us; without it, or without a hub, polling goes on as it was, and beside a subscription it goes on slowly: a hub that
 * died in silence must not silence the feed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../core/component.ts';
import { TidewatchError, redactUrl, toTidewatchError } from '../../core/errors.ts';
import { readBody, RequestProblem } from './http_body.ts';
import type { TlsSettings } from '../../core/tls.ts';
import { openCallback } from './rss_callback.ts';

export interface WebSubSettings {
  readonly callback_url: string;
  readonly host: string;
  readonly port: number;
  readonly lease_secs: number;
  readonly tls?: TlsSettings | undefined;
}

interface Kept {
  readonly hub: string;
  readonly topic: string;
  /** As the settings had it: a subscription holds for one address. Versions before this one did not keep it. */
  readonly callback?: string;
  /** The last part of the callback's path: nobody but the hub knows it. */
  readonly path: string;
  readonly secret: string;
  readonly status: 'requested' | 'active' | 'denied';
  /** Epoch milliseconds: the lease's end where it is active, else when to ask again. */
  readonly until: number;
  /** The lease that the hub granted, in milliseconds; 0 before it did. */
  readonly granted: number;
}

export interface Subscription {
  /**
   * Subscribes where the feed names a hub and there is no lease that lasts; forgets the lease where it names none any more.
   * Says nothing but in the log.
   */
  follow(hub: string | null, topic: string | null): Promise<void>;
  isActive(): boolean;
  close(): Promise<void>;
}

const ASK_AGAIN_MS = 3_600_000;
/** A lease is renewed when this share of it, or less, is left. */
const RENEW_SHARE = 0.2;
const MAX_CHALLENGE = 1000;

/** `take` gets each pushed feed: resolves when its items are durable. */
export function createSubscription(
  settings: WebSubSettings & { readonly max_bytes: number },
  context: Context,
  take: (body: Buffer, contentType: string | undefined) => Promise<void>,
): Subscription {
  const table = context.state.table<Kept>('ingest_websub');
  const errors = context.metrics.stage('ingest');
  const callback = settings.callback_url.replace(/\/$/, '');
  const kept = (): Kept | undefined => table.get(context.name);
  /** What is kept, where it is a subscription to this topic at this hub, for the callback of the settings. */
  const keptFor = (hub: string, topic: string): Kept | null => {
    const own = kept();
    return own?.hub === hub && own.topic === topic && own.callback === callback ? own : null;
  };
  let close: (() => Promise<void>) | null = null;

  async function knock(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    if (request.method === 'GET') return verify(response, query);
    if (request.method === 'POST') return receive(request, response);
    response.writeHead(405, { allow: 'GET, POST' }).end();
  }

  /** WebSub 5.3: the hub asks whether we asked; 5.2: or tells that it refuses. */
  async function verify(response: ServerResponse, query: URLSearchParams): Promise<void> {
    const own = kept();
    const mode = query.get('hub.mode');
    const challenge = query.get('hub.challenge') ?? '';
    if (own === undefined || query.get('hub.topic') !== own.topic) return void response.writeHead(404).end();
    if (mode === 'denied') {
      const reason = (query.get('hub.reason') ?? 'no reason given').slice(0, 200);
      context.log.warn(
        `${context.name}: the hub ${redactUrl(own.hub)} refused the subscription (${reason}); polling goes on`,
      );
      await table.put(context.name, { ...own, status: 'denied', until: context.clock.now() + 24 * ASK_AGAIN_MS });
      return void response.writeHead(200).end();
    }
    if (mode !== 'subscribe' || challenge === '' || challenge.length > MAX_CHALLENGE) {
      return void response.writeHead(404).end();
    }
    const lease = Number(query.get('hub.lease_seconds') ?? settings.lease_secs);
    const seconds = lease > 0 && lease <= 365 * 86_400 ? lease : settings.lease_secs;
    await table.put(context.name, {
      ...own,
      status: 'active',
      until: context.clock.now() + seconds * 1000,
      granted: seconds * 1000,
    });
    context.log.info(`${context.name}: subscribed at ${redactUrl(own.hub)} for ${Math.round(seconds / 3600)} h`);
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
    response.writeHead(200, headers).end(challenge);
  }

  /** WebSub 7: content. A wrong signature is answered like a right one, so that nobody can try. */
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(request, settings.max_bytes);
      const own = kept();
      if (own === undefined || !isSigned(body, String(request.headers['x-hub-signature'] ?? ''), own.secret)) {
        errors.error('input.invalid');
        context.log.debug(`${context.name}: content at the callback without the hub’s signature was left out`);
      } else {
        await take(body, request.headers['content-type']);
      }
      response.writeHead(202).end();
    } catch (thrown) {
      if (thrown instanceof RequestProblem) return void response.writeHead(thrown.status, thrown.headers).end();
      const error = toTidewatchError(thrown);
      errors.error(error.code);
      // What is no feed will be none the next time; for all else the hub should come again.
      const isHopeless = error.code === 'feed.malformed';
      response.writeHead(isHopeless ? 202 : 503, isHopeless ? {} : { 'retry-after': '30' }).end();
    }
  }

  async function subscribe(hub: string, topic: string): Promise<void> {
    const before = keptFor(hub, topic);
    const path = before?.path ?? randomBytes(16).toString('hex');
    const secret = before?.secret ?? randomBytes(32).toString('hex');
    const status = before?.status === 'active' ? 'active' : 'requested';
    const until = status === 'active' ? (before?.until ?? 0) : context.clock.now() + ASK_AGAIN_MS;
    const granted = before?.granted ?? 0;
    await table.put(context.name, { hub, topic, callback, path, secret, status, until, granted });
    await listen(path);
    const form = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.topic': topic,
      'hub.callback': `${callback}/${path}`,
      'hub.lease_seconds': String(settings.lease_secs),
      'hub.secret': secret,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status: answered, body } = await context.http.fetch(hub, {
      method: 'POST', headers, body: form.toString(), signal: context.signal, maxBytes: 100_000,
    }); // prettier-ignore
    if (answered >= 200 && answered < 300) return;
    const reason = body.toString('utf8').slice(0, 200);
    throw new TidewatchError('http.status', `The hub ${redactUrl(hub)} answered ${answered} (${reason})`);
  }

  async function unfollow(): Promise<void> {
    if (kept() === undefined) return;
    await table.remove(context.name);
    await shut();
  }

  async function shut(): Promise<void> {
    await close?.();
    close = null;
  }

  async function listen(path: string): Promise<void> {
    await shut();
    close = await openCallback(context.http, settings, path, knock);
  }

  return {
    async follow(hub, topic) {
      try {
        if (hub === null || topic === null) return await unfollow();
        const own = keptFor(hub, topic);
        if (own !== null && close === null) await listen(own.path);
        const margin = own?.status === 'active' ? own.granted * RENEW_SHARE : 0;
        if (own !== null && own.until - margin > context.clock.now()) return;
        await subscribe(hub, topic);
      } catch (thrown) {
        if (context.signal.aborted) return;
        const error = toTidewatchError(thrown, 'http.unavailable');
        errors.error(error.code);
        context.log.warn({ code: error.code }, `${context.name}: no subscription, polling goes on: ${error.message}`);
      }
    },
    isActive() {
      const own = kept();
      return close !== null && own?.status === 'active' && own.until > context.clock.now();
    },
    close: shut,
  };
}

/** In constant time; the methods are those of WebSub 7.1 (sha1 is weak as a hash, not as an HMAC). */
function isSigned(body: Buffer, header: string, secret: string): boolean {
  const [, method, signature] = /^(sha1|sha256|sha384|sha512)=([\da-f]{40,128})$/i.exec(header.trim()) ?? [];
  if (method === undefined || signature === undefined) return false;
  const expected = createHmac(method.toLowerCase(), secret).update(body).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
