/** A local HTTP server that stands for a service's API: notes each request, and can be made to fail with 503. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** performance.now() at its arrival. */
  readonly at: number;
}

export type Answer = (request: ApiRequest, response: ServerResponse) => void;

export async function openApi(answer: Answer) {
  const requests: ApiRequest[] = [];
  let isFailing = false;
  const server = createServer((incoming, response) => {
    const at = performance.now();
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const request = {
        method: incoming.method ?? '',
        path: pathname,
        query: searchParams,
        headers: incoming.headers,
        body,
        at,
      };
      requests.push(request);
      if (isFailing) response.writeHead(503).end('down for maintenance');
      else answer(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail: (failing: boolean) => {
      isFailing = failing;
      if (failing) server.closeAllConnections();
    },
    /** Cuts every open connection. */
    drop: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}
