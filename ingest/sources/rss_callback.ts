/**
 * The door at which WebSub hubs knock: one server for all feeds that name the same host and port, a secret path for each.
 * Open while a feed uses it. It listens where the settings say (the loopback, behind a reverse proxy that has the
 * certificate); what stands behind a path is the subscription's business.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpClient } from '../../core/http.ts';
import { closeServer } from './http_listen.ts';

export type Knock = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => Promise<void>;

interface Door {
  readonly server: Server;
  readonly paths: Map<string, Knock>;
  readonly listening: Promise<void>;
}

const doors = new WeakMap<HttpClient, Map<string, Door>>();
const REQUEST_TIMEOUT_MS = 10_000;
/** Requests name a path only. */
const BASE = 'http://callback';

/**
 * Answers requests for `/<path>` by `knock` until the returned function is called. Resolves when it listens.
 * @throws the system's error where the port cannot be had
 */
export async function openCallback(
  http: HttpClient,
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  knock: Knock,
): Promise<() => Promise<void>> {
  const open = doors.get(http) ?? new Map<string, Door>();
  doors.set(http, open);
  const place = `${host}:${port}`;
  const door = open.get(place) ?? openDoor(host, port);
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

function openDoor(host: string, port: number): Door {
  const paths = new Map<string, Knock>();
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = 256;
  server.on('request', (request, response) => {
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
