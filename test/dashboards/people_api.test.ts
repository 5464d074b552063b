import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReplayClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openStore } from '../../core/store/registry.ts';
import { alertRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import type { ActionsAnswer, AlertRow, NotificationsAnswer, SilencesAnswer } from '../../dashboards/contract.ts';
import { createDashboards, type Dashboards } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { alertOf } from '../alerting/alerts.ts';

const NOW = Date.parse('2026-03-16T00:00:00.000Z');
const TOKEN = 'a token of some length';
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-people-api-'));
const log = createLogger({ level: 'silent', format: 'json' });
const clock = createReplayClock(NOW);
let store: Store;
let server: Dashboards;

beforeAll(async () => {
  store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log });
  await store.migrate();
  await store.insert('alerts', [alertRow(alertOf())], 'alerts');
  const row = { notifier: 'chat', generation: 1, owner: 'o', at: '2026-03-15T00:00:00.000Z', reason: 'no' };
  const items = ['sent', 'failed', 'claimed'].map((status) => ({
    ...row,
    status,
    item: `${status}:1`,
    alert_id: status,
  }));
  await store.insert('notifications', items, 'notifications');
  server = createDashboards(dashboardsSettings.parse({ port: 0, token: TOKEN }), {
    store,
    metrics: createMetrics(),
    log,
    clock,
    signal: new AbortController().signal,
    sources: () => [],
    names: (id) => ({ en: id, zh: id }),
    version: 'test',
    model: () => null,
    webFolder: folder,
  });
  await server.start();
}, 60_000);
afterAll(async () => {
  await server.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const authorization = `Bearer ${TOKEN}`;

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.address()}/api${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { action, detail } = (await answer.json()) as { action?: { id: string; via: string }; detail?: string };
  return { status: answer.status, id: action?.id ?? '', via: action?.via, message: detail ?? '' };
}

async function get<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(`${server.address()}/api${path}`, { headers: { authorization } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

const silence = { author: 'Priya', matchers: ['entity="a"'], duration_secs: 3600, comment: 'known' };

describe('what people do, by the API', () => {
  it('begins a silence, shows it, ends it, and keeps all of it in the log', async () => {
    const { status, id } = await post('/silences', silence);
    expect(status).toBe(201);
    expect((await get<SilencesAnswer>('/silences')).silences).toMatchObject([
      { id, state: 'active', author: 'Priya', ends_at: '2026-03-16T01:00:00.000Z', matchers: ['entity="a"'] },
    ]);
    clock.advanceTo(NOW + 60_000);
    expect((await post(`/silences/${id}/expire`, { author: 'Wei' })).status).toBe(201);
    expect((await get<SilencesAnswer>('/silences')).silences).toEqual([]);
    expect((await get<SilencesAnswer>('/silences?expired=true')).silences).toMatchObject([
      { id, state: 'expired', ends_at: '2026-03-16T00:01:00.000Z' },
    ]);
    expect((await post(`/silences/${id}/expire`, { author: 'Wei' })).message).toContain('over already');
    const { actions } = await get<ActionsAnswer>(`/actions?target=${id}`);
    expect(actions.map(({ author, request, via }) => [author, request.kind, via])).toEqual([
      ['Wei', 'expire', 'api'],
      ['Priya', 'silence', 'api'],
    ]);
  });

  it('acknowledges and ends alerts that there are, and asks for a reason', async () => {
    const id = alertOf().alert_id;
    expect((await post(`/alerts/${id}/acknowledge`, { author: 'Wei', note: 'on it' })).status).toBe(201);
    expect((await post(`/alerts/${id}/resolve`, { author: 'Wei' })).message).toContain('say why it is over');
    expect((await post(`/alerts/${id}/resolve`, { author: 'Wei', note: 'over' })).status).toBe(201);
    expect(await post('/alerts/nosuch/acknowledge', { author: 'Wei' })).toMatchObject({ status: 404 });
    const { actions } = await get<ActionsAnswer>(`/actions?target=${id}`);
    expect(actions.map(({ request }) => request.kind).toSorted()).toEqual(['acknowledge', 'resolve']);
  });

  it('tells with an alert which silences keep it quiet now and who said last that they look after it', async () => {
    const about = (matchers: string[], duration_secs: number) =>
      post('/silences', { ...silence, matchers, duration_secs });
    const short = await about(['entity="norvale_bank"'], 3_600);
    const long = await about(['severity=~"warn.*"', 'detector!="volume"'], 7_200);
    await about(['entity="another"'], 3_600);
    await post('/silences', {
      ...silence,
      matchers: ['entity="norvale_bank"'],
      starts_at: '2026-03-17T00:00:00Z',
    });
    const { alert_id } = alertOf();
    await post(`/alerts/${alert_id}/acknowledge`, { author: 'Wei' });
    clock.advanceTo(clock.now() + 1_000);
    await post(`/alerts/${alert_id}/acknowledge`, { author: 'Priya' });
    const found = await get<AlertRow>(`/alerts/${alert_id}`);
    expect(found.silences.map(({ id }) => id)).toEqual([long.id, short.id]);
    expect(found.acknowledged).toEqual({ author: 'Priya', at: isoTime(clock.now()) });
    for (const { id } of (await get<SilencesAnswer>('/silences')).silences)
      await post(`/silences/${id}/expire`, { author: 'Wei' });
    expect((await get<AlertRow>(`/alerts/${alert_id}`)).silences).toEqual([]);
  });

  it('shows what became of notifications, without claims, and asks for a replay', async () => {
    const all = await get<NotificationsAnswer>('/notifications');
    expect(all.notifications.map(({ status }) => status).toSorted()).toEqual(['failed', 'sent']);
    const failed = await get<NotificationsAnswer>('/notifications?status=failed');
    expect(failed.notifications).toMatchObject([{ item: 'failed:1', reason: 'no' }]);
    expect((await post('/notifications/replay', { author: 'Wei', notification: '*' })).status).toBe(201);
  });

  it.each([
    ['no author', { ...silence, author: ' ' }, 'author'],
    ['no matcher', { ...silence, matchers: [] }, 'at least one'],
    ['a matcher that is none', { ...silence, matchers: ['a=~"("'] }, 'regular expression'],
    ['no end', { ...silence, duration_secs: undefined }, 'one of ends_at and duration_secs'],
    [
      'an end before its start',
      { ...silence, duration_secs: undefined, ends_at: '2020-01-01T00:00:00Z' },
      'after starts_at',
    ],
    ['no comment', { ...silence, comment: '' }, 'say why'],
    ['an unknown field', { ...silence, force: true }, 'force'],
    ['no JSON', '{', 'not JSON'],
  ])('refuses a silence with %s, and says so', async (_, body, said) => {
    const { status, message } = await post('/silences', body);
    expect([status, message]).toEqual([said === 'not JSON' ? 400 : 422, expect.stringContaining(said)]);
  });

  it('takes nothing without the token, from a form, from another site, or too long', async () => {
    expect((await post('/silences', silence, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post('/silences', silence, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('/silences', silence, { 'sec-fetch-site': 'cross-site' })).message).toContain('another site');
    expect((await post('/silences', { ...silence, comment: 'x'.repeat(20_000) })).status).toBe(413);
    expect((await get<SilencesAnswer>('/silences')).silences).toEqual([]);
  });
});
