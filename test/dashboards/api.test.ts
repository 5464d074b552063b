/** The API over a real store: the example feed's seven hundred documents, labelled by rule, and three alerts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReplayClock, systemClock } from '../../core/clock.ts';
import { parseSettings } from '../../core/config.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openStore } from '../../core/store/registry.ts';
import { alertRow, opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import { isoTime, type Opinion } from '../../core/event.ts';
import type {
  AlertsAnswer,
  OpinionsAnswer,
  SeriesAnswer,
  StatusAnswer,
  TimelineAnswer,
} from '../../dashboards/contract.ts';
import { createDashboards, type Dashboards, type DashboardsDependencies } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { ENTITIES, MODEL, sampleAlerts, sampleOpinions } from './sample.ts';

const END = Date.parse('2026-03-16T00:00:00.000Z') - 60_000;
const log = createLogger({ level: 'silent', format: 'json' });
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-api-'));
const opinions = sampleOpinions(END);
const clock = createReplayClock(END + 60_000);
const health = [
  {
    name: 'example',
    type: 'file',
    status: 'finished',
    reason: null,
    last_success_at: null,
    last_item_at: isoTime(END),
    items: 710,
    next_attempt_at: null,
  },
] as const;

let store: Store;
let dashboards: Dashboards;

function dependencies(): DashboardsDependencies {
  return {
    store,
    metrics: createMetrics(),
    log,
    clock,
    signal: new AbortController().signal,
    sources: () => health,
    names: (id) => ENTITIES[id] ?? { en: id, zh: id },
    version: '0.0.0-test',
    model: () => MODEL,
    webFolder: folder,
  };
}

beforeAll(async () => {
  store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log });
  await store.migrate();
  await store.insert('opinions', opinions.map(opinionRow), 'opinions');
  // The same rows again in another batch: they must count once.
  await store.insert('opinions', opinions.slice(0, 100).map(opinionRow), 'again');
  await store.insert('alerts', sampleAlerts(END, opinions).map(alertRow), 'alerts');
  dashboards = createDashboards(dashboardsSettings.parse({ port: 0 }), dependencies());
  await dashboards.start();
}, 120_000);

afterAll(async () => {
  await dashboards.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask<Answer>(path: string, status = 200): Promise<Answer> {
  const response = await fetch(`${dashboards.address()}/api/${path}`);
  expect(response.status, path).toBe(status);
  return (await response.json()) as Answer;
}

const only = (keep: (opinion: Opinion) => boolean): Opinion[] => opinions.filter(keep);

describe('the dashboards API', () => {
  it('tells the state of the whole: version, model, counts, newest times, sources', async () => {
    const status = await ask<StatusAnswer>('status');
    expect(status).toMatchObject({
      version: '0.0.0-test',
      model: MODEL,
      opinions: opinions.length,
      alerts: { pending: 0, firing: 1, resolved: 2 },
      newest_published_at: isoTime(END),
      lag_secs: 60,
    });
    expect(status.sources[0]).toBe('birdsong');
  });

  it('counts a timeline whose buckets, totals and tables agree to the document', async () => {
    const timeline = await ask<TimelineAnswer>('timeline?last_secs=1209600');
    expect(timeline.step_secs).toBe(14_400);
    expect(timeline.buckets).toHaveLength(84);
    const within = only(
      ({ document }) => document.published_at >= timeline.from && document.published_at < timeline.to,
    );
    const negative = within.filter((opinion) => opinion.sentiment === 'negative').length;
    expect(timeline.totals).toMatchObject({ documents: within.length, negative });
    expect(timeline.buckets.reduce((sum, bucket) => sum + bucket.documents, 0)).toBe(within.length);
    const topics = await ask<SeriesAnswer>('series?kind=topic&last_secs=1209600');
    expect(topics.series.reduce((sum, row) => sum + row.documents, 0)).toBe(within.length);
    const sums = timeline.buckets.reduce((sum, bucket) => sum + bucket.probability_sums.negative, 0);
    expect(sums).toBeCloseTo(
      within.reduce((sum, opinion) => sum + opinion.sentiment_probabilities.negative, 0),
      2,
    );
  });

  it('lists entities with their share, the period before, a sparkline and firing alerts', async () => {
    const { series } = await ask<SeriesAnswer>('series?kind=entity&last_secs=604800');
    const quillmere = series.find((row) => row.id === 'quillmere_software');
    expect(quillmere).toMatchObject({ name: { en: 'Quillmere Software', zh: '奎迈软件' }, firing: 1 });
    expect(quillmere?.sparkline.documents.reduce((sum, value) => sum + value, 0)).toBe(quillmere?.documents);
    expect(quillmere?.previous.documents).toBeGreaterThan(0);
    expect(quillmere?.negative_share).toBeCloseTo((quillmere?.negative ?? 0) / (quillmere?.documents ?? 1));
  });

  it('crosses entity and topic', async () => {
    const { series } = await ask<SeriesAnswer>('series?kind=topic&entity=norvale_bank&last_secs=2592000');
    const about = only(({ document }) => document.entities.some((entity) => entity.id === 'norvale_bank'));
    const row = series[0];
    expect(row?.documents).toBe(about.filter((opinion) => opinion.topic === row?.id).length);
  });

  it('pages through every opinion once, newest first, by cursor', async () => {
    const seen: string[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const page: OpinionsAnswer = await ask(`opinions?last_secs=2592000&limit=200${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.opinions.map((row) => `${row.published_at} ${row.document_id}`));
      cursor = page.next_cursor ?? '';
      pages += 1;
    } while (cursor !== '');
    expect(pages).toBe(4);
    expect(seen).toHaveLength(opinions.length);
    expect(new Set(seen).size).toBe(opinions.length);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  it('searches both languages in title and text, whatever the case', async () => {
    for (const [query, words] of [
      ['诺维银行', /诺维银行/],
      ['NORVALE', /norvale/i],
    ] as const) {
      const { opinions: found } = await ask<OpinionsAnswer>(
        `opinions?last_secs=2592000&limit=200&q=${encodeURIComponent(query)}`,
      );
      const right = only(({ document }) => words.test(`${document.title ?? ''}\n${document.text}`));
      expect(found.map((row) => row.document_id).sort()).toEqual(right.map((opinion) => opinion.document.id).sort());
    }
  });

  it('treats a search for SQL, wildcards and quotes as plain text', async () => {
    for (const query of ["' OR 1=1 --", '%', '_', '{from:Int64}', '\\']) {
      const { opinions: found } = await ask<OpinionsAnswer>(
        `opinions?last_secs=2592000&limit=200&q=${encodeURIComponent(query)}`,
      );
      const right = only(({ document }) => `${document.title ?? ''}\n${document.text}`.includes(query));
      expect(found.length, query).toBe(Math.min(right.length, 200));
    }
  });

  it('filters opinions by sentiment, language, source, topic and entity together', async () => {
    const { opinions: found } = await ask<OpinionsAnswer>(
      'opinions?last_secs=2592000&limit=200&sentiment=negative&language=zh&entity=norvale_bank',
    );
    expect(found.length).toBeGreaterThan(3);
    for (const row of found) {
      expect(row).toMatchObject({ sentiment: 'negative', language: 'zh' });
      expect(row.entities.map((entity) => entity.id)).toContain('norvale_bank');
    }
  });

  it('gives the newest revision of each alert with its history, firing first', async () => {
    const { alerts } = await ask<AlertsAnswer>('alerts?last_secs=2592000');
    expect(alerts.map((alert) => [alert.series.entity, alert.state, alert.revision])).toEqual([
      ['quillmere_software', 'firing', 3],
      ['halcyon_motors', 'resolved', 3],
      ['norvale_bank', 'resolved', 3],
    ]);
    expect(alerts[0]?.history.map((change) => change.state)).toEqual(['pending', 'firing', 'firing']);
    expect(alerts[0]?.names.zh).toBe('奎迈软件');
    const resolved = await ask<AlertsAnswer>('alerts?last_secs=2592000&state=resolved&entity=norvale_bank');
    expect(resolved.alerts).toHaveLength(1);
    const one = await ask<AlertsAnswer['alerts'][number]>(`alerts/${alerts[1]?.alert_id ?? ''}`);
    expect(one.alert_id).toBe(alerts[1]?.alert_id);
    await ask('alerts/no-such-alert', 404);
  });

  it('ends the span at the newest document when everything is older than the span', async () => {
    const late = createDashboards(dashboardsSettings.parse({ port: 0 }), {
      ...dependencies(),
      clock: createReplayClock(END + 400 * 86_400_000),
    });
    await late.start();
    try {
      const response = await fetch(`${late.address()}/api/timeline?last_secs=604800`);
      const timeline = (await response.json()) as TimelineAnswer;
      expect(timeline.anchor).toBe('newest');
      expect(timeline.totals.documents).toBeGreaterThan(300);
    } finally {
      await late.stop();
    }
  });

  it.each([
    ['opinions?limit=0', 'limit'],
    ['opinions?limit=100000', 'limit'],
    ['opinions?colour=red', 'colour'],
    ['opinions?sentiment=angry', 'sentiment'],
    ['opinions?sentiment=negative&sentiment=positive', 'more than once'],
    ['opinions?cursor=AAAA', 'cursor'],
    ['opinions?from=yesterday', 'from'],
    ['timeline?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'before'],
    ['timeline?last_secs=31536000&step_secs=60', 'step_secs'],
    ['series', 'kind'],
    ['status?x=1', 'unknown parameter x'],
  ])('refuses %s with words that name what is wrong', async (path, words) => {
    const answer = await ask<{ error: { code: string; message: string } }>(path, 400);
    expect(answer.error.code).toBe('input.invalid');
    expect(answer.error.message).toContain(words);
  });

  it('answers an unknown API path with 404 in JSON', async () => {
    expect(await ask('nothing', 404)).toMatchObject({ error: { message: expect.any(String) } });
  });

  it('answers liveness and metrics', async () => {
    expect((await fetch(`${dashboards.address()}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${dashboards.address()}/metrics`)).text();
    expect(metrics).toContain('tidewatch_batch_seconds_count{stage="dashboards"}');
  });

  it('says nothing of its insides when the store fails', async () => {
    const broken: Store = { ...store, query: () => Promise.reject(new Error('secret path /var/lib/x')) };
    const failing = createDashboards(dashboardsSettings.parse({ port: 0 }), { ...dependencies(), store: broken });
    await failing.start();
    try {
      const response = await fetch(`${failing.address()}/api/status`);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toMatch(/secret|at .*\.ts/);
    } finally {
      await failing.stop();
    }
  });
});

describe('who may ask', () => {
  /** fetch() forbids setting Host, so this goes by node:http. */
  const statusFor = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(dashboards.address());
      request({ host: '127.0.0.1', port, path: '/api/status', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });

  it('refuses to be called by a name that is not this machine (DNS rebinding)', async () => {
    expect(await statusFor('evil.example')).toBe(421);
    expect(await statusFor('evil.example:8080')).toBe(421);
    expect(await statusFor('127.0.0.1.evil.example')).toBe(421);
    expect(await statusFor('localhost:1234')).toBe(200);
    expect(await statusFor('[::1]:8080')).toBe(200);
  });

  it('sends headers that forbid framing, sniffing, foreign scripts and referrers', async () => {
    const { headers } = await fetch(`${dashboards.address()}/api/status`);
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
    expect(from('{}')).toEqual({ host: '127.0.0.1', port: 8080 });
  });

  it('with a token lets in only who gives it, as a bearer or by signing in', async () => {
    const token = 'a-long-enough-token';
    const guarded = createDashboards(dashboardsSettings.parse({ port: 0, token }), dependencies());
    await guarded.start();
    const base = guarded.address();
    try {
      expect((await fetch(`${base}/api/status`)).status).toBe(401);
      expect((await fetch(`${base}/metrics`)).status).toBe(401);
      expect((await fetch(`${base}/healthz`)).status).toBe(200);
      expect((await fetch(`${base}/`, { redirect: 'manual' })).headers.get('location')).toBe('/login');
      expect((await fetch(`${base}/api/status`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
      expect((await fetch(`${base}/api/status`, { headers: { authorization: `Bearer ${token}x` } })).status).toBe(401);
      const wrong = await fetch(`${base}/login`, { method: 'POST', body: new URLSearchParams({ token: 'no' }) });
      expect(wrong.status).toBe(401);
      const right = await fetch(`${base}/login`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      });
      const cookie = right.headers.get('set-cookie') ?? '';
      expect(right.status).toBe(303);
      expect(cookie).toMatch(/HttpOnly/i);
      expect(cookie).toMatch(/SameSite=Strict/i);
      expect(cookie).not.toContain(token);
      const signedIn = await fetch(`${base}/api/status`, { headers: { cookie: cookie.split(';')[0] ?? '' } });
      expect(signedIn.status).toBe(200);
      const large = await fetch(`${base}/login`, {
        method: 'POST',
        body: new URLSearchParams({ token: 'x'.repeat(10_000) }),
      });
      expect(large.status).toBe(413);
    } finally {
      await guarded.stop();
    }
  });

  it('names the port and the setting when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const late = createDashboards(dashboardsSettings.parse({ port }), dependencies());
    await expect(late.start()).rejects.toMatchObject({
      code: 'server.port_taken',
      message: expect.stringContaining(String(port)),
      hint: expect.stringContaining('dashboards.port'),
    });
    await late.stop();
    other.close();
  });
});

describe('live events', () => {
  async function* events(response: Response): AsyncGenerator<{ id: string; event: string; data: unknown }> {
    const decoder = new TextDecoder();
    let buffer = '';
    for await (const chunk of response.body ?? []) {
      buffer += decoder.decode(chunk as Uint8Array, { stream: true });
      let end: number;
      while ((end = buffer.indexOf('\n\n')) >= 0) {
        const fields = Object.fromEntries(
          buffer
            .slice(0, end)
            .split('\n')
            .map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
        );
        buffer = buffer.slice(end + 2);
        if (fields['event'] !== undefined) {
          yield { id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? '{}') };
        }
      }
    }
  }
  const later = (id: string, seconds: number): Opinion => {
    const first = opinions[0];
    if (first === undefined) throw new Error('The sample is empty.');
    const at = isoTime(END + seconds * 1000);
    return { ...first, labelled_at: at, document: { ...first.document, id, published_at: at } };
  };

  it('tells a new opinion and a changed alert to every reader, once, and resumes after an absence', async () => {
    const live = createDashboards(dashboardsSettings.parse({ port: 0 }), { ...dependencies(), clock: systemClock });
    await live.start();
    const abort = new AbortController();
    try {
      const url = `${live.address()}/api/live`;
      const readers = await Promise.all([1, 2].map(() => fetch(url, { signal: abort.signal })));
      expect(readers[0]?.headers.get('content-type')).toContain('text/event-stream');
      const streams = readers.map((response) => events(response));
      await store.insert('opinions', [opinionRow(later('live-1', 1))], 'live-1');
      // The first event of a new reader is what was labelled in the seconds before it came.
      await Promise.all(streams.map((stream) => stream.next()));
      const firsts = await Promise.all(streams.map((stream) => stream.next()));
      for (const first of firsts) {
        expect(first.value).toMatchObject({ event: 'opinions', data: { opinions: [{ document_id: 'live-1' }] } });
      }
      const changed = sampleAlerts(END, opinions).find((alert) => alert.state === 'firing');
      if (changed === undefined) throw new Error('The sample has no firing alert.');
      await store.insert('alerts', [alertRow({ ...changed, alert_id: 'live-alert' })], 'live-alert');
      const second = await streams[0]?.next();
      expect(second?.value).toMatchObject({ event: 'alerts', data: { alerts: [{ alert_id: 'live-alert' }] } });

      await store.insert('opinions', [opinionRow(later('live-2', 20))], 'live-2');
      const third = await streams[0]?.next();
      expect(third?.value.data).toMatchObject({ opinions: [{ document_id: 'live-2' }] });

      const returning = await fetch(url, {
        signal: abort.signal,
        headers: { 'last-event-id': firsts[0]?.value.id ?? '' },
      });
      const missed = await events(returning).next();
      expect(JSON.stringify(missed.value)).toContain('"live-2"');
      const lost = await fetch(url, { signal: abort.signal, headers: { 'last-event-id': 'nonsense' } });
      expect((await events(lost).next()).value).toMatchObject({ event: 'reset' });
    } finally {
      abort.abort();
      await live.stop();
    }
  }, 60_000);

  it('lets go of readers when the server stops, without waiting for them', async () => {
    const live = createDashboards(dashboardsSettings.parse({ port: 0 }), { ...dependencies(), clock: systemClock });
    await live.start();
    const response = await fetch(`${live.address()}/api/live`);
    const reading = (async () => {
      for await (const _ of response.body ?? []) continue;
    })().catch(() => undefined);
    const start = performance.now();
    await live.stop();
    await reading;
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});
