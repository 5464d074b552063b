/**
 * Fetching from addresses that other people chose. Every connection, on every redirect hop, is checked on the address
 * that the socket will really use (after DNS), so a name that resolves to a private address, or changes between check
 * and use, is refused. Sizes count decompressed bytes, so a compressed bomb stops at the limit.
 * Sources: OWASP SSRF Prevention cheat sheet; IANA special-purpose address registries (through ipaddr.js).
 */
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, request, type Dispatcher } from 'undici';
import { onAbort } from './abort.ts';
import { deadline } from './deadline.ts';
import { TidewatchError, redactUrl } from './errors.ts';
import { readBody } from './http_body.ts';
import { decoded } from './secret.ts';
import { listenToSocket, type ListenOptions } from './web_socket.ts';

export interface FetchOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Redirects followed; 0 for notifiers, whose address the operator chose. */
  readonly maxRedirects?: number;
  /** Trust this URL's own host even if its address is private. For addresses out of the settings, never out of data. */
  readonly trustHost?: boolean;
  readonly signal?: AbortSignal;
}

export interface FetchResult {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** True when every hop on the way was permanent (301 or 308) and there was at least one. */
  readonly movedPermanently: boolean;
}

export interface StreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest until the headers are there. */
  readonly timeoutMs?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

export interface StreamResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer> | null;
}

export interface HttpClient {
  /**
   * @throws TidewatchError http.refused_address, http.unavailable (network, time-out), input.too_large, http.status
   * (only for redirects that lead nowhere: other statuses are returned, not thrown).
   */
  fetch(url: string, options?: FetchOptions): Promise<FetchResult>;
  /**
   * Reads an answer that does not end (server-sent events), chunk by chunk, redirects not followed; a pause of more
   * than `silenceMs` ends it. Statuses other than 200 are returned with `body` null.
   * @throws TidewatchError as fetch does; also while the body is read
   */
  stream(url: string, options?: StreamOptions): Promise<StreamResult>;
  /** Listens to a ws: or wss: address until the connection ends; see web_socket.ts. */
  listen(url: string, options: ListenOptions): Promise<never>;
  close(): Promise<void>;
}

const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** True for addresses of the public internet: not private, loopback, link-local, CGNAT, NAT64, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  // All of the public IPv6 internet is in 2000::/3; outside of it, ::127.0.0.1 and the like would pass for unicast.
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6)) return false;
  return parsed.range() === 'unicast';
}

export function createHttpClient(options: { userAgent: string; allowPrivateHosts?: readonly string[] }): HttpClient {
  const allowed = new Set((options.allowPrivateHosts ?? []).map((host) => host.toLowerCase()));
  const connector = createConnector((host) => allowed.has(host));
  const guarded = createAgent(connector);
  const trusting = createAgent(createConnector(() => true));

  async function hop(url: URL, agent: Dispatcher, sent: Sent, fetchOptions: FetchOptions, until: number) {
    const left = Math.max(1, Math.ceil(until - performance.now()));
    const response = await request(url, {
      dispatcher: agent,
      method: sent.method,
      headers: { 'user-agent': options.userAgent, 'accept-encoding': 'gzip, deflate, br', ...sent.headers },
      body: sent.body,
      signal: deadline(left, fetchOptions.signal),
      headersTimeout: left,
      bodyTimeout: left,
    });
    // A body that is given up raises an error that nobody waits for any more.
    response.body.on('error', () => undefined);
    return response;
  }

  async function fetchOnce(address: string, fetchOptions: FetchOptions): Promise<FetchResult> {
    const until = performance.now() + (fetchOptions.timeoutMs ?? 20_000);
    let url = parseUrl(address);
    let permanent = true;
    let sent: Sent = {
      method: fetchOptions.method ?? 'GET',
      headers: { ...credentials(url), ...fetchOptions.headers },
      body: fetchOptions.body ?? null,
    };
    const trusted = fetchOptions.trustHost === true ? url.host : null;
    for (let hops = 0; ; hops += 1) {
      const response = await hop(url, url.host === trusted ? trusting : guarded, sent, fetchOptions, until);
      const location = response.headers['location'];
      if (![301, 302, 303, 307, 308].includes(response.statusCode) || typeof location !== 'string') {
        const body = await readBody(response, fetchOptions.maxBytes ?? 10_000_000, url);
        const headers = flattenHeaders(response.headers);
        return { status: response.statusCode, headers, body, url: url.href, movedPermanently: hops > 0 && permanent };
      }
      await response.body.dump({ limit: 65_536 }).catch(() => undefined);
      if (hops >= (fetchOptions.maxRedirects ?? 5)) {
        throw new TidewatchError('http.status', `${redactUrl(address)} redirects too often or is not to be followed`);
      }
      const next = parseUrl(location, url);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new TidewatchError('http.refused_address', `${redactUrl(url.href)} redirects from https to http`);
      }
      permanent = permanent && (response.statusCode === 301 || response.statusCode === 308);
      sent = redirected(sent, response.statusCode, next.origin === url.origin);
      url = next;
    }
  }

  return {
    async fetch(url, fetchOptions = {}) {
      try {
        return await fetchOnce(url, fetchOptions);
      } catch (error) {
        if (fetchOptions.signal?.aborted === true) throw fetchOptions.signal.reason;
        throw asHttpError(error, url);
      }
    },
    async stream(address, { headers = {}, timeoutMs = 20_000, silenceMs = 90_000, signal } = {}) {
      const url = parseUrl(address);
      const ended = new AbortController();
      const timer = setTimeout(() => ended.abort(new DOMException('no answer in time', 'TimeoutError')), timeoutMs);
      const letGo = signal === undefined ? () => undefined : onAbort(signal, () => ended.abort(signal.reason));
      const response = await request(url, {
        dispatcher: guarded,
        headers: { 'user-agent': options.userAgent, ...headers },
        signal: ended.signal,
        bodyTimeout: silenceMs,
      })
        .catch((error: unknown) => {
          letGo();
          if (signal?.aborted === true) throw signal.reason;
          throw asHttpError(error, address);
        })
        .finally(() => clearTimeout(timer));
      response.body.on('error', () => undefined);
      response.body.on('close', letGo);
      const isOpen = response.statusCode === 200;
      if (!isOpen) await response.body.dump({ limit: 65_536 }).catch(() => undefined);
      const body = isOpen ? readOn(response.body as AsyncIterable<Buffer>, address, signal) : null;
      return { status: response.statusCode, headers: flattenHeaders(response.headers), body };
    },
    async listen(address, listenOptions) {
      const { href, protocol } = parseUrl(address.replace(/^ws/i, 'http'));
      const headers = { 'user-agent': options.userAgent, ...listenOptions.headers };
      try {
        return await listenToSocket(href.replace(/^http/, 'ws'), connector, { ...listenOptions, headers });
      } catch (error) {
        if (listenOptions.signal?.aborted === true) throw listenOptions.signal.reason;
        throw asHttpError(error, href.replace(protocol, protocol.replace('http', 'ws')));
      }
    },
    async close() {
      await Promise.all([guarded.destroy(), trusting.destroy()]);
    },
  };
}

/** What one hop sends; a redirect may change it. */
interface Sent {
  readonly method: NonNullable<FetchOptions['method']>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

/** RFC 9110 15.4: 303 (and by custom 301, 302 after POST) become GET; secrets stay with the origin they were meant for. */
function redirected(sent: Sent, status: number, isSameOrigin: boolean): Sent {
  const becomesGet = status === 303 || ((status === 301 || status === 302) && sent.method === 'POST');
  const kept = Object.entries(sent.headers).filter(([name]) => {
    if (!isSameOrigin && /^(?:authorization|cookie|proxy-authorization)$/i.test(name)) return false;
    return !(becomesGet && /^content-/i.test(name));
  });
  const headers = Object.fromEntries(kept);
  return becomesGet ? { method: 'GET', headers, body: null } : { ...sent, headers };
}

/** A user and password in the address, as undici does not send them by itself. */
function credentials(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Chunks until the other side ends the body; what goes wrong meanwhile in this file's words. */
async function* readOn(body: AsyncIterable<Buffer>, address: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw asHttpError(error, address);
  }
}

/** Connects to public addresses and to the hosts that are allowed by name: checked on what the socket really uses. */
function createConnector(isAllowed: (host: string) => boolean): buildConnector.connector {
  const connect = buildConnector({
    timeout: 10_000,
    lookup: (hostname, lookupOptions, callback) => {
      lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        const bad = addresses.find(({ address }) => !isPublicAddress(address));
        if (bad !== undefined && !isAllowed(hostname.toLowerCase()))
          return callback(refused(hostname, bad.address), []);
        return lookupOptions.all === true
          ? callback(null, addresses)
          : callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
      });
    },
  });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    if (isIP(host) !== 0 && !isPublicAddress(host) && !isAllowed(host)) return callback(refused(host, host), null);
    return connect(options, callback);
  };
}

function createAgent(connect: buildConnector.connector): Agent {
  return new Agent({
    connect,
    connections: 8,
    // A connection a request: hosts are asked minutes apart, and a kept one that the other side just closed is an error.
    pipelining: 0,
    allowH2: false,
  });
}

function refused(host: string, address: string): TidewatchError {
  return new TidewatchError('http.refused_address', `${host} has the private or reserved address ${address}`, {
    hint: `If this host is meant, add it to http.allow_private_hosts in the settings: [${host}]`,
  });
}

function parseUrl(address: string, base?: URL): URL {
  const url = URL.canParse(address, base?.href) ? new URL(address, base?.href) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TidewatchError('http.refused_address', `Not an http or https address: ${redactUrl(address)}`);
  }
  return url;
}

function flattenHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function asHttpError(error: unknown, url: string): TidewatchError {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TidewatchError) return cause;
  }
  const reason = error instanceof Error ? error : new Error(String(error));
  const code = (reason as NodeJS.ErrnoException).code ?? '';
  const isLate = reason.name === 'TimeoutError' || /TIMEOUT|ETIMEDOUT/.test(code);
  const text = isLate
    ? 'no answer in time'
    : code.startsWith('Z_') || code.startsWith('ERR__ERROR_')
      ? `its compressed body is broken (${code})`
      : code || reason.message;
  const hint = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|TIMEOUT/.test(
    `${code} ${reason.name.toUpperCase()}`,
  )
    ? { hint: 'Check that this machine reaches the internet, and that the address is right.' }
    : {};
  return new TidewatchError('http.unavailable', `${redactUrl(url)}: ${text}`, { cause: error, ...hint });
}
