import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient, isPublicAddress, type HttpClient } from '../../core/http.ts';

const servers: Server[] = [];
const clients: HttpClient[] = [];
const sockets = new Set<Socket>();

async function listen(server: Server, scheme = 'http'): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serve = (listener: RequestListener): Promise<string> => listen(createServer(listener));

function client(allowPrivateHosts: string[] = ['127.0.0.1']): HttpClient {
  const made = createHttpClient({ userAgent: 'Test', allowPrivateHosts });
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const made of clients.splice(0)) await made.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

const FORBIDDEN = [
  ['private', '10.1.2.3'], ['private', '172.31.0.1'], ['private', '192.168.1.1'], ['link-local', '169.254.169.254'],
  ['CGNAT', '100.64.0.1'], ['CGNAT', '100.127.255.254'], ['unspecified', '0.0.0.0'], ['this network', '0.1.2.3'],
  ['multicast', '224.0.0.1'], ['broadcast', '255.255.255.255'], ['benchmarking', '198.18.0.1'], ['reserved', '240.0.0.1'],
  ['loopback', '[::1]'], ['unspecified', '[::]'], ['link-local', '[fe80::1]'], ['unique local', '[fd00::1]'],
  ['multicast', '[ff02::1]'], ['IPv4-mapped', '[::ffff:10.0.0.1]'], ['IPv4-mapped CGNAT', '[::ffff:100.64.0.1]'],
  ['IPv4-compatible', '[::7f00:1]'], ['IPv4-translated', '[::ffff:0:7f00:1]'], ['NAT64', '[64:ff9b::a00:1]'],
  ['local NAT64', '[64:ff9b:1::1]'], ['6to4', '[2002:a00:1::]'], ['Teredo', '[2001::1]'], ['documentation', '[2001:db8::1]'],
  ['as one number', '2130706433'], ['in octal', '0177.0.0.1'], ['in hexadecimal', '0x7f.1'], ['short', '127.1'],
] as const; // prettier-ignore

describe('a hostile server', { timeout: 30_000 }, () => {
  it.each(FORBIDDEN)('that redirects to an address that is %s (%s) leads nowhere', async (_, host) => {
    const base = await serve((__, response) => response.writeHead(302, { location: `http://${host}:9/` }).end());
    const fetched = client().fetch(base, { timeoutMs: 2000 });
    // The loopback by its own dotted name is the server of this test; every other way to write it is refused or it.
    const isItself = ['2130706433', '0177.0.0.1', '0x7f.1', '127.1'].includes(host);
    await expect(fetched).rejects.toMatchObject({ code: isItself ? 'http.unavailable' : 'http.refused_address' });
    if (isItself)
      await expect(client([]).fetch(`http://${host}:9/`)).rejects.toMatchObject({ code: 'http.refused_address' });
  });

  it('behind a name that is not allowed is refused, though its address would be by another name', async () => {
    const base = await serve((_, response) => response.end('secret'));
    await expect(client(['127.0.0.1']).fetch(base.replace('127.0.0.1', 'localhost'))).rejects.toMatchObject({
      code: 'http.refused_address',
    });
    expect((await client(['localhost']).fetch(base.replace('127.0.0.1', 'localhost'))).status).toBe(200);
    await expect(client(['localhost']).fetch(base)).rejects.toMatchObject({ code: 'http.refused_address' });
  });

  it('that redirects hop by hop is checked on every one', async () => {
    const inner = await serve((_, response) => response.end('inner'));
    const base = await serve((request, response) => {
      const next =
        request.url === '/3' ? inner.replace('127.0.0.1', 'localhost') : `/${Number(request.url?.slice(1) ?? 0) + 1}`;
      response.writeHead(302, { location: next }).end();
    });
    await expect(client().fetch(`${base}/1`)).rejects.toMatchObject({ code: 'http.refused_address' });
  });

  it('that leads from https to http is not followed', async (context) => {
    const secure = certificate();
    if (secure === null) {
      context.skip('openssl is not on this machine');
      return;
    }
    let asked = 0;
    const plain = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const base = await listen(
      createSecureServer(secure, (_, response) => response.writeHead(301, { location: plain }).end()),
      'https',
    );
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(client().fetch(base)).rejects.toThrow(/redirects from https to http/);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(asked).toBe(0);
    await expect(client().fetch(base)).rejects.toMatchObject({ code: 'http.unavailable' });
  });

  it('that sends its headers letter by letter (slow loris) is given up in time', async () => {
    const base = await listen(
      createRawServer((socket) => {
        socket.on('error', () => undefined);
        socket.write('HTTP/1.1 200 OK\r\nX-Long: ');
        const drip = setInterval(() => socket.write('a'), 20);
        socket.on('close', () => clearInterval(drip));
      }),
    );
    const started = performance.now();
    await expect(client().fetch(base, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'http.unavailable' });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('that sends headers without end, or no HTTP at all, is given up', async () => {
    for (const answer of [
      `HTTP/1.1 200 OK\r\n${`X-A: ${'b'.repeat(1000)}\r\n`.repeat(200)}\r\n`,
      'SSH-2.0-OpenSSH_9.6\r\n',
    ]) {
      const base = await listen(createRawServer((socket) => void socket.on('error', () => undefined).end(answer)));
      await expect(client().fetch(base, { timeoutMs: 2000 })).rejects.toMatchObject({ code: 'http.unavailable' });
    }
  });

  it.each([
    ['gzip', gzipSync], ['br', brotliCompressSync],
  ] as const)('that sends a bomb in %s is stopped at the limit of what comes out', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    const base = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bomb));
    await expect(client().fetch(base, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'input.too_large' });
  }); // prettier-ignore

  it('that compresses twice is refused', async () => {
    const base = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync(Buffer.alloc(1000)))),
    );
    await expect(client().fetch(base)).rejects.toMatchObject({ code: 'http.unavailable' });
  });
});

describe('an address', () => {
  it('is public only in the ranges of the public internet', () => {
    for (const [, host] of FORBIDDEN.slice(0, -4))
      expect(isPublicAddress(host.replace(/[[\]]/g, '')), host).toBe(false);
    for (const host of ['1.1.1.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])
      expect(isPublicAddress(host)).toBe(true);
  });
});

/** A self-signed key and certificate, or null where openssl is missing. */
function certificate(): { key: Buffer; cert: Buffer } | null {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const args = `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout ${key} -out ${cert}`.split(' ');
    execFileSync('openssl', args, { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
