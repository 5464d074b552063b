/**
 * A door for whoever looks after the process: /healthz for health checks, /metrics for Prometheus. Any role has it, so that
 * each process of a distributed installation can be watched; the page's server answers both as well. Shut unless set.
 *
 * /healthz says whether this process serves and its store answers; it says nothing else and needs no token. It is no
 * liveness probe by which to kill a process: one whose store is away waits for it, and a restart would not bring it back.
 */
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { toTidewatchError } from '../core/errors.ts';
import type { Service } from '../core/lifecycle.ts';
import { listen, stopListening } from '../core/listen.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { callerOf, createRateLimit } from '../core/rate_limit.ts';
import { requestIdOf } from '../core/request_id.ts';
import { bearerOf, isSameSecret } from '../core/secret.ts';
import { createDoorServer, doorUrl, tlsSettings } from '../core/tls.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;
/** Of one address: far above what health checks and a scraper ask. */
const REQUESTS_PER_MINUTE = 600;
const READY_WITHIN_MS = 5_000;

export const monitorSettings = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for every network.'),
    port: z.number().int().min(0).max(65_535).default(9464).describe('Port to listen on; 0 picks a free one.'),
    token: z
      .string()
      .min(16, 'must have at least 16 characters')
      .optional()
      .describe('Secret of whoever reads /metrics (Authorization: Bearer); required unless host is this machine only.'),
    tls: tlsSettings,
  })
  .refine(({ token, host }) => token !== undefined || LOOPBACK.test(host), {
    path: ['token'],
    message: 'a token is required when host is reachable from other machines (set token or token_file)',
  })
  .optional()
  .describe('A door with /healthz and /metrics, for any role; shut unless set.');
export type MonitorSettings = NonNullable<z.output<typeof monitorSettings>>;

export interface Monitor extends Service {
  /** Where it is; before `start`, where it will be. */
  address(): string;
}

export interface MonitorDependencies {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Resolves where the process can do its work. */
  ready(): Promise<void>;
  /** Of one address; REQUESTS_PER_MINUTE where absent. */
  readonly requestsPerMinute?: number;
}

interface Said {
  readonly status: number;
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
}

/** @throws TidewatchError server.port_taken, config.invalid from start() */
export function createMonitor(
  { host, port, token, tls }: MonitorSettings,
  { metrics, log, ready, requestsPerMinute = REQUESTS_PER_MINUTE }: MonitorDependencies,
): Monitor {
  const rate = createRateLimit(requestsPerMinute);
  const isLocal = LOOPBACK.test(host);
  let server: Server | undefined;
  let address = doorUrl(tls, host, port);

  async function answer(request: IncomingMessage): Promise<Said> {
    const wait = rate.take(callerOf(request.socket.remoteAddress));
    if (wait > 0)
      return { status: 429, body: 'too many requests\n', headers: { 'retry-after': String(Math.ceil(wait / 1000)) } };
    // A page on the internet may point its own name at 127.0.0.1 (DNS rebinding).
    const named = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (isLocal && !LOOPBACK.test(named)) return { status: 421, body: 'this host name is not served\n' };
    if (request.method !== 'GET') return { status: 405, body: 'GET only\n', headers: { allow: 'GET' } };
    const path = new URL(request.url ?? '/', 'http://monitor').pathname;
    if (path === '/healthz') {
      try {
        await within(ready(), READY_WITHIN_MS);
        return { status: 200, body: 'ok\n' };
      } catch (error) {
        log.debug({ code: toTidewatchError(error).code }, 'Not ready');
        return { status: 503, body: 'the store does not answer\n' };
      }
    }
    if (path !== '/metrics') return { status: 404, body: 'there are /healthz and /metrics\n' };
    const given = bearerOf(request.headers.authorization);
    if (token !== undefined && (given === undefined || !isSameSecret(given, token)))
      return {
        status: 401,
        body: 'a token is needed\n',
        headers: { 'www-authenticate': 'Bearer realm="tidewatch"' },
      };
    const body = await metrics.registry.metrics();
    return { status: 200, body, headers: { 'content-type': metrics.registry.contentType } };
  }

  function respond(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const given = request.headers['x-request-id'];
    const requestId = requestIdOf(typeof given === 'string' ? given : undefined);
    void answer(request)
      .catch((error: unknown): Said => {
        log.error({ err: error, request_id: requestId }, 'A request of the monitor failed');
        return { status: 500, body: 'something went wrong\n' };
      })
      .then(({ status, body, headers }) => {
        response
          .writeHead(status, {
            'content-type': 'text/plain; charset=utf-8',
            'x-content-type-options': 'nosniff',
            'x-request-id': requestId,
            ...headers,
          })
          .end(body);
      });
  }

  return {
    name: 'monitor',
    async start() {
      const created = createDoorServer(tls, { requestTimeout: 10_000, headersTimeout: 5_000 }, respond);
      address = doorUrl(tls, host, await listen(created, host, port, 'Set monitor.port to a free port.'));
      server = created;
      log.info(`Health and metrics are at ${address}`);
    },
    async stop() {
      await stopListening(server);
    },
    address: () => address,
  };
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
