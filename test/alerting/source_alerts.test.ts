import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSourceAlerts, sourceAlert } from '../../alerting/source_alerts.ts';
import { actionRequestSchema, actionRow, newAction } from '../../core/action.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import { alertSchema, seriesFromKey, seriesKey } from '../../core/event.ts';
import type { SourceCause } from '../../core/health.ts';
import { createHttpClient } from '../../core/http.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { createIngest } from '../../ingest/ingest.ts';
import { ingestSettings } from '../../ingest/settings.ts';
import { startReceiver, type Receiver } from '../contracts/notifier.ts';
import { quietLog } from './alerts.ts';
import { openStage, type Stage } from './stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const news = (status: string, minute: number, reason: string | null = null) => ({
  at: new Date(Date.UTC(2026, 2, 10, 8, minute)).toISOString(),
  name: 'wire',
  type: 'rss',
  status,
  reason,
  usual_per_hour: 12,
});

/** Waits for what a busy machine may take long to bring about. */
async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 40_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('It did not come about in forty seconds.');
    await systemClock.sleep(10);
  }
}

describe('the alert of a source', () => {
  it('fires when it is quiet, grows critical when it is dead, and ends when it works', () => {
    const quiet = sourceAlert(news('quiet', 0, 'It has brought nothing since 4 h'));
    expect(alertSchema.parse(quiet)).toMatchObject({ state: 'firing', severity: 'warning', revision: 1, expected: 12 });
    expect(quiet?.summary.en).toBe('The source wire (rss) is quiet. It has brought nothing since 4 h.');
    const { alert_id = '', started_at = '' } = quiet ?? {};
    const before = { alert_id, started_at, revision: 1, status: 'quiet' };
    const dead = sourceAlert(news('dead', 5), before);
    expect(dead).toMatchObject({ alert_id, started_at, revision: 2, state: 'firing', severity: 'critical' });
    const well = sourceAlert(news('ok', 9), { ...before, revision: 2, status: 'dead' });
    expect(well).toMatchObject({ alert_id, revision: 3, state: 'resolved', severity: 'critical' });
  });

  it('says why in Chinese as in English, an error in the words of who answered it', () => {
    const since = news('', 0).at;
    const zh = (status: string, reason: string, cause?: SourceCause): string | undefined =>
      sourceAlert({ ...news(status, 5, reason), ...(cause && { cause }) })?.summary.zh;
    const silence = { kind: 'silence', since, expected: 124.2, probability: 1.2e-7 } as const;
    expect(zh('quiet', 'It answers, but has brought nothing since then', silence)).toBe(
      '数据源 wire（rss）异常沉默。它有应答，但自2026-03-10 08:00 UTC起没有带来任何内容，而平常这段时间约有120篇（概率1e-7）。请查看其地址是否仍有新闻。',
    );
    expect(zh('dead', 'It has failed since then: HTTP 503', { kind: 'failure', since, error: 'HTTP 503' })).toBe(
      '数据源 wire（rss）已失效。自2026-03-10 08:00 UTC起一直失败，原因：HTTP 503。',
    );
    // As an earlier version said it.
    expect(zh('dead', 'answered 410.')).toBe('数据源 wire（rss）已失效。原因：answered 410。');
  });

  it('ends when the source left the settings, and names its type still', () => {
    const before = { alert_id: 'a', started_at: news('', 0).at, revision: 2, status: 'dead', type: 'rss' };
    const { type: _, ...removed } = news('removed', 3);
    expect(alertSchema.parse(sourceAlert(removed, before))).toMatchObject({
      alert_id: 'a',
      revision: 3,
      state: 'resolved',
      summary: { en: 'The source wire (rss) is no longer in the settings.', zh: '数据源 wire（rss）已从配置中移除。' },
    });
    expect(sourceAlert(removed)).toBeNull();
  });

  it('is no news where nothing changed', () => {
    expect(sourceAlert(news('ok', 0))).toBeNull();
    expect(sourceAlert(news('failing', 0))).toBeNull();
    const before = { alert_id: 'a', started_at: news('', 0).at, revision: 1, status: 'quiet' };
    expect(sourceAlert(news('quiet', 1), before)).toBeNull();
  });

  it('is about a series of its own kind', () => {
    const series = { kind: 'source', entity: null, topic: null, source: 'wire:a/b' } as const;
    expect(seriesFromKey(seriesKey(series))).toEqual(series);
  });
});

describe('the alerts of sources', () => {
  const by = { by: 'Priya', note: 'given up' };

  it('end by hand, and are over: what the source does next is a new one or none', async () => {
    const sources = openSourceAlerts(createMemoryState(), null);
    const [dead] = sources.hear([news('dead', 0)]);
    await sources.settle();
    expect(sources.end('another', Date.parse(news('', 5).at), by)).toBeNull();
    const ended = sources.end(dead?.alert_id ?? '', Date.parse(news('', 5).at), by);
    expect(alertSchema.parse(ended)).toMatchObject({
      alert_id: dead?.alert_id,
      revision: 2,
      state: 'resolved',
      severity: 'critical',
      at: news('', 5).at,
      expected: 12,
      resolution: by,
      summary: {
        en: 'The source wire (rss) is dead; its alert was ended by hand.',
        zh: '数据源 wire（rss）已失效；预警已人工关闭。',
      },
    });
    expect(sources.end(dead?.alert_id ?? '', Date.parse(news('', 6).at), by)).toBeNull();
    expect(sources.hear([news('ok', 7)])).toEqual([]);
    const [again] = sources.hear([news('dead', 8)]);
    expect(again).toMatchObject({ state: 'firing', revision: 1 });
    expect(again?.alert_id).not.toBe(dead?.alert_id);
  });

  it('lead to the page, where it is known how people reach it', () => {
    const sources = openSourceAlerts(createMemoryState(), 'https://tide.example');
    const [dead] = sources.hear([news('dead', 0)]);
    const page = `https://tide.example/#/alert/${dead?.alert_id}`;
    expect(dead?.page_url).toBe(page);
    expect(sources.end(dead?.alert_id ?? '', Date.parse(news('', 5).at), by)?.page_url).toBe(page);
    expect(openSourceAlerts(createMemoryState(), null).hear([news('dead', 0)])[0]?.page_url).toBeNull();
  });

  it('are told once where what was told could not be written down at first', async () => {
    const state = createMemoryState();
    const sources = openSourceAlerts(state, null);
    expect(sources.hear([news('quiet', 0), news('quiet', 0)])).toHaveLength(1);
    expect(sources.hear([news('quiet', 0)])).toEqual([]);
    await sources.settle();
    expect(openSourceAlerts(state, null).hear([news('quiet', 0)])).toEqual([]);
  });

  it('that an earlier version wrote down end as well', async () => {
    const state = createMemoryState();
    const { at } = news('', 0);
    await state.table('alerting.sources').put('wire', { alert_id: 'a', revision: 1, started_at: at, status: 'quiet' });
    const ended = openSourceAlerts(state, null).end('a', Date.parse(at), by);
    expect(alertSchema.parse(ended).summary.en).toBe('The source wire is quiet; its alert was ended by hand.');
  });
});

describe('a feed that goes quiet, works again and dies', { timeout: 120_000 }, () => {
  let folder: string;
  let store: Store;
  let stage: Stage | undefined;
  let receiver: Receiver;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-sources-'));
    store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: quietLog });
    await store.migrate();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await stage?.close();
    await receiver.close();
  });
  afterAll(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('is ended by hand like any other, also where it never comes back', async () => {
    stage = await openStage(join(folder, 'by-hand'), store, {
      settings: { group_wait_secs: 0, group_interval_secs: 1, notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }] }, // prettier-ignore
      deps: { watermark: 'per_feed' },
    });
    const { alerting, alerts, state, stream } = stage;
    await alerting.start();
    await stream.append(TOPICS.sources, [{ key: 'wire', value: news('dead', 0) }]);
    await eventually(() => alerts.length === 1);
    const request = { kind: 'resolve', alert_id: alerts[0]?.alert_id, note: 'the feed is given up' };
    const action = newAction(actionRequestSchema.parse(request), 'Priya', 'api', Date.now());
    await store.insert('actions', [actionRow(action)], action.id);
    await eventually(() => alerts.length === 2 && receiver.requests.length === 2);
    expect(alerts[1]).toMatchObject({ state: 'resolved', resolution: { by: 'Priya', note: 'the feed is given up' } });
    await eventually(() => state.table('alerting.sources').count() === 0);
  });

  it('tells people so through the notifiers, from the server to the webhook', async () => {
    const start = Date.now();
    const speed = 10_800;
    const clock: Clock = {
      now: () => start + (Date.now() - start) * speed,
      sleep: (ms, signal) => systemClock.sleep(Math.max(2, ms / speed), signal),
    };
    let mode: 'lively' | 'quiet' | 'gone' = 'lively';
    let count = 0;
    const server = createServer((_, response) => {
      if (mode === 'gone') {
        response.writeHead(410).end();
        return;
      }
      if (mode === 'lively') count += 3;
      const items = [0, 1, 2].map(
        (back) => `<item><guid>g${count - back}</guid><title>Report ${(count - back) * 7919}</title></item>`,
      );
      response.end(`<rss version="2.0"><channel>${items.join('')}</channel></rss>`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    stage = await openStage(folder, store, {
      settings: { public_url: 'https://tide.example/', group_wait_secs: 0, group_interval_secs: 1, notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }] }, // prettier-ignore
      deps: { watermark: 'per_feed' },
    });
    await stage.alerting.start();
    const stop = new AbortController();
    const http = createHttpClient({ userAgent: 'Test', allowPrivateHosts: ['127.0.0.1'] });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const settings = ingestSettings.parse({ sources: [{ type: 'rss', name: 'wire', url, max_every_secs: 600 }] });
    const { state, stream, metrics } = stage;
    const ingest = await createIngest(settings, {
      state,
      stream,
      metrics,
      clock,
      http,
      log: quietLog,
      signal: stop.signal,
    });
    await ingest.start();
    const told = () =>
      receiver.requests.map(({ body }) => JSON.parse(body) as { state: string; name: string; severity: string });

    await eventually(() => (ingest.health()[0]?.items ?? 0) > 60 && ingest.health()[0]?.usual_per_hour !== null);
    mode = 'quiet';
    await eventually(() => told().length > 0);
    expect(told()[0]).toMatchObject({
      name: 'wire',
      state: 'firing',
      severity: 'warning',
      detector: 'source_health',
      summary: { zh: expect.stringContaining('没有带来任何内容') as string },
      page_url: expect.stringMatching(/^https:\/\/tide\.example\/#\/alert\//) as string,
    });
    mode = 'lively';
    await eventually(() => told().some(({ state: told_ }) => told_ === 'resolved'));
    mode = 'gone';
    await eventually(() => told().some(({ severity }) => severity === 'critical'));
    await eventually(() => stage?.alerts.length === 3);
    stop.abort(new Error('over'));
    await ingest.stop();
    await http.close();
    server.close();
    server.closeAllConnections();
    expect(stage.alerts.map(({ state: one }) => one)).toEqual(['firing', 'resolved', 'firing']);
  });
});
