/**
 * Who may talk to the server. Three gates: the Host header (a page on the internet can point its own name at 127.0.0.1
 * and read a local service unless the service checks by which name it was called: DNS rebinding), the token where one
 * is set, and response headers that take away what a browser does not need. The token is compared in constant time;
 * the cookie holds a digest of it, so that a stolen cookie does not reveal it and a restart signs nobody out.
 */
import { createHmac } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isSameSecret } from '../core/secret.ts';
import { isLoopback, type DashboardsSettings } from './settings.ts';

const COOKIE = 'tidewatch';
const COOKIE_SECONDS = 30 * 86_400;
/** Open without a token: liveness for orchestrators, the sign-in form, and the page's files, which hold no data. */
const OPEN = /^\/(healthz|login|(?:app|icon)-[0-9a-f]{10}\.(?:js|css|svg))$/;

/** Refuses requests that name another host than this machine, where the server is bound to this machine only. */
export function checkHost(settings: DashboardsSettings): MiddlewareHandler {
  const local = isLoopback(settings.host);
  return async (context, next) => {
    const host = (context.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
    if (local && !isLoopback(host)) {
      return context.json({ error: { code: 'input.invalid', message: 'This host name is not served here.' } }, 421);
    }
    return next();
  };
}

export function securityHeaders(): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
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

/** Lets through who gives the token as a bearer or has signed in; does nothing where no token is set. */
export function checkToken(token: string | undefined): MiddlewareHandler {
  return async (context, next) => {
    if (token === undefined || OPEN.test(context.req.path)) return next();
    const bearer = /^Bearer (.+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    const cookie = getCookie(context, COOKIE);
    if (bearer !== undefined && isSameSecret(bearer, token)) return next();
    if (cookie !== undefined && isSameSecret(cookie, sessionOf(token))) return next();
    if (context.req.path === '/') return context.redirect('/login');
    context.header('WWW-Authenticate', 'Bearer realm="tidewatch"');
    return context.json({ error: { code: 'input.invalid', message: 'A token is required.' } }, 401);
  };
}

/** Whether `given` is the token; if so the answer to this request signs the browser in. */
export function signIn(context: Context, token: string, given: string): boolean {
  if (!isSameSecret(given, token)) return false;
  setCookie(context, COOKIE, sessionOf(token), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: context.req.url.startsWith('https:'),
    path: '/',
    maxAge: COOKIE_SECONDS,
  });
  return true;
}

function sessionOf(token: string): string {
  return createHmac('sha256', token).update('tidewatch session').digest('hex');
}
