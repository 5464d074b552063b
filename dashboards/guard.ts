/**
 * Who may talk to the server, in this order: the Host header (a page on the internet can point its own name at 127.0.0.1
 * and read a local service unless the service checks by which name it was called: DNS rebinding), how often an address
 * or a token asks, and the token. Tokens are compared in constant time; the cookie of a signed-in browser holds a digest
 * keyed by the token, so that a stolen cookie does not reveal it, a restart signs nobody out, and a changed token does.
 * It is Lax, not Strict: Strict shows the sign-in form to who follows an alert's link out of a message. No GET changes
 * anything, and what is written must come from this page (router.ts), so the cookie of a link gives nothing away.
 * No answer carries Access-Control headers: pages of other sites read nothing (CORS stays closed).
 */
import { createHmac } from 'node:crypto';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { TidewatchError } from '../core/errors.ts';
import { callerOf, createRateLimit } from '../core/rate_limit.ts';
import { requestIdOf } from '../core/request_id.ts';
import { bearerOf, holderOf } from '../core/secret.ts';
import { THIS_MACHINE, type Actor } from './access.ts';
import { problemOf, problemResponse } from './problem.ts';
import type { Asking } from './router.ts';
import { isLoopback, type DashboardsSettings } from './settings.ts';

const COOKIE = 'tidewatch';
const COOKIE_SECONDS = 30 * 86_400;
/** Open without a token: liveness for orchestrators, the sign-in form, and the page's files, which hold no data. */
const OPEN = /^\/(healthz|login|logout|(?:app|icon)-[0-9a-f]{10}\.(?:js|css|svg))$/;
const NOBODY: Actor = { name: 'nobody', role: 'reader', isNamed: false };

interface Holder {
  readonly actor: Actor;
  readonly token: string;
  readonly session: string;
}

export interface Gate {
  /** Sets `requestId` and `actor`. @throws TidewatchError access.unauthenticated, access.too_many */
  readonly admit: MiddlewareHandler<Asking>;
  /** Whether `given` is a token; if so the answer to this request signs the browser in. @throws access.too_many */
  signIn(context: Context<Asking>, given: string): boolean;
  signOut(context: Context<Asking>): void;
}

export function createGate(settings: DashboardsSettings): Gate {
  const holders: Holder[] = settings.tokens.map(({ name, role, token }) => ({
    actor: { name, role, isNamed: true },
    token,
    session: sessionOf(token),
  }));
  if (settings.token !== undefined) {
    const actor: Actor = { name: 'token', role: 'admin', isNamed: false };
    holders.push({ actor, token: settings.token, session: sessionOf(settings.token) });
  }
  const asked = createRateLimit(settings.requests_per_minute);
  const failed = createRateLimit(settings.failed_sign_ins_per_minute);
  const wrong = (address: string): never => {
    failed.take(address);
    throw new TidewatchError('access.unauthenticated', 'A known token is required.');
  };

  return {
    async admit(context, next) {
      context.set('requestId', requestIdOf(context.req.header('x-request-id')));
      const address = addressOf(context);
      context.set('address', address);
      const caller = callerOf(address);
      const bearer = bearerOf(context.req.header('authorization'));
      // A link leads to the page; what it asks behind it may cost (a language model's words), so no other site may ask that.
      const isForeign = context.req.header('sec-fetch-site') === 'cross-site' && context.req.path.startsWith('/api/');
      const cookie = isForeign ? undefined : getCookie(context, COOKIE);
      const isOpen = OPEN.test(context.req.path);
      let actor = holders.length === 0 ? THIS_MACHINE : NOBODY;
      let holder: Holder | undefined;
      if (holders.length > 0 && !isOpen && (bearer ?? cookie) !== undefined) {
        expectWait(failed.wait(caller));
        holder =
          bearer === undefined
            ? holderOf(cookie ?? '', holders, ({ session }) => session)
            : holderOf(bearer, holders, ({ token }) => token);
        // An old cookie is no attempt: the browser sends it by itself.
        if (holder === undefined && bearer !== undefined) wrong(caller);
        actor = holder?.actor ?? NOBODY;
      }
      context.set('actor', actor);
      expectWait(asked.take(actor.isNamed ? `token:${actor.name}` : caller));
      if (isOpen || holders.length === 0 || holder !== undefined) return next();
      const wantsPage = context.req.method === 'GET' && /\btext\/html\b/.test(context.req.header('accept') ?? '');
      // Without a fragment of its own, so that the browser keeps the link's: the form leads back to it (login.ts).
      if (context.req.path === '/') return context.redirect(`/login${new URL(context.req.url).search}`);
      if (wantsPage) return context.redirect('/login');
      throw new TidewatchError('access.unauthenticated', 'A token is required.', {
        hint: 'Send it as Authorization: Bearer TOKEN, or sign in at /login.',
      });
    },

    signIn(context, given) {
      const caller = callerOf(addressOf(context));
      expectWait(failed.wait(caller));
      const holder = holderOf(given, holders, ({ token }) => token);
      if (holder === undefined) {
        failed.take(caller);
        return false;
      }
      setCookie(context, COOKIE, holder.session, {
        httpOnly: true,
        sameSite: 'Lax',
        secure: settings.tls !== undefined || context.req.url.startsWith('https:'),
        path: '/',
        maxAge: COOKIE_SECONDS,
      });
      return true;
    },

    signOut(context) {
      deleteCookie(context, COOKIE, { path: '/' });
    },
  };
}

/** @throws TidewatchError access.too_many where there is something to wait for, in milliseconds */
function expectWait(wait: number): void {
  if (wait <= 0) return;
  throw new TidewatchError('access.too_many', `That is too often: wait ${Math.ceil(wait / 1000)} s.`, {
    retryAfterMs: wait,
  });
}

/** Refuses requests that name another host than this machine, where the server is bound to this machine only. */
export function checkHost(settings: DashboardsSettings): MiddlewareHandler<Asking> {
  const local = isLoopback(settings.host);
  return async (context, next) => {
    const host = (context.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
    if (!local || isLoopback(host)) return next();
    const error = new TidewatchError('access.forbidden', 'This host name is not served here.');
    return problemResponse(problemOf(error, requestIdOf(context.req.header('x-request-id')), 421));
  };
}

export function securityHeaders(): MiddlewareHandler<Asking> {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set('X-Request-Id', context.get('requestId') ?? requestIdOf(context.req.header('x-request-id')));
    headers.set(
      'Content-Security-Policy',
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('X-Frame-Options', 'DENY');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    headers.set('Permissions-Policy', 'camera=(), microphone=(), geolocation=()');
  };
}

/** Address of the other end of the connection; undefined where there is none, as in a test without a socket. */
function addressOf(context: Context): string | undefined {
  try {
    return getConnInfo(context).remote.address;
  } catch {
    return undefined;
  }
}

function sessionOf(token: string): string {
  return createHmac('sha256', token).update('tidewatch session').digest('hex');
}
