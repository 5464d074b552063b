import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient, isPublicAddress, type HttpClient } from '../../core/http.ts';
import { held } from './held_by_signal.ts';

const servers: Server[] = [];
const clients: HttpClient[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(allowPrivateHosts: string[] = ['127.0.0.1']): HttpClient {
  const made = createHttpClient({ userAgent: 'Test', allowPrivateHosts });
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const made of clients.splice(0)) await made.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

describe('a public address', () => {
  it.each(['8.8.8.8', '2606:4700::1111'])('is %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each([
    '127.0.0.1', '10.1.2.3', '192.168.0.1', '172.16.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '198.18.0.1',
    '224.0.0.1', '255.255.255.255', '::1', '::', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fe80::1', 'fc00::1',
    '2002:a00:1::', 'not an address',
  ])('is not %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  }); // prettier-ignore
});

describe('an address that is private or reserved', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]'])(
    'is refused before a connection is made: %s',
    async (host) => {
      let asked = 0;
      const base = await serve((_, response) => {
        asked += 1;
        response.end();
      });
      await expect(client([]).fetch(base.replace('127.0.0.1', host))).rejects.toMatchObject({
        code: 'http.refused_address',
        hint: expect.stringContaining('http.allow_private_hosts') as string,
      });
      expect(asked).toBe(0);
    },
  );

  it('is refused behind a redirect, also to the metadata service of clouds', async () => {
    const targets = [
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.1/',
      'http://localhost:1/',
      'file:///etc/passwd',
    ];
    let next = 0;
    const base = await serve((_, response) => {
      response.writeHead(302, { location: targets[next] ?? '' }).end();
      next += 1;
    });
    for (const _ of targets) {
      await expect(client().fetch(base)).rejects.toMatchObject({ code: 'http.refused_address' });
    }
    expect(next).toBe(targets.length);
  });

  it('is allowed where the settings list its host, or where the caller trusts the host of this address', async () => {
    const base = await serve((_, response) => response.end('here'));
    expect((await client().fetch(base)).body.toString()).toBe('here');
    expect((await client([]).fetch(base, { trustHost: true })).body.toString()).toBe('here');
  });
});

describe('a redirect', () => {
  it('is followed, and told apart by whether it is permanent', async () => {
    const base = await serve((request, response) => {
      const next = { '/a': [301, '/b'], '/b': [308, '/c'], '/t': [302, '/c'] }[request.url ?? ''];
      if (next === undefined) response.end('end');
      else response.writeHead(Number(next[0]), { location: String(next[1]) }).end('moved');
    });
    expect(await client().fetch(`${base}/a`)).toMatchObject({ status: 200, url: `${base}/c`, movedPermanently: true });
    expect(await client().fetch(`${base}/t`)).toMatchObject({ url: `${base}/c`, movedPermanently: false });
    expect(await client().fetch(`${base}/c`)).toMatchObject({ movedPermanently: false });
  });

  it('that goes round ends with an error', async () => {
    const base = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    await expect(client().fetch(base)).rejects.toMatchObject({ code: 'http.status' });
  });

  it('to another origin takes no password along, to the same origin it does', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const base = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: request.url === '/1' ? '/2' : `${other}/3` }).end();
    });
    await client().fetch(`${base}/1`, { headers: { authorization: 'Bearer secret' } });
    expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined]);
  });

  it('with 303 turns a POST into a GET', async () => {
    const seen: string[] = [];
    const base = await serve((request, response) => {
      seen.push(`${request.method} ${request.headers['content-type'] ?? ''}`);
      if (request.url === '/') response.writeHead(303, { location: '/x' }).end();
      else response.end();
    });
    await client().fetch(base, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(seen).toEqual(['POST application/json', 'GET ']);
  });
});

describe('a body', () => {
  it.each([
    ['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync],
  ] as const)('compressed by %s is decompressed', async (encoding, compress) => {
    const base = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(compress('涨跌')));
    expect((await client().fetch(base)).body.toString()).toBe('涨跌');
  }); // prettier-ignore

  it('that decompresses beyond the limit is stopped there (a bomb)', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    expect(bomb.length).toBeLessThan(1_000_000);
    const base = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const before = process.memoryUsage().rss;
    await expect(client().fetch(base, { maxBytes: 5_000_000 })).rejects.toMatchObject({ code: 'input.too_large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  it('that announces more than the limit is not read', async () => {
    const base = await serve((_, response) => response.writeHead(200, { 'content-length': '60000000' }).write('x'));
    await expect(client().fetch(base)).rejects.toMatchObject({ code: 'input.too_large' });
  });

  it('that never ends is stopped at the limit', async () => {
    const base = await serve((_, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    await expect(client().fetch(base, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'input.too_large' });
  });

  it('whose compression breaks off, or is of an unknown kind, is an error that a retry may mend', async () => {
    const whole = gzipSync(Buffer.from('a'.repeat(1000)));
    const base = await serve((request, response) => {
      const encoding = request.url === '/zstd' ? 'zstd' : 'gzip';
      response.writeHead(200, { 'content-encoding': encoding }).end(whole.subarray(0, 15));
    });
    await expect(client().fetch(base)).rejects.toMatchObject({ code: 'http.unavailable', retryable: true });
    await expect(client().fetch(`${base}/zstd`)).rejects.toMatchObject({ code: 'http.unavailable' });
  });
});

describe('a server', () => {
  it('that sends drop by drop is given up at the deadline of the whole fetch', async () => {
    const base = await serve((_, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const started = performance.now();
    await expect(client().fetch(base, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'http.unavailable',
      message: expect.stringContaining('no answer in time') as string,
    });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('that never answers is given up, also over redirects together', async () => {
    const base = await serve((request, response) => {
      if (request.url !== '/silent') setTimeout(() => response.writeHead(302, { location: '/silent' }).end(), 150);
    });
    await expect(client().fetch(base, { timeoutMs: 400 })).rejects.toMatchObject({ code: 'http.unavailable' });
  });

  it('that is not there is named without its password, with what to check', async () => {
    const base = await serve(() => undefined);
    const gone = servers.pop();
    await new Promise((resolve) => gone?.close(resolve));
    const error: unknown = await client()
      .fetch(`${base.replace('//', '//user:hunter2@')}/feed?key=hidden`)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'http.unavailable', hint: expect.stringContaining('internet') as string });
    expect((error as Error).message).not.toMatch(/hunter2|hidden/);
  });

  it('gets the user and password of the address', async () => {
    let seen: string | undefined;
    const base = await serve((request, response) => {
      seen = request.headers.authorization;
      response.end();
    });
    await client().fetch(base.replace('//', '//user:pass%20word@'));
    expect(seen).toBe(`Basic ${Buffer.from('user:pass word').toString('base64')}`);
    await client().fetch(base.replace('//', '//user%40x:50%off@'));
    expect(seen).toBe(`Basic ${Buffer.from('user@x:50%off').toString('base64')}`);
  });

  it('whose answer is no longer wanted is left at once, with the reason of the signal', async () => {
    const base = await serve(() => undefined);
    const reason = new Error('stopping');
    const started = performance.now();
    await expect(client().fetch(base, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(client().fetch(base, { signal: controller.signal })).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('that is streamed is held by the signal for as long as it speaks, and not after', async () => {
    const base = await serve((request, response) => {
      response.writeHead(Number(request.url?.slice(1))).write('潮');
      setTimeout(() => response.end('.'), 50);
    });
    const stop = new AbortController();
    const answer = await client().stream(`${base}/200`, { signal: stop.signal });
    expect(held(stop.signal)).toBe(1);
    for await (const chunk of answer.body ?? []) expect(chunk.length).toBeGreaterThan(0);
    await client().stream(`${base}/404`, { signal: stop.signal });
    await expect(client().stream('http://127.0.0.1:1', { signal: stop.signal })).rejects.toThrow('ECONNREFUSED');
    expect(held(stop.signal)).toBe(0);
  });

  it('that is streamed is left at once when it is no longer wanted, with the reason of the signal', async () => {
    const base = await serve((_, response) => void response.write('潮'));
    const stop = new AbortController();
    const { body } = await client().stream(base, { signal: stop.signal });
    const reason = new Error('stopping');
    setTimeout(() => stop.abort(reason), 50);
    const reading = (async () => {
      for await (const chunk of body ?? []) expect(chunk.toString()).toBe('潮');
    })();
    await expect(reading).rejects.toBe(reason);
  });

  it.each([
    [304, {}],
    [204, {}],
    [200, { 'content-length': '0' }],
  ] as const)(
    'that names a coding for the body which it does not have is an answer: %i %j',
    async (status, headers) => {
      for (const encoding of ['gzip', 'br', 'zstd']) {
        const base = await serve((_, response) =>
          response.writeHead(status, { 'content-encoding': encoding, ...headers }).end(),
        );
        expect(await client().fetch(base)).toMatchObject({ status, body: Buffer.alloc(0) });
      }
    },
  );

  it('that answers 304, 404 or 500 is an answer, not an error', async () => {
    const base = await serve((request, response) =>
      response.writeHead(Number(request.url?.slice(1)), { 'X-A': 'b' }).end(),
    );
    for (const status of [304, 404, 500]) {
      expect(await client().fetch(`${base}/${status}`)).toMatchObject({ status, headers: { 'x-a': 'b' } });
    }
  });
});
