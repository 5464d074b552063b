/**
 * The distributed form as it is deployed: five processes with the deployed settings file over a real Kafka broker and
 * ClickHouse's HTTP interface. Documents go in at one end; opinions, alerts told once, the page and Grafana's questions
 * come out at the other. One classifier is killed on the way.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allDashboards, dashboardText } from '../../dashboards/grafana/emit.ts';
import { PROCESSES, startTopology, type Topology } from '../../scripts/topology.ts';
import { expand } from '../dashboards/grafana/macros.ts';
import { openReceiver, type Receiver } from './webhook_receiver.ts';
import { REPOSITORY, until } from './program.ts';
import { freePort } from '../free_port.ts';

const SECRET = `whsec_${Buffer.from('a secret of the topology test, 32').toString('base64')}`;
let receiver: Receiver;
let topology: Topology | undefined;
let missing = '';
let port = 0;

beforeAll(async () => {
  receiver = await openReceiver(SECRET);
  try {
    port = await freePort();
    topology = await startTopology({
      settings: 'tidewatch.yaml',
      change(settings) {
        settings['ingest'] = {
          ...settings['ingest'],
          watchlists: [join(REPOSITORY, 'examples', 'watchlist.yaml')],
          sources: [{ type: 'http', name: 'posted', port }],
        };
        settings['alerting'] = {
          // A day of the feed is posted at once, and two classifiers share it: a day's order is not kept between them.
          allowed_lateness_mins: 1440,
          idle_secs: 36_000,
          // A day passes at once: who waited to tell would tell of what is over.
          group_wait_secs: 0,
          group_interval_secs: 1,
          notifiers: [{ type: 'webhook', name: 'hook', url: receiver.url, secret: SECRET, chart: false }],
        };
        settings['stream'] = { ...settings['stream'], session_timeout_ms: 6000 };
        settings['store'] = { ...settings['store'], insert_wait_ms: 200 };
      },
    });
    console.info(`the topology runs on ${topology.broker}, and on ${topology.store}`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!message.startsWith('missing:')) throw error;
    missing = message;
    console.info(`skipped: the topology: ${missing}`);
  }
}, 300_000);

afterAll(async () => {
  await topology?.stop();
  await receiver.close();
}, 120_000);

describe('the distributed form', () => {
  it(
    'takes documents in and tells of the planted incidents once, though a classifier is killed',
    { timeout: 400_000 },
    async (context) => {
      if (topology === undefined) {
        context.skip(missing);
        return;
      }
      const { page, token, storeUrl, monitors, monitorToken, output, restart } = topology;
      const get = async <T>(path: string): Promise<T> => {
        const response = await fetch(`${page}${path}`, { headers: { authorization: `Bearer ${token}` } });
        if (!response.ok) throw new Error(`${path}: ${response.status}`);
        return response.json() as Promise<T>;
      };
      const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
        const response = await fetch(`${storeUrl}/?database=tidewatch&default_format=JSON&final=1`, {
          method: 'POST',
          body: sql,
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${text}\n${sql}`);
        return (JSON.parse(text) as { data: Record<string, unknown>[] }).data;
      };
      const said = (): string => PROCESSES.map(([name]) => `--- ${name}\n${output(name).slice(-800)}`).join('\n');
      const read = async (file: string): Promise<string> => readFile(join(REPOSITORY, 'examples', file), 'utf8');
      const lines = (await read('feed.jsonl')).trim().split('\n');
      const dayOf = (line: string): string => (JSON.parse(line) as { published_at: string }).published_at.slice(0, 10);
      const days = [...new Set(lines.map(dayOf))].sort();
      const incidents = JSON.parse(await read('incidents.json')) as { kind: string; entity: string }[];
      const planted = incidents.filter(({ kind }) => kind === 'incident').map(({ entity }) => entity);
      const stored = async (): Promise<number> =>
        Number((await ask('SELECT uniqExact(document_id) AS n FROM opinions'))[0]?.['n']);

      let posted = 0;
      for (const day of days) {
        const answer = await fetch(`http://127.0.0.1:${port}/documents`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body: lines.filter((line) => dayOf(line) === day).join('\n'),
        });
        expect([day, answer.status]).toEqual([day, 202]);
        const { accepted } = (await answer.json()) as { accepted: number };
        posted += accepted;
        // In the middle of its work, and again at once.
        if (day === days[3]) await restart('classifier-1');
        await until(async () => (await stored()) >= posted * 0.98, 120_000, said);
      }
      await until(
        () => planted.every((entity) => receiver.received.some(({ alert }) => alert.series.entity === entity)),
        60_000,
        () => said() + JSON.stringify(receiver.received.map(({ alert }) => [alert.series.entity, alert.state])),
      ).catch(async (error: unknown) => {
        throw new Error(
          JSON.stringify(await ask('SELECT state, entity, topic, at, name FROM alerts ORDER BY at LIMIT 50')),
          { cause: error },
        );
      });
      // Each document once, each alert told once.
      const [rows] = await ask('SELECT count() AS n, uniqExact(document_id) AS documents FROM opinions');
      expect(rows?.['n']).toBe(rows?.['documents']);
      expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(receiver.received.length);
      const told = receiver.received.map(({ alert }) => `${alert.alert_id}:${alert.revision}`);
      expect(new Set(told).size).toBe(told.length);
      expect(receiver.refused).toEqual([]);

      // The page shows them, and asks for its token.
      expect((await fetch(`${page}/api/status`)).status).toBe(401);
      const status = await get<{ opinions: number }>('/api/status');
      expect(status.opinions).toBeGreaterThan(600);

      // What Grafana would ask shows something, from counts that say what the opinions say.
      const [span] = await ask(
        'SELECT toUnixTimestamp(min(published_at)) AS first, toUnixTimestamp(max(published_at)) AS last FROM opinions',
      );
      const range = { from: Number(span?.['first']) * 1000, to: Number(span?.['last']) * 1000, intervalSecs: 21_600 };
      expect(range.to - range.from).toBeGreaterThan(10 * 86_400_000);
      const market = JSON.parse(dashboardText([...allDashboards().values()][2] as never)) as {
        title: string;
        panels: { title: string; targets?: { rawSql?: string }[] }[];
      };
      expect(market.title).toContain('Market tide');
      const all = { topic: ['$__all'], language: ['$__all'], source: ['$__all'] };
      for (const { title, targets } of market.panels.filter((panel) =>
        /^(Opinions by|Negative share)/.test(panel.title),
      )) {
        const sql = expand(targets?.[0]?.rawSql ?? '', range, all);
        const shown = await ask(sql);
        expect(shown.length, `${title}: ${sql}`).toBeGreaterThan(0);
      }
      const counts = async (): Promise<unknown> =>
        (await ask("SELECT sum(documents) AS n FROM opinions_by_day WHERE dimension = 'all'"))[0];
      expect(await counts()).toEqual({ n: (await ask('SELECT count() AS n FROM opinions'))[0]?.['n'] });

      // Each process is watched: healthy, and its metrics behind a token. Both classifiers had work.
      for (const [name] of PROCESSES) {
        expect([name, (await fetch(`${monitors.get(name)}/healthz`)).status]).toEqual([name, 200]);
        expect((await fetch(`${monitors.get(name)}/metrics`)).status).toBe(401);
      }
      const metrics = await fetch(`${monitors.get('classifier-2')}/metrics`, {
        headers: { authorization: `Bearer ${monitorToken}` },
      });
      expect(await metrics.text()).toMatch(/tidewatch_documents_out_total\{stage="classifier"\} [1-9]/);
    },
  );
});
