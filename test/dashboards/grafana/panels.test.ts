/**
 * Every panel's SQL, with the plugin's macros expanded, asked of the ClickHouse door over a store with a history: each must
 * show something. Grafana itself is not run: no image of it can be had where this was written.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Alert } from '../../../core/event.ts';
import { createLogger } from '../../../core/log.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { openStore } from '../../../core/store/registry.ts';
import { alertRow, findingRow, opinionRow } from '../../../core/store/rows.ts';
import type { Store } from '../../../core/store/store.ts';
import { createClickHouseHttp, type ClickHouseHttp } from '../../../dashboards/clickhouse_http/endpoint.ts';
import { clickhouseHttpSettings } from '../../../dashboards/clickhouse_http/settings.ts';
import { allDashboards, dashboardText, OUT } from '../../../dashboards/grafana/emit.ts';
import { ENTITIES, sampleAlerts, sampleOpinions } from '../sample.ts';
import { expand, type Chosen } from './macros.ts';
import { sampleFindings, sampleNotifications, sampleVerdicts, withDelays } from './sample_history.ts';

interface Target {
  readonly datasource: { readonly uid: string };
  readonly rawSql?: string;
  readonly expr?: string;
  readonly format?: number;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly Target[];
  readonly datasource?: { readonly uid: string };
  readonly description?: string;
  readonly repeat?: string;
  readonly panels?: readonly Panel[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}
interface Page {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list?: readonly { readonly name: string; readonly query: string }[] };
  readonly annotations: { readonly list: readonly { readonly target: Target }[] };
}
interface Answer {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly Readonly<Record<string, unknown>>[];
}

const END = Date.parse('2026-03-16T00:00:00.000Z');
const RANGE = { from: END - 30 * 86_400_000, to: END + 86_400_000, intervalSecs: 21_600 };
const PASSWORD = 'a password of the test';
const log = createLogger({ level: 'silent', format: 'json' });
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-grafana-'));
const pages = [...allDashboards().values()].map((one) => JSON.parse(dashboardText(one)) as Page);
const panelsOf = ({ panels }: Page): Panel[] => panels.flatMap((one) => [one, ...(one.panels ?? [])]);
let store: Store;
let door: ClickHouseHttp;

beforeAll(async () => {
  const opinions = withDelays(sampleOpinions(END));
  const alerts = sampleAlerts(END, opinions);
  store = await openStore({ type: 'chdb' }, { folder, log });
  await store.migrate();
  await store.insert('opinions', opinions.map(opinionRow), 'o');
  await store.insert('alerts', alerts.map(alertRow), 'a');
  await store.insert('findings', sampleFindings(opinions, Object.keys(ENTITIES)).map(findingRow), 'f');
  await store.insert('notifications', sampleNotifications(alerts), 'n');
  await store.insert('feedback', sampleVerdicts(alerts, END), 'v');
  const settings = clickhouseHttpSettings.parse({ port: 0, password: PASSWORD });
  door = createClickHouseHttp(settings, { store, metrics: createMetrics(), log });
  await door.start();
}, 120_000);

afterAll(async () => {
  await door.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function ask(sql: string): Promise<Answer> {
  const headers = { 'x-clickhouse-user': 'reader', 'x-clickhouse-key': PASSWORD };
  const response = await fetch(`${door.address()}/?default_format=JSON`, { method: 'POST', body: sql, headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${text}\n${sql}`);
  return JSON.parse(text) as Answer;
}

async function choicesOf(page: Page): Promise<Record<string, string[]>> {
  const chosen: Record<string, string[]> = {};
  for (const { name, query } of page.templating.list ?? []) {
    const { data, meta } = await ask(expand(query, RANGE, {}));
    expect(meta).toHaveLength(1);
    chosen[name] = data.map((row) => String(Object.values(row)[0]));
  }
  return chosen;
}

describe('the Grafana dashboards', () => {
  it('are on disk byte for byte what the code says', () => {
    const files = [...allDashboards()].map(([name, one]) => [name, dashboardText(one)] as const);
    expect(readdirSync(OUT).sort()).toEqual(files.map(([name]) => name).sort());
    for (const [name, text] of files) expect(readFileSync(join(OUT, name), 'utf8')).toBe(text);
  });

  it('have panels with an own id, a title, words that explain it, and a place of their own', () => {
    for (const page of pages) {
      const panels = panelsOf(page);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = new Set<string>();
      for (const { type, title, description, gridPos, targets } of panels) {
        expect(title).not.toBe('');
        if (type === 'row') continue;
        expect([page.title, title, targets?.length]).toEqual([page.title, title, 1]);
        expect(description?.length ?? 0).toBeGreaterThan(20);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(cells.has(`${x},${y}`), `${page.title}: ${title} lies on another panel`).toBe(false);
            cells.add(`${x},${y}`);
          }
        }
      }
    }
  });

  it('ask the data sources that are provisioned, and metrics that there are', async () => {
    const file = new URL('../../../dashboards/grafana/provisioning/datasources/tidewatch.yaml', import.meta.url);
    const { datasources } = parse(readFileSync(file, 'utf8')) as { datasources: { uid: string }[] };
    const known = new Set(datasources.map(({ uid }) => uid));
    const metrics = new Set((await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name));
    for (const target of pages.flatMap(panelsOf).flatMap(({ targets }) => targets ?? [])) {
      expect(known).toContain(target.datasource.uid);
      for (const [name] of target.expr?.matchAll(/tidewatch_\w+/g) ?? []) {
        expect(metrics).toContain(name.replace(/_bucket$/, ''));
      }
    }
  });

  for (const page of pages) {
    it(`${page.title}: each panel shows something, with all values of a variable and with one`, async () => {
      const values = await choicesOf(page);
      for (const [name, list] of Object.entries(values)) expect([name, list.length > 1]).toEqual([name, true]);
      const all: Chosen = Object.fromEntries((page.templating.list ?? []).map(({ name }) => [name, ['$__all']]));
      const one: Chosen = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.slice(0, 1)]));
      const alerted = await ask("SELECT entity FROM alerts WHERE entity != '' LIMIT 1");
      for (const panel of panelsOf(page)) {
        const [target] = panel.targets ?? [];
        if (target?.rawSql === undefined) continue;
        const chosen: Chosen[] = [];
        if ('entity' in values) chosen.push({ entity: [String(alerted.data[0]?.['entity'])] });
        else if (panel.repeat !== undefined)
          chosen.push({ ...all, [panel.repeat]: values[panel.repeat]?.slice(0, 1) ?? [] });
        else
          chosen.push(all, {
            ...all,
            ...(page.uid === 'tidewatch-market-tide' && {
              topic: one['topic'] ?? [],
              language: values['language'] ?? [],
            }),
          });
        for (const choice of chosen) {
          const { data, meta } = await ask(expand(target.rawSql, RANGE, choice));
          const full = data.some((row) =>
            Object.values(row).some((value) => value !== null && value !== 0 && value !== ''),
          );
          expect([page.title, panel.title, full]).toEqual([page.title, panel.title, true]);
          if (target.format !== 0) continue;
          expect([panel.title, meta[0]?.name, meta[0]?.type.startsWith('DateTime')]).toEqual([
            panel.title,
            'time',
            true,
          ]);
          expect(meta.some(({ type }) => /^(Nullable\()?(U?Int|Float)/.test(type))).toBe(true);
        }
      }
    }, 60_000);
  }

  it('mark alerts on every page', async () => {
    for (const page of pages) {
      const annotation = page.annotations.list.find(({ target }) => target?.rawSql !== undefined);
      const { data, meta } = await ask(expand(annotation?.target.rawSql ?? '', RANGE, {}));
      expect(meta.map(({ name }) => name)).toEqual(['time', 'timeEnd', 'title', 'text', 'tags']);
      expect(data).toHaveLength(3);
    }
  });

  it('draw bands of shares around what was usual, as percentages', async () => {
    const bands = pages
      .flatMap(panelsOf)
      .filter(({ targets }) => targets?.[0]?.rawSql?.includes('total_before') === true);
    expect(bands.length).toBeGreaterThan(4);
    for (const { title, targets } of bands) {
      const one: Chosen = {
        topic: ['Earnings'],
        language: ['en'],
        source: ['birdsong'],
        entity: [Object.keys(ENTITIES)[0] ?? ''],
      };
      const all = title.includes('all that is chosen')
        ? { ...one, topic: ['$__all'], language: ['$__all'], source: ['$__all'] }
        : one;
      const { data } = await ask(expand(targets?.[0]?.rawSql ?? '', RANGE, all));
      for (const row of data) {
        const [low, usual, high] = [row['usual, low'], row['usual'], row['usual, high']].map(Number) as [
          number,
          number,
          number,
        ];
        expect([title, low >= 0 && low <= usual && usual <= high && high <= 100, row]).toEqual([title, true, row]);
      }
    }
  });

  it('count precision by what stands: a word that was taken back does not count', async () => {
    const alertsPage = pages.find(({ uid }) => uid === 'tidewatch-alerts');
    const panel = alertsPage?.panels.find(({ title }) => title === 'Precision');
    const { data } = await ask(expand(panel?.targets?.[0]?.rawSql ?? '', RANGE, {}));
    // Six verdicts on three alerts, one of them taken back, one of the rest "noise".
    expect(data).toEqual([{ precision: 80 }]);
  });

  it('say of an alert that never fired that it did not, and not that it fired in 1970', async () => {
    const [first] = sampleAlerts(END, sampleOpinions(END));
    if (first === undefined) throw new Error('there are no alerts');
    const pending: Alert = { ...first, alert_id: 'never', name: 'Never Fired', revision: 1, state: 'pending' };
    const rows = [pending, { ...pending, revision: 2, state: 'resolved' } satisfies Alert].map(alertRow);
    await store.insert('alerts', rows, 'never');
    const choice: Chosen = { entity: [first.series.entity ?? ''] };
    const tables = pages.flatMap(panelsOf).flatMap(({ targets }) => {
      const sql = targets?.[0]?.rawSql ?? '';
      return /\bstarted, fired, resolved\b/.test(sql) ? [sql] : [];
    });
    expect(tables).toHaveLength(2);
    for (const sql of tables) {
      const { data } = await ask(expand(sql, RANGE, choice));
      const fired = data.map((row) => row['fired']);
      expect(fired.filter((at) => at === null)).toHaveLength(1);
      expect(fired.every((at) => at === null || (typeof at === 'string' && at.startsWith('2026-')))).toBe(true);
    }
  });
});
