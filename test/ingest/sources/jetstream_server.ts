/**
 * A Jetstream instance as its README describes it: events as JSON text messages, `cursor` in microseconds replays what
 * is later, `wantedCollections` filters commits but never account events. The web socket underneath is the `ws` package.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export type JetstreamRecord = Record<string, unknown>;

export async function openJetstream() {
  const http = createServer((_, response) => response.writeHead(503).end());
  const server = new WebSocketServer({ noServer: true });
  const events: { time_us: number; text: string }[] = [];
  const requests: URL[] = [];
  let isFailing = false;
  let last = 0;
  http.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'ws://localhost');
    requests.push(url);
    if (isFailing) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => {
      const cursor = Number(url.searchParams.get('cursor') ?? Infinity);
      for (const { time_us, text } of events) if (time_us > cursor) client.send(text);
    });
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const timeUs = (): number => {
    last = Math.max(last + 1, Date.now() * 1000);
    return last;
  };
  const publish = (text: string, time_us = timeUs()): void => {
    events.push({ time_us, text });
    for (const client of server.clients) client.send(text);
  };
  const commit = (operation: string, did: string, rkey: string, record?: JetstreamRecord): void => {
    const time_us = timeUs();
    const body = {
      rev: '3l',
      operation,
      collection: 'app.bsky.feed.post',
      rkey,
      ...(record === undefined ? {} : { record, cid: `bafy${time_us}` }),
    };
    publish(JSON.stringify({ did, time_us, kind: 'commit', commit: body }), time_us);
  };
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/subscribe`,
    requests,
    publish,
    commit,
    post: (did: string, rkey: string, text: string, more: JetstreamRecord = {}) =>
      commit('create', did, rkey, {
        $type: 'app.bsky.feed.post',
        text,
        createdAt: new Date().toISOString(),
        langs: ['en'],
        ...more,
      }),
    account: (did: string, active: boolean, status: string) => {
      const time_us = timeUs();
      const account = { active, did, seq: 1, status, time: new Date().toISOString() };
      publish(JSON.stringify({ did, time_us, kind: 'account', account }), time_us);
    },
    clients: server.clients,
    /** Ends every connection, as a server that restarts does. */
    drop: () => {
      for (const client of server.clients) client.terminate();
    },
    fail: (failing: boolean) => {
      isFailing = failing;
      for (const client of server.clients) client.terminate();
    },
    async close() {
      for (const client of server.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
