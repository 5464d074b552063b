/** Every HTTP door: HTTPS with a certificate that can be renewed, a limit on how often one asks, and an id for each request. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMonitor } from '../../app/monitor.ts';
import type { Backend } from '../../classifier/backend.ts';
import { createDoor } from '../../classifier/backends/remote_door.ts';
import { createHttpClient } from '../../core/http.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createDoorServer, reloadCertificates } from '../../core/tls.ts';
import { createClickHouseHttp } from '../../dashboards/clickhouse_http/endpoint.ts';
import { clickhouseHttpSettings } from '../../dashboards/clickhouse_http/settings.ts';
import { openCallback } from '../../ingest/sources/rss_callback.ts';
import { startApi, type ApiServer } from '../dashboards/api_server.ts';
import { eventually, openWorkbench } from '../ingest/workbench.ts';
import { freePort } from '../free_port.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-doors-'));
const at = (name: string): string => join(folder, name);
const tls = { cert_file: at('cert.pem'), key_file: at('key.pem') };
const log = createLogger({ level: 'silent', format: 'json' });
let api: ApiServer;

/** A certificate for 127.0.0.1 by openssl; nothing secret lies in the repository, and nothing in it can expire. */
function makeCertificate(name: string, files: typeof tls = tls): void {
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...options, ...names, '-keyout', files.key_file, '-out', files.cert_file], {
    stdio: 'ignore',
  });
}

const hasOpenssl = (() => {
  try {
    makeCertificate('first');
    return true;
  } catch {
    console.log('No openssl here: HTTPS of the doors is not tested.');
    return false;
  }
})();

beforeAll(async () => {
  api = await startApi();
}, 120_000);
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly status: number;
  readonly id: string | undefined;
  readonly wait: string | undefined;
}

function ask(address: string, headers: Record<string, string> = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    request(address, { rejectUnauthorized: false, headers, agent: false }, (response) => {
      response.resume();
      const id = response.headers['x-request-id'];
      const wait = response.headers['retry-after'];
      resolve({ status: response.statusCode ?? 0, id: typeof id === 'string' ? id : undefined, wait });
    })
      .on('error', reject)
      .end();
  });
}

/** Until the limit is reached: asks `most` times and gives the last answer. */
async function askOften(address: string, most: number, headers: Record<string, string> = {}): Promise<Seen> {
  let last = await ask(address, headers);
  for (let index = 1; index < most && last.status !== 429; index += 1) last = await ask(address, headers);
  return last;
}

const subjectOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    }).on('error', reject);
  });

it('a door keeps an idle connection for longer than the minute of a proxy before it', async () => {
  const answer = await fetch(`${api.dashboards.address()}/api/status`);
  await answer.arrayBuffer();
  const [, seconds] = /timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '') ?? [];
  expect(Number(seconds)).toBeGreaterThan(60);
});

describe.runIf(hasOpenssl)('a door with a certificate', () => {
  it('of the page speaks HTTPS, marks its cookie as secure, limits and numbers requests', async () => {
    const token = 'a-long-enough-token';
    const page = await api.serve({ tls, token, requests_per_minute: 10 });
    expect(page.address()).toMatch(/^https:/);
    expect(await ask(`${page.address()}/healthz`, { 'x-request-id': 'mine' })).toMatchObject({
      status: 200,
      id: 'mine',
    });
    await expect(fetch(page.address().replace('https', 'http'))).rejects.toThrow();
    const last = await askOften(`${page.address()}/api/status`, 12, { authorization: `Bearer ${token}` });
    expect(last.status).toBe(429);
    expect(Number(last.wait)).toBeGreaterThan(0);
  });

  it('of ClickHouse clients does so too', async () => {
    const settings = clickhouseHttpSettings.parse({
      port: 0,
      password: 'a password of some length',
      tls,
      requests_per_minute: 10,
    });
    const door = createClickHouseHttp(settings, { store: api.store, metrics: createMetrics(), log });
    await door.start();
    try {
      const question = `${door.address()}/?query=SELECT%201&user=reader&password=a%20password%20of%20some%20length`;
      expect(question).toMatch(/^https:/);
      expect(await ask(question)).toMatchObject({ status: 200, id: expect.any(String) });
      expect(await askOften(question, 12)).toMatchObject({ status: 429, wait: expect.any(String) });
    } finally {
      await door.stop();
    }
  });

  it('of a classifier does so too', async () => {
    const backend = { model: 'tiny@1', labels: {}, reference: null } as unknown as Backend;
    const door = createDoor(backend, {
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      tls,
      log,
      requestsPerMinute: 10,
    });
    await door.start();
    try {
      expect(await ask(`${door.address()}/healthz`, { 'x-request-id': 'a b' })).toMatchObject({
        status: 200,
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      const last = await askOften(`${door.address()}/v1/model`, 12);
      expect(last).toMatchObject({ status: 429, id: expect.any(String) });
      expect(Number(last.wait)).toBeGreaterThan(0);
    } finally {
      await door.stop();
    }
  });

  it('of health and metrics does so too', async () => {
    const token = 'a-long-enough-token';
    const monitor = createMonitor(
      { host: '127.0.0.1', port: 0, token, tls },
      { metrics: createMetrics(), log, ready: () => Promise.resolve(), requestsPerMinute: 10 },
    );
    await monitor.start();
    try {
      expect(monitor.address()).toMatch(/^https:/);
      await expect(fetch(monitor.address().replace('https', 'http'))).rejects.toThrow();
      expect(await ask(`${monitor.address()}/healthz`, { 'x-request-id': 'mine' })).toMatchObject({
        status: 200,
        id: 'mine',
      });
      // Wrong tokens are counted as right ones are.
      const last = await askOften(`${monitor.address()}/metrics`, 12, { authorization: 'Bearer wrong' });
      expect(last).toMatchObject({ status: 429, id: expect.any(String) });
      expect(Number(last.wait)).toBeGreaterThan(0);
    } finally {
      await monitor.stop();
    }
  });

  it('of posted documents does so too', async () => {
    const bench = await openWorkbench();
    const port = await freePort();
    try {
      const stage = await bench.start({ sources: [{ type: 'http', name: 'h', port, tls, requests_per_minute: 3 }] });
      await eventually(() => stage.health()[0]?.status === 'ok');
      const door = `https://127.0.0.1:${port}/documents`;
      expect(await ask(door, { 'x-request-id': 'mine' })).toMatchObject({ status: 405, id: 'mine' });
      expect(await askOften(door, 5)).toMatchObject({ status: 429, wait: expect.any(String) });
    } finally {
      await bench.close();
    }
  });

  it('of WebSub hubs does so too', async () => {
    const http = createHttpClient({ userAgent: 'test' });
    const port = await freePort();
    const close = await openCallback(
      http,
      { host: '127.0.0.1', port, tls },
      'path',
      async (_, response) => void response.end(),
    );
    try {
      expect(await ask(`https://127.0.0.1:${port}/path`)).toMatchObject({ status: 200, id: expect.any(String) });
      expect(await ask(`https://127.0.0.1:${port}/other`)).toMatchObject({ status: 404 });
    } finally {
      await close();
      await http.close();
    }
  });

  it('takes up a renewed certificate without closing, and keeps the old one where the new one is wrong', async () => {
    const own = { cert_file: at('own-cert.pem'), key_file: at('own-key.pem') };
    makeCertificate('first', own);
    const server = createDoorServer(own, {}, (_, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await subjectOf(port)).toBe('first');
      makeCertificate('second', own);
      expect(await subjectOf(port)).toBe('first');
      reloadCertificates();
      expect(await subjectOf(port)).toBe('second');
      // The key of another certificate.
      copyFileSync(tls.key_file, own.key_file);
      expect(() => reloadCertificates()).toThrow(/no certificate and key/);
      expect(await subjectOf(port)).toBe('second');
    } finally {
      server.close();
    }
    expect(() => createDoorServer({ cert_file: at('none.pem'), key_file: at('none.pem') })).toThrow(/no certificate/);
  });
});
