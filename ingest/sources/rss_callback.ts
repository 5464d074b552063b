/**
 * The door at which WebSub hubs knock: one server for all feeds that name the same host and port, a secret path for each.
 * Open while a feed uses it. It listens where the settings say (the loopback, behind a reverse proxy that has the
 * certificate); what stands behind a path is the subscription's business.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HttpClient } from '../../core/http.ts';
import { callerOf, createRateLimit } from '../../core/rate_limit.ts';
import { requestIdOf } from '../../core/request_id.ts';
import { createDoorServer, type TlsSettings } from '../../core/tls.ts';
import { closeServer } from './http_listen.ts';

export type Knock = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => Promise<void>;

interface Door {
  readonly server: Server;
  readonly paths: Map<string, Knock>;
  readonly listening: Promise<void>;
}

const doors = new WeakMap<HttpClient, Map<string, Door>>();
const REQUEST_TIMEOUT_MS = 10_000;
/** Of one address: what a busy hub pushes, far above what any needs to guess a path. */
const REQUESTS_PER_MINUTE = 600;
/** Requests name a path only. */
const BASE = 'http://callback';

/**
 * Answers requests for `/<path>` by `knock` until the returned function is called. Resolves when it listens.
 * @throws the system's error where the port cannot be had
 */
export async function openCallback(
  http: HttpClient,
  { host, port, tls }: { readonly host: string; readonly port: number; readonly tls?: TlsSettings | undefined },
  path: string,
  knock: Knock,
): Promise<() => Promise<void>> {
  const open = doors.get(http) ?? new Map<string, Door>();
  doors.set(http, open);
  const place = `${host}:${port}`;
  const door = open.get(place) ?? openDoor(host, port, tls);
  open.set(place, door);
  door.paths.set(path, knock);
  const close = async (): Promise<void> => {
    if (door.paths.get(path) === knock) door.paths.delete(path);
    if (door.paths.size > 0 || open.get(place) !== door) return;
    open.delete(place);
    await closeServer(door.server);
  };
  try {
    await door.listening;
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

function openDoor(host: string, port: number, tls: TlsSettings | undefined): Door {
  const paths = new Map<string, Knock>();
  const limit = createRateLimit(REQUESTS_PER_MINUTE);
  const server = createDoorServer(tls, {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = 256;
  server.on('request', (request, response) => {
    const given = request.headers['x-request-id'];
    response.setHeader('x-request-id', requestIdOf(typeof given === 'string' ? given : undefined));
    const wait = limit.take(callerOf(request.socket.remoteAddress));
    if (wait > 0) {
      response.writeHead(429, { 'retry-after': String(Math.ceil(wait / 1000)) }).end();
      return;
    }
    const address = URL.canParse(request.url ?? '', BASE) ? new URL(request.url ?? '', BASE) : null;
    const knock = paths.get(address?.pathname.replace(/^.*\//, '') ?? '');
    if (address === null || knock === undefined) {
      response.writeHead(404).end();
      return;
    }
    knock(request, response, address.searchParams).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  return { server, paths, listening };
}
