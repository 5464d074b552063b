import { get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createMonitor, monitorSettings, type Monitor } from '../../app/monitor.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const TOKEN = 'a token of sixteen or more';
let monitor: Monitor;
afterEach(() => monitor.stop());

async function started(ready: () => Promise<void>, token?: string): Promise<string> {
  const settings = monitorSettings.parse({ port: 0, ...(token && { token }) });
  if (settings === undefined) throw new Error('no settings');
  const metrics = createMetrics();
  metrics.stage('classifier').out(3);
  monitor = createMonitor(settings, { metrics, log, ready });
  await monitor.start();
  return monitor.address();
}

describe('the door for health and metrics', () => {
  it('says whether the process can work, without a token, and nothing else', async () => {
    let fails = false;
    const url = await started(() => (fails ? Promise.reject(new Error('secret host away')) : Promise.resolve()), TOKEN);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    fails = true;
    const response = await fetch(`${url}/healthz`);
    expect([response.status, await response.text()]).toEqual([503, 'the store does not answer\n']);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('shows metrics to whoever has the token only', async () => {
    const url = await started(() => Promise.resolve(), TOKEN);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    const response = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${TOKEN.replaceAll(' ', '-')}` },
    });
    expect(response.status).toBe(401);
  });

  it('numbers its answers, and does not answer to a name that a page elsewhere points at this machine', async () => {
    const url = await started(() => Promise.resolve());
    const own = await fetch(`${url}/metrics`, { headers: { 'x-request-id': 'forged\tline' } });
    expect([own.status, own.headers.get('x-request-id')]).toEqual([200, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const { port } = new URL(url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example' };
      get({ host: '127.0.0.1', port, path: '/metrics', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(421);
  });

  it('is read by Prometheus as it asks', async () => {
    const url = await started(() => Promise.resolve(), TOKEN.replaceAll(' ', '-'));
    const response = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${TOKEN.replaceAll(' ', '-')}` },
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain('tidewatch_documents_out_total{stage="classifier"} 3');
  });

  it('is not opened to other machines without a token, and not at all unless set', () => {
    monitor = createMonitor(
      { host: '127.0.0.1', port: 0 },
      { metrics: createMetrics(), log, ready: () => Promise.resolve() },
    );
    expect(monitorSettings.parse(undefined)).toBeUndefined();
    expect(() => monitorSettings.parse({ host: '0.0.0.0' })).toThrow(/token is required/);
  });
});
