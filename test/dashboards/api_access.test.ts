/** Who may ask the API: names of the host, tokens and their roles, sign-in, limits, other sites, and what is noted of it. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../core/config.ts';
import type { AuditAnswer, FeedbackAnswer, Problem } from '../../dashboards/contract.ts';
import { createDashboards, type Dashboards, type DashboardsDependencies } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { startApi, type ApiServer } from './api_server.ts';

const TOKENS = [
  { name: 'Rita', role: 'reader', token: 'rita-reads-the-news' },
  { name: 'Anna', role: 'analyst', token: 'anna-judges-alerts' },
  { name: 'Adam', role: 'admin', token: 'adam-keeps-the-house' },
] as const;
const SHARED = 'one-secret-for-everyone';

let api: ApiServer;
let guarded: Dashboards;

beforeAll(async () => {
  api = await startApi();
  guarded = await api.serve({ tokens: TOKENS, token: SHARED });
}, 120_000);
afterAll(() => api.close());

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function send(token: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${guarded.address()}/api${path}`, {
    headers: { ...bearer(token), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
}

/** fetch() forbids setting Host, so this goes by node:http. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(api.dashboards.address());
    request({ host: '127.0.0.1', port, path: '/api/status', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('who may ask', () => {
  it('refuses to be called by a name that is not this machine (DNS rebinding)', async () => {
    expect(await statusFor('evil.example')).toBe(421);
    expect(await statusFor('evil.example:8080')).toBe(421);
    expect(await statusFor('127.0.0.1.evil.example')).toBe(421);
    expect(await statusFor('localhost:1234')).toBe(200);
    expect(await statusFor('[::1]:8080')).toBe(200);
  });

  it('sends headers that forbid framing, sniffing, foreign scripts and referrers', async () => {
    const { headers } = await fetch(`${api.dashboards.address()}/api/status`);
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('requires a token to be set where other machines can reach it', () => {
    const from = (yaml: string): unknown => parseSettings(yaml, 'settings.yaml', dashboardsSettings);
    expect(() => from('host: 0.0.0.0')).toThrow(/token is required/);
    expect(() => from('host: 0.0.0.0\ntoken: short')).toThrow(/16 characters/);
    expect(from('host: 0.0.0.0\ntoken: a-long-enough-token')).toMatchObject({ port: 8080 });
    expect(from('host: 0.0.0.0\ntokens: [{ name: x, token: a-long-enough-token }]')).toMatchObject({
      tokens: [{ role: 'reader' }],
    });
    expect(from('{}')).toMatchObject({ host: '127.0.0.1', port: 8080, tokens: [] });
  });

  it('lets in only who gives a token, as a bearer or by signing in', async () => {
    const base = guarded.address();
    expect((await fetch(`${base}/api/status`)).status).toBe(401);
    expect((await fetch(`${base}/metrics`)).status).toBe(401);
    expect((await fetch(`${base}/api/openapi.json`)).status).toBe(401);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/`, { redirect: 'manual' })).headers.get('location')).toBe('/login');
    // Its action would lose what the link named behind #.
    expect(await (await fetch(`${base}/login`)).text()).toContain('<form method="post">');
    expect((await send(SHARED, '/status')).status).toBe(200);
    const refused = await send(`${SHARED}x`, '/status');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="tidewatch"']);
    const wrong = await fetch(`${base}/login`, { method: 'POST', body: new URLSearchParams({ token: 'no' }) });
    expect(wrong.status).toBe(401);
    const { token } = TOKENS[0];
    const right = await fetch(`${base}/login`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    });
    const cookie = right.headers.get('set-cookie') ?? '';
    expect(right.status).toBe(303);
    expect(cookie).toMatch(/HttpOnly/i);
    // Strict would ask who follows an alert's link out of a message to sign in again.
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toContain(token);
    const signedIn = { cookie: cookie.split(';')[0] ?? '' };
    expect((await fetch(`${base}/api/status`, { headers: signedIn })).status).toBe(200);
    expect((await fetch(`${base}/api/audit`, { headers: signedIn })).status).toBe(403);
    // A link of another site leads to the page, and not to what costs.
    const linked = { ...signedIn, 'sec-fetch-site': 'cross-site' };
    expect((await fetch(`${base}/api/status`, { headers: linked })).status).toBe(401);
    expect((await fetch(`${base}/`, { headers: linked, redirect: 'manual' })).headers.get('location')).toBeNull();
    const chosen = await fetch(`${base}/?entity=acme`, { redirect: 'manual' });
    expect(chosen.headers.get('location')).toBe('/login?entity=acme');
    const large = await fetch(`${base}/login`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x'.repeat(10_000) }),
    });
    expect(large.status).toBe(413);
  });

  it('lets each role do what is its, and no more', async () => {
    const silence = { author: 'x', matchers: ['entity=a'], duration_secs: 3600, comment: 'known' };
    const statuses = await Promise.all(
      TOKENS.map(async ({ token }) => [
        (await send(token, '/alerts')).status,
        (await send(token, '/silences', silence)).status,
        (await send(token, '/audit')).status,
      ]),
    );
    expect(statuses).toEqual([
      [200, 403, 403],
      [200, 201, 403],
      [200, 201, 200],
    ]);
    const problem = (await (await send(TOKENS[0].token, '/silences', silence)).json()) as Problem;
    expect(problem).toMatchObject({ code: 'access.forbidden', detail: expect.stringContaining('analyst') });
  });

  it("signs what is written with the token's name, whatever the body claims, and notes the change", async () => {
    const document_id = api.opinions[0]?.document.id ?? '';
    const body = { author: 'Somebody Else', kind: 'sentiment', document_id, value: 'neutral' };
    const answer = await send(TOKENS[1].token, '/feedback', body, { 'x-request-id': 'req-7' });
    expect(answer.headers.get('x-request-id')).toBe('req-7');
    const { feedback } = (await (
      await send(TOKENS[0].token, `/feedback?document_id=${document_id}`)
    ).json()) as FeedbackAnswer;
    expect(feedback.map(({ author }) => author)).toEqual(['Anna']);
    const audit = (await (await send(TOKENS[2].token, `/audit?target=${document_id}`)).json()) as AuditAnswer;
    expect(audit.changes).toMatchObject([
      {
        operation: 'giveFeedback',
        actor: 'Anna',
        role: 'analyst',
        via: 'api',
        request_id: 'req-7',
        address: '127.0.0.1',
      },
    ]);
    const shared = await send(SHARED, '/feedback', { ...body, value: 'positive' });
    expect(await shared.json()).toMatchObject({ feedback: { author: 'Somebody Else' } });
  });

  it('notes nothing of a change that was refused', async () => {
    const count = async (): Promise<number> =>
      ((await (await send(SHARED, '/audit')).json()) as AuditAnswer).changes.length;
    const before = await count();
    expect((await send(SHARED, '/alerts/nosuch/acknowledge', { author: 'x' })).status).toBe(404);
    expect((await send(TOKENS[0].token, '/feedback', {})).status).toBe(403);
    expect(await count()).toBe(before);
  });

  it('notes neither what is only tried nor what somebody reads, which forgetting promises to delete', async () => {
    const desk = {
      watchlist: { preview: () => Promise.resolve([]) },
      settingsFile: { check: () => Promise.resolve({ problems: [], changed: [] }) },
    };
    const tried = await api.serve({ tokens: TOKENS }, desk as unknown as Partial<DashboardsDependencies>);
    const post = async (path: string, body: object): Promise<number> =>
      (
        await fetch(`${tried.address()}/api${path}`, {
          method: 'POST',
          headers: { ...bearer(TOKENS[2].token), 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).status;
    const operations = async (): Promise<string[]> =>
      ((await (await send(SHARED, '/audit?actor=Adam')).json()) as AuditAnswer).changes.map(
        ({ operation, target }) => `${operation} ${target}`,
      );
    const before = await operations();
    const entry = { id: 'tern', name: 'Tern Air', kind: 'company' };
    expect(await post('/watchlist/tern/preview', { entry })).toBe(200);
    expect(await post('/settings/check', { text: 'log: {}' })).toBe(200);
    const read = { author: 'Adam', document_id: api.opinions[0]?.document.id, story: 'a story' };
    expect(await post('/for-you/reading', { ...read, kind: 'open' })).toBe(201);
    expect(await post('/for-you/reading', { ...read, kind: 'dismiss' })).toBe(201);
    expect(await operations()).toEqual(before);
    expect(await post('/for-you/reading', { author: 'Adam', kind: 'off' })).toBe(201);
    expect(await post('/for-you/forget', { author: 'Adam' })).toBe(200);
    const noted = (await operations()).filter((one) => !before.includes(one));
    expect(noted.toSorted()).toEqual(['forgetReading reading', 'noteReading off']);
  });

  it("takes the caller's request id where it is sane, and makes one otherwise", async () => {
    const idFor = async (given: string): Promise<string | null> =>
      (await fetch(`${api.dashboards.address()}/api/status`, { headers: { 'x-request-id': given } })).headers.get(
        'x-request-id',
      );
    expect(await idFor('trace-01.a:b')).toBe('trace-01.a:b');
    for (const bad of ['x'.repeat(65), 'a b', 'a"b', '{}']) expect(await idFor(bad)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads nothing out to pages of other sites, and takes nothing from them', async () => {
    const origin = 'https://evil.example';
    const base = api.dashboards.address();
    const read = await fetch(`${base}/api/status`, { headers: { origin } });
    expect([...read.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    const asked = await fetch(`${base}/api/silences`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect([...asked.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(asked.status).toBe(405);
    const body = { author: 'x', matchers: ['a=b'], duration_secs: 60, comment: 'c' };
    for (const headers of [
      { origin },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect((await send(SHARED, '/silences', body, headers as Record<string, string>)).status).toBe(403);
    }
    expect((await send(SHARED, '/silences', body, { origin: guarded.address() })).status).toBe(201);
    expect((await send(SHARED, '/silences', body, { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('tells a token that asks too often when to come back, and lets others go on', async () => {
    const slow = await api.serve({ tokens: TOKENS, requests_per_minute: 10 });
    const ask = (token: string): Promise<Response> =>
      fetch(`${slow.address()}/api/sources`, { headers: bearer(token) });
    const answers = await Promise.all(Array.from({ length: 14 }, () => ask(TOKENS[0].token)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused[0]?.json()).toMatchObject({ status: 429, code: 'access.too_many' });
    expect((await ask(TOKENS[1].token)).status).toBe(200);
  });

  it('lets an address try few wrong tokens, and then not even a right one', async () => {
    const tried = await api.serve({ tokens: TOKENS });
    const ask = async (token: string): Promise<number> =>
      (await fetch(`${tried.address()}/api/sources`, { headers: bearer(token) })).status;
    const statuses: number[] = [];
    for (let index = 0; index < 22; index += 1) statuses.push(await ask(`guess-${index}`));
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    expect(await ask(TOKENS[0].token)).toBe(429);
  });

  it('names the port and the setting when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const late = createDashboards(dashboardsSettings.parse({ port }), api.dependencies);
    await expect(late.start()).rejects.toMatchObject({
      code: 'server.port_taken',
      message: expect.stringContaining(String(port)),
      hint: expect.stringContaining('dashboards.port'),
    });
    await late.stop();
    other.close();
  });
});
