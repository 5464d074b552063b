import { getEventListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { createHttpClient, type HttpClient } from '../../core/http.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { ListenOptions } from '../../core/web_socket.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function client(allowPrivateHosts = ['127.0.0.1']): HttpClient {
  const made = createHttpClient({ userAgent: 'Test agent', allowPrivateHosts });
  closing.push(() => made.close());
  return made;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function sockets(
  onConnection: (socket: WebSocket, headers: NodeJS.Dict<string | string[]>) => void,
  options: ServerOptions = {},
) {
  const http = createServer((_, response) => response.writeHead(404).end());
  const server = new WebSocketServer({ server: http, ...options });
  server.on('connection', (socket, request) => onConnection(socket, request.headers));
  const host = await listening(http);
  closing.push(async () => {
    for (const socket of server.clients) socket.terminate();
  });
  return { url: `ws://${host}/subscribe`, server };
}

const listen = async (url: string, options: Partial<ListenOptions> = {}, http = client()) => {
  const messages: string[] = [];
  const error = await http
    .listen(url, { onMessage: (text) => messages.push(text), ...options })
    .catch((thrown: unknown) => thrown);
  return { messages, error: error as TidewatchError };
};

describe('listening to a web socket', () => {
  it('hands over each message in order, compressed or not, until the other side ends it, and says with which code', async () => {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const { url } = await sockets(
        (socket, headers) => {
          socket.send(String(headers['user-agent']));
          socket.send('第二条');
          socket.close(1013, 'come back later');
        },
        { perMessageDeflate },
      );
      const { messages, error } = await listen(url);
      expect(messages).toEqual(['Test agent', '第二条']);
      expect(error).toMatchObject({
        code: 'http.unavailable',
        message: expect.stringContaining('1013 come back later') as string,
      });
    }
  });

  it('refuses a private address, also behind a name, before a connection is made', async () => {
    let connections = 0;
    const { url } = await sockets(() => {
      connections += 1;
    });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433']) {
      const { error } = await listen(url.replace('127.0.0.1', host), {}, client([]));
      expect(error, host).toMatchObject({
        code: 'http.refused_address',
        hint: expect.stringContaining('allow_private_hosts') as string,
      });
    }
    expect(connections).toBe(0);
  });

  it.each([
    ['as it is', false], ['as a compressed bomb', { threshold: 0 }],
  ] as const)('ends where a message is larger than the limit, %s', async (_, perMessageDeflate) => {
    const { url } = await sockets((socket) => {
      socket.send('small');
      socket.send('x'.repeat(3_000_000));
    }, { perMessageDeflate });
    const { messages, error } = await listen(url, { maxMessageBytes: 100_000 });
    expect(messages).toEqual(['small']);
    expect(error.message).toContain('100000 bytes');
  }); // prettier-ignore

  it('keeps a quiet connection whose other side answers pings, and leaves one that does not', async () => {
    const quiet = await sockets((socket) => {
      setTimeout(() => socket.send('after a while'), 400);
      setTimeout(() => socket.close(1000), 450);
    });
    expect((await listen(quiet.url, { silenceMs: 60 })).messages).toEqual(['after a while']);
    const dead = await sockets(() => undefined, { autoPong: false });
    const began = performance.now();
    const { error } = await listen(dead.url, { silenceMs: 60 });
    expect(error.message).toContain('did not answer a ping');
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('says so where no web socket answers, and where nothing does in time', async () => {
    const host = await listening(createServer((_, response) => response.writeHead(401).end()));
    expect((await listen(`ws://${host}/`)).error).toMatchObject({
      code: 'http.unavailable',
      message: expect.stringContaining('did not take the connection') as string,
    });
    const mute = createServer();
    mute.on('upgrade', (_, socket) => socket.resume().on('end', () => socket.destroy()));
    expect((await listen(`ws://${await listening(mute)}/`, { timeoutMs: 100 })).error.message).toContain(
      'no answer in time',
    );
    expect((await listen('ws://127.0.0.1:1/')).error.code).toBe('http.unavailable');
  });

  it('ends at once on an abort, with its reason, also where the other side does not say goodbye', async () => {
    const { url, server } = await sockets((socket) => socket.pause());
    const stop = new AbortController();
    const run = listen(url, { signal: stop.signal, onOpen: () => stop.abort(new Error('enough')) });
    expect((await run).error.message).toBe('enough');
    expect((await listen(url, { signal: AbortSignal.abort(new Error('never')) })).error.message).toBe('never');
    for (const socket of server.clients) socket.resume();
    await expect.poll(() => server.clients.size).toBe(0);
  });

  it('leaves nothing behind at the signal when the connection ended, so that a thousand of them hold no memory', async () => {
    const { url } = await sockets((socket) => socket.close(1001));
    const life = new AbortController();
    for (const address of [url, 'ws://127.0.0.1:1/']) await listen(address, { signal: life.signal });
    expect(getEventListeners(life.signal, 'abort')).toEqual([]);
  });

  it('ends with what the reader of a message throws', async () => {
    const { url } = await sockets((socket) => socket.send('x'));
    const { error } = await listen(url, {
      onMessage: () => {
        throw new TidewatchError('storage.full', 'no room');
      },
    });
    expect(error).toMatchObject({ code: 'storage.full' });
  });
});

describe('a stream over HTTP', () => {
  it('gives chunks as they come, and the statuses of those that do not stream', async () => {
    const host = await listening(
      createServer((request, response) => {
        if (request.url === '/no') {
          response.writeHead(429, { 'retry-after': '7' }).end('slow down');
          return;
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('one');
        setTimeout(() => response.end('two'), 30);
      }),
    );
    const refused = await client().stream(`http://${host}/no`);
    expect(refused).toMatchObject({ status: 429, body: null, headers: { 'retry-after': '7' } });
    const { body } = await client().stream(`http://${host}/`);
    const chunks: string[] = [];
    for await (const chunk of body ?? []) chunks.push(String(chunk));
    expect(chunks).toEqual(['one', 'two']);
  });

  it('ends where nothing comes for too long, where it breaks off, on an abort, and is refused at private addresses', async () => {
    const host = await listening(
      createServer((request, response) => {
        response.writeHead(200).write('one');
        if (request.url === '/broken') setTimeout(() => response.destroy(), 20);
      }),
    );
    const drain = async (path: string, options: object) => {
      const { body } = await client().stream(`http://${host}${path}`, options);
      for await (const _ of body ?? []) continue;
    };
    await expect(drain('/', { silenceMs: 100 })).rejects.toMatchObject({ code: 'http.unavailable' });
    await expect(drain('/broken', {})).rejects.toMatchObject({ code: 'http.unavailable' });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(drain('/', { signal: stop.signal })).rejects.toThrow('enough');
    await expect(client([]).stream(`http://${host}/`)).rejects.toMatchObject({ code: 'http.refused_address' });
  });
});
