/** The answers of the API over a real store: the example feed's seven hundred documents, and three alerts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReplayClock } from '../../core/clock.ts';
import { isoTime, type Opinion } from '../../core/event.ts';
import { alertRow, opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import type {
  AlertsAnswer,
  DocumentsAnswer,
  OpinionsAnswer,
  Problem,
  SeriesAnswer,
  StatusAnswer,
  TimelineAnswer,
} from '../../dashboards/contract.ts';
import { smoothShares } from '../../dashboards/web/shares.ts';
import { END, startApi, type ApiServer } from './api_server.ts';
import { MODEL, sampleAlerts } from './sample.ts';

interface AlertsPage extends AlertsAnswer {
  readonly next_cursor: string | null;
}

let api: ApiServer;

beforeAll(async () => {
  api = await startApi();
}, 120_000);
afterAll(() => api.close());

const only = (keep: (opinion: Opinion) => boolean): Opinion[] => api.opinions.filter(keep);

describe('the dashboards API', () => {
  it('tells the state of the whole: version, model, counts, newest times, sources', async () => {
    const status = await api.ask<StatusAnswer>('status');
    expect(status).toMatchObject({
      version: '0.0.0-test',
      model: MODEL,
      opinions: api.opinions.length,
      alerts: { pending: 0, firing: 1, resolved: 2 },
      newest_published_at: isoTime(END),
      lag_secs: 60,
    });
    expect(status.sources[0]).toBe('birdsong');
  });

  it('says that another process reads the sources, where this one reads none', async () => {
    const alone = await api.serve({}, { sources: () => null });
    const answer = await fetch(`${alone.address()}/api/sources`);
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({
      code: 'model.missing',
      detail: 'Sources are read by another process (role ingest).',
      hint: 'Their metrics and alerts say how they fare.',
    });
  });

  it('counts a timeline whose buckets, totals and tables agree to the document', async () => {
    const timeline = await api.ask<TimelineAnswer>('timeline?last_secs=1209600');
    expect(timeline.step_secs).toBe(14_400);
    expect(timeline.buckets).toHaveLength(84);
    const within = only(
      ({ document }) => document.published_at >= timeline.from && document.published_at < timeline.to,
    );
    const negative = within.filter((opinion) => opinion.sentiment === 'negative').length;
    expect(timeline.totals).toMatchObject({ documents: within.length, negative });
    expect(timeline.buckets.reduce((sum, bucket) => sum + bucket.documents, 0)).toBe(within.length);
    const topics = await api.ask<SeriesAnswer>('series?kind=topic&last_secs=1209600');
    expect(topics.series.reduce((sum, row) => sum + row.documents, 0)).toBe(within.length);
    const sums = timeline.buckets.reduce((sum, bucket) => sum + bucket.probability_sums.negative, 0);
    expect(sums).toBeCloseTo(
      within.reduce((sum, opinion) => sum + opinion.sentiment_probabilities.negative, 0),
      2,
    );
  });

  it('counts the same span in whatever steps it is cut, at any hour of the day', async () => {
    // Until eight hours before the newest document, so that each hour has some that fall off where a span moves.
    for (const minutes of [100, 419]) {
      const served = await api.serve({}, { clock: createReplayClock(END - 8 * 3_600_000 + minutes * 60_000) });
      const ask = async (query: string): Promise<TimelineAnswer> =>
        (await (await fetch(`${served.address()}/api/timeline?${query}`)).json()) as TimelineAnswer;
      for (const span of ['last_secs=1209600&entity=norvale_bank', 'last_secs=259200']) {
        const { from, to, totals, previous } = await ask(span);
        expect(totals.documents).toBeGreaterThan(0);
        for (const step of [28_800, 100_000]) {
          const cut = await ask(`${span}&step_secs=${step}`);
          const own = { from: cut.from, to: cut.to, totals: cut.totals, previous: cut.previous };
          expect(own, `${span} in steps of ${step} s, ${minutes} min on`).toEqual({ from, to, totals, previous });
          expect(cut.buckets.reduce((sum, bucket) => sum + bucket.documents, 0)).toBe(totals.documents);
        }
      }
    }
  });

  it('counts alike from the opinions and from the counts of them, for a selection and for all', async () => {
    const span = 'from=2026-03-02T00:00:00Z&to=2026-03-14T00:00:00Z';
    for (const selection of ['', '&entity=norvale_bank', '&topic=Earnings']) {
      // A step that is no whole number of minutes is counted from the opinions.
      const counted = await api.ask<TimelineAnswer>(`timeline?${span}${selection}&step_secs=10800`);
      const read = await api.ask<TimelineAnswer>(`timeline?${span}${selection}&step_secs=1350`);
      expect(read.totals.documents).toBeGreaterThan(10);
      expect(counted.totals).toEqual(read.totals);
      expect(counted.previous).toEqual(read.previous);
      const summed = read.buckets.slice(0, 8).reduce((sum, bucket) => sum + bucket.probability_sums.positive, 0);
      expect(counted.buckets[0]?.probability_sums.positive).toBeCloseTo(summed, 3);
    }
  });

  it('says which negative share is usual at each step, and where the line is beyond it', async () => {
    const { buckets } = await api.ask<TimelineAnswer>('timeline?last_secs=1209600&entity=norvale_bank');
    const shares = smoothShares(buckets);
    const beyond = buckets.filter(({ usual }, index) => usual !== null && (shares[index] ?? 0) > usual.high);
    const told = buckets.filter(({ usual }) => usual !== null);
    expect(told.length).toBeGreaterThan(5);
    expect(beyond.length).toBeGreaterThan(0);
    expect(beyond.length).toBeLessThan(told.length / 2);
    for (const { usual } of told) {
      expect(usual?.low).toBeLessThanOrEqual(usual?.share ?? 0);
      expect(usual?.high).toBeGreaterThanOrEqual(usual?.share ?? 1);
    }
  });

  it('lists entities with their share, the period before, a sparkline and firing alerts', async () => {
    const { series } = await api.ask<SeriesAnswer>('series?kind=entity&last_secs=604800');
    const quillmere = series.find((row) => row.id === 'quillmere_software');
    expect(quillmere).toMatchObject({ name: { en: 'Quillmere Software', zh: '奎迈软件' }, firing: 1 });
    expect(quillmere?.sparkline.documents.reduce((sum, value) => sum + value, 0)).toBe(quillmere?.documents);
    expect(quillmere?.previous.documents).toBeGreaterThan(0);
    expect(quillmere?.negative_share).toBeCloseTo((quillmere?.negative ?? 0) / (quillmere?.documents ?? 1));
  });

  it('crosses entity and topic', async () => {
    const { series } = await api.ask<SeriesAnswer>('series?kind=topic&entity=norvale_bank&last_secs=2592000');
    const about = only(({ document }) => document.entities.some((entity) => entity.id === 'norvale_bank'));
    const row = series[0];
    expect(row?.documents).toBe(about.filter((opinion) => opinion.topic === row?.id).length);
  });

  it('pages through every opinion once, newest first, by cursor', async () => {
    const seen: string[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const page: OpinionsAnswer = await api.ask(
        `opinions?last_secs=2592000&limit=200${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.opinions.map((row) => `${row.published_at} ${row.document_id}`));
      cursor = page.next_cursor ?? '';
      pages += 1;
    } while (cursor !== '');
    expect(pages).toBe(4);
    expect(seen).toHaveLength(api.opinions.length);
    expect(new Set(seen).size).toBe(api.opinions.length);
    expect(seen).toEqual([...seen].sort().reverse());
  });

  it('goes on behind a row that the reader names itself, as behind a page that ended with it', async () => {
    const first = await api.ask<OpinionsAnswer>('opinions?last_secs=2592000&language=zh&limit=20');
    const last = first.opinions.at(-1);
    const row = encodeURIComponent(`${last?.published_at},${last?.document_id}`);
    const ids = async (cursor: string): Promise<string[]> => {
      const path = `opinions?last_secs=2592000&language=zh&limit=20&cursor=${cursor}`;
      return (await api.ask<OpinionsAnswer>(path)).opinions.map(({ document_id }) => document_id);
    };
    const behind = await ids(row);
    expect(behind).toHaveLength(20);
    expect(behind).toEqual(await ids(first.next_cursor ?? ''));
  });

  it('searches both languages in title and text, whatever the case', async () => {
    for (const [query, words] of [
      ['诺维银行', /诺维银行/],
      ['NORVALE', /norvale/i],
    ] as const) {
      const { opinions: found } = await api.ask<OpinionsAnswer>(
        `opinions?last_secs=2592000&limit=200&q=${encodeURIComponent(query)}`,
      );
      const right = only(({ document }) => words.test(`${document.title ?? ''}\n${document.text}`));
      expect(found.map((row) => row.document_id).sort()).toEqual(right.map((opinion) => opinion.document.id).sort());
    }
  });

  it('treats a search for SQL, wildcards and quotes as plain text', async () => {
    for (const query of ["' OR 1=1 --", '%', '_', '{from:Int64}', '\\']) {
      const { opinions: found } = await api.ask<OpinionsAnswer>(
        `opinions?last_secs=2592000&limit=200&q=${encodeURIComponent(query)}`,
      );
      const right = only(({ document }) => `${document.title ?? ''}\n${document.text}`.includes(query));
      expect(found.length, query).toBe(Math.min(right.length, 200));
    }
  });

  it('filters opinions by sentiment, language, source, topic and entity together', async () => {
    const { opinions: found } = await api.ask<OpinionsAnswer>(
      'opinions?last_secs=2592000&limit=200&sentiment=negative&language=zh&entity=norvale_bank',
    );
    expect(found.length).toBeGreaterThan(3);
    for (const row of found) {
      expect(row).toMatchObject({ sentiment: 'negative', language: 'zh' });
      expect(row.entities.map((entity) => entity.id)).toContain('norvale_bank');
    }
  });

  it('gives the newest revision of each alert with its history, firing first', async () => {
    const { alerts } = await api.ask<AlertsAnswer>('alerts?last_secs=2592000');
    expect(alerts.map((alert) => [alert.series.entity, alert.state, alert.revision])).toEqual([
      ['quillmere_software', 'firing', 3],
      ['halcyon_motors', 'resolved', 3],
      ['norvale_bank', 'resolved', 3],
    ]);
    expect(alerts[0]?.history.map((change) => change.state)).toEqual(['pending', 'firing', 'firing']);
    expect(alerts[0]?.names.zh).toBe('奎迈软件');
    const resolved = await api.ask<AlertsAnswer>('alerts?last_secs=2592000&state=resolved&entity=norvale_bank');
    expect(resolved.alerts).toHaveLength(1);
    const one = await api.ask<AlertsAnswer['alerts'][number]>(`alerts/${alerts[1]?.alert_id ?? ''}`);
    expect(one.alert_id).toBe(alerts[1]?.alert_id);
    await api.ask('alerts/no-such-alert', 404);
  });

  it('ends the span at the newest document when everything is older than the span', async () => {
    const late = await api.serve({}, { clock: createReplayClock(END + 400 * 86_400_000) });
    const response = await fetch(`${late.address()}/api/timeline?last_secs=604800`);
    const timeline = (await response.json()) as TimelineAnswer;
    expect(timeline.anchor).toBe('newest');
    expect(timeline.totals.documents).toBeGreaterThan(300);
  });

  it('lists the alerts that began after the newest document, as when every source is dead, over its pages too', async () => {
    const now = END + 400 * 86_400_000;
    const late = await api.serve({}, { clock: createReplayClock(now) });
    const [alert] = sampleAlerts(END, api.opinions);
    if (alert === undefined) throw new Error('The sample has no alert.');
    const at = isoTime(now - 60_000);
    const fired = { ...alert, alert_id: 'since-then', state: 'firing' as const, at, started_at: at };
    await api.store.insert('alerts', [alertRow(fired)], 'since-then');
    const seen: string[] = [];
    let cursor = '';
    try {
      do {
        const path = `alerts?last_secs=604800&limit=1${cursor && `&cursor=${cursor}`}`;
        const page = (await (await fetch(`${late.address()}/api/${path}`)).json()) as AlertsPage;
        seen.push(...page.alerts.map(({ alert_id }) => alert_id));
        cursor = page.next_cursor ?? '';
      } while (cursor !== '');
    } finally {
      await api.store.command("ALTER TABLE alerts DELETE WHERE alert_id = 'since-then'");
    }
    expect(seen[0]).toBe('since-then');
    expect(seen.length).toBeGreaterThan(1);
  });

  it.each([
    ['opinions?limit=0', 'limit'],
    ['opinions?limit=100000', 'limit'],
    ['opinions?colour=red', 'colour'],
    ['opinions?sentiment=angry', 'sentiment'],
    ['opinions?sentiment=negative&sentiment=positive', 'more than once'],
    ['opinions?cursor=AAAA', 'cursor'],
    ['opinions?cursor=yesterday,d1', 'cursor'],
    ['opinions?from=yesterday', 'from'],
    ['timeline?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'before'],
    ['timeline?last_secs=31536000&step_secs=60', 'step_secs'],
    ['ask?q=yesterday&time_zone=Asia/Atlantis', 'time_zone'],
    ['series', 'kind'],
    ['status?x=1', 'unknown parameter x'],
  ])('refuses %s with words that name what is wrong', async (path, words) => {
    const answer = await api.ask<Problem>(path, 400);
    expect(answer.code).toBe('input.invalid');
    expect(answer.detail).toContain(words);
  });

  it('answers a refusal as problem details with the fields, the code and the id of the request', async () => {
    const response = await fetch(`${api.dashboards.address()}/api/opinions?limit=0&colour=red`, {
      headers: { 'x-request-id': 'mine-1' },
    });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: '/api/reference#problem-400',
      status: 400,
      code: 'input.invalid',
      request_id: 'mine-1',
      errors: expect.arrayContaining([expect.objectContaining({ field: 'colour' })]),
    });
    const wrong = await fetch(`${api.dashboards.address()}/api/status`, { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'HEAD, GET']);
  });

  it('answers an unknown API path with 404 in JSON', async () => {
    expect(await api.ask('nothing', 404)).toMatchObject({ status: 404, code: 'input.absent' });
  });

  it('lists documents as they were taken in, page by page', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page: DocumentsAnswer = await api.ask(
        `documents?last_secs=2592000&limit=200${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.documents.map((row) => row.id));
      cursor = page.next_cursor ?? '';
    } while (cursor !== '');
    expect(seen).toHaveLength(new Set(seen).size);
    expect(seen.toSorted()).toEqual(api.opinions.map(({ document }) => document.id).toSorted());
    const { documents } = await api.ask<DocumentsAnswer>('documents?last_secs=2592000&language=zh&entity=norvale_bank');
    expect(documents.length).toBeGreaterThan(3);
    for (const row of documents) expect([row.language, row.entities.includes('norvale_bank')]).toEqual(['zh', true]);
  });

  it('gives each alert once over its pages, and refuses the cursor of another list', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page: { alerts: AlertsAnswer['alerts']; next_cursor: string | null } = await api.ask(
        `alerts?last_secs=2592000&limit=1${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.alerts).toHaveLength(1);
      seen.push(page.alerts[0]?.series.entity ?? '');
      cursor = page.next_cursor ?? '';
      if (cursor !== '') await api.ask(`opinions?cursor=${cursor}`, 400);
    } while (cursor !== '');
    expect(seen).toEqual(['quillmere_software', 'halcyon_motors', 'norvale_bank']);
  });

  it('shows no row twice and misses none when newer ones are inserted between two pages', async () => {
    const { next_cursor, from, to } = await api.ask<OpinionsAnswer>('opinions?last_secs=604800&limit=200');
    const rest = async (): Promise<string[]> => {
      const page = await api.ask<OpinionsAnswer>(`opinions?last_secs=604800&limit=200&cursor=${next_cursor ?? ''}`);
      expect([page.from, page.to]).toEqual([from, to]);
      return page.opinions.map((row) => row.document_id);
    };
    const before = await rest();
    const [first] = api.opinions;
    if (first === undefined) throw new Error('The sample is empty.');
    const published_at = isoTime(END - 1);
    const newer = { ...first, document: { ...first.document, id: 'inserted', published_at } };
    await api.store.insert('opinions', [opinionRow(newer)], 'inserted');
    try {
      expect(await rest()).toEqual(before);
    } finally {
      await api.store.command("ALTER TABLE opinions DELETE WHERE document_id = 'inserted'");
    }
  });

  it('lists no alert that was pending and passed without firing, but shows it under its id', async () => {
    const [first] = sampleAlerts(END, api.opinions);
    if (first === undefined) throw new Error('The sample has no alert.');
    const passed = (['pending', 'resolved'] as const).map((state, revision) => ({
      ...first,
      alert_id: 'passed',
      revision: revision + 1,
      state,
    }));
    await api.store.insert('alerts', passed.map(alertRow), 'passed');
    try {
      const { alerts } = await api.ask<AlertsAnswer>('alerts?last_secs=2592000');
      expect(alerts.map(({ alert_id }) => alert_id)).not.toContain('passed');
      expect(alerts).toHaveLength(3);
      expect(await api.ask('alerts/passed')).toMatchObject({ state: 'resolved' });
    } finally {
      await api.store.command("ALTER TABLE alerts DELETE WHERE alert_id = 'passed'");
    }
  });

  it('answers 304 without a body where the reader has the answer already', async () => {
    const address = `${api.dashboards.address()}/api/alerts?last_secs=2592000`;
    const first = await fetch(address);
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    await first.arrayBuffer();
    const again = await fetch(address, { headers: { 'if-none-match': `"other", ${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await fetch(address, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('answers liveness and metrics', async () => {
    expect((await fetch(`${api.dashboards.address()}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${api.dashboards.address()}/metrics`)).text();
    expect(metrics).toContain('tidewatch_batch_seconds_count{stage="dashboards"}');
  });

  it('says nothing of its insides when the store fails', async () => {
    const { store } = api;
    const broken: Store = { ...store, query: () => Promise.reject(new Error('secret path /var/lib/x')) };
    const failing = await api.serve({}, { store: broken });
    const response = await fetch(`${failing.address()}/api/status`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret|at .*\.ts/);
  });
});
