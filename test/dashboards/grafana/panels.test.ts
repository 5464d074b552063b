/**
 * Every panel's SQL, with the plugin's macros expanded, asked of the ClickHouse door over a store with a history: each must
 * show something. Grafana itself is not run: no image of it can be had where this was written.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isoTime, type Alert } from '../../../core/event.ts';
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
  readonly fieldConfig?: {
    readonly defaults?: { readonly noValue?: string; readonly thresholds?: { readonly steps: readonly unknown[] } };
  };
  readonly options?: { readonly colorMode?: string };
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

const panelOf = (uid: string, title: string): string => {
  const page = pages.find((one) => one.uid === uid);
  const sql =
    page === undefined
      ? undefined
      : panelsOf(page).find((one) => one.title === title && one.targets)?.targets?.[0]?.rawSql;
  if (sql === undefined) throw new Error(`There is no panel "${title}" on ${uid}.`);
  return sql;
};

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

  it('mark alerts on every page, on that of a company its own', async () => {
    const [first] = sampleAlerts(END, sampleOpinions(END));
    const entity = first?.series.entity ?? '';
    const own = await ask(`SELECT uniqExact(alert_id) AS n FROM alerts WHERE entity = '${entity}'`);
    expect(own.data).toEqual([{ n: 1 }]);
    for (const page of pages) {
      const annotation = page.annotations.list.find(({ target }) => target?.rawSql !== undefined);
      const { data, meta } = await ask(expand(annotation?.target.rawSql ?? '', RANGE, { entity: [entity] }));
      expect(meta.map(({ name }) => name)).toEqual(['time', 'timeEnd', 'title', 'text', 'tags']);
      expect([page.title, data.length]).toEqual([page.title, page.uid === 'tidewatch-entity' ? 1 : 3]);
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

  it('offer choices in a range that touches no full hour', async () => {
    const at = Date.UTC(2025, 5, 1, 14, 27);
    const [opinion] = sampleOpinions(END);
    if (opinion === undefined) throw new Error('there are no opinions');
    const { document } = opinion;
    const entities = [{ id: 'half_past', surface: 'Half Past', relevance: 100 }];
    const seen = { ...document, id: 'half past', published_at: isoTime(at), entities };
    await store.insert('opinions', [opinionRow({ ...opinion, document: seen })], 'half past');
    const range = { from: at - 300_000, to: at + 300_000, intervalSecs: 1 };
    const variables = pages.flatMap(({ templating }) => templating.list ?? []);
    expect(variables.map(({ name }) => name)).toEqual(['entity', 'topic', 'language', 'source']);
    for (const { name, query } of variables) {
      const { data } = await ask(expand(query, range, {}));
      const value = { entity: 'half_past', topic: opinion.topic, language: document.language, source: document.source };
      expect([name, data]).toEqual([name, [{ member: value[name as keyof typeof value] }]]);
    }
  });

  it('draw a line for each of the twelve loudest sources, of however many a desk reads', async () => {
    const at = Date.UTC(2025, 6, 1);
    const [opinion] = sampleOpinions(END);
    if (opinion === undefined) throw new Error('there are no opinions');
    const rows = Array.from({ length: 440 }, (_, index) => {
      // Of forty outlets two opinions, of the others one.
      const source = `outlet ${String(index % 400).padStart(3, '0')}`;
      const published_at = isoTime(at + index * 1_000);
      const document = { ...opinion.document, id: `many ${index}`, story: `many ${index}`, source, published_at };
      return opinionRow({ ...opinion, document });
    });
    await store.insert('opinions', rows, 'many');
    const sql = panelOf('tidewatch-market-tide', 'Negative share by source');
    const { data } = await ask(
      expand(
        sql,
        { from: at, to: at + 3_600_000, intervalSecs: 60 },
        { topic: ['$__all'], language: ['$__all'], source: ['$__all'] },
      ),
    );
    const twelve = Array.from({ length: 12 }, (_, index) => `outlet ${String(index).padStart(3, '0')}`);
    expect([...new Set(data.map((row) => String(row['source'])))].sort()).toEqual(twelve);
  });

  it('say of a series what one detector found, and never a mixture of two', async () => {
    const at = Date.UTC(2025, 7, 1, 12);
    const [finding] = sampleFindings(sampleOpinions(END), ['two_judges']);
    if (finding === undefined) throw new Error('there are no findings');
    const window = { window_start: isoTime(at - 3_600_000), window_end: isoTime(at) };
    const surge = { id: 'one', detector: 'surge', observed: 12, expected: 2, interval: { low: 1, high: 5 }, score: 7 };
    const shift = {
      id: 'two',
      detector: 'shift',
      observed: 60,
      expected: 55,
      interval: { low: 41, high: 70 },
      score: 1,
    };
    const later = { id: 'three', window_end: isoTime(at + 1_800_000), q_value: null };
    await store.insert(
      'findings',
      [
        { ...finding, ...window, ...surge },
        { ...finding, ...window, ...shift },
        // Alone in its hour, and of the other detector: another scale.
        { ...finding, ...window, ...shift, ...later, id: 'three', observed: 61 },
      ].map(findingRow),
      'two judges',
    );
    const range = { from: at - 86_400_000, to: at + 86_400_000, intervalSecs: 600 };
    const band = panelOf('tidewatch-entity', 'Negative stories against the expected band');
    expect((await ask(expand(band, range, { entity: ['two_judges'] }))).data).toEqual([
      expect.objectContaining({ negative: 12, usual: 2, 'usual, low': 1, 'usual, high': 5 }),
    ]);
    const table = panelOf('tidewatch-market-tide', 'Series furthest from usual');
    const row = { series: 'entity:two_judges', company: 'two_judges' };
    expect((await ask(expand(table, range, {}))).data).toEqual([
      expect.objectContaining({ ...row, detector: 'surge', observed_now: 12, usual: 2, last_score: 7, q: 0.4 }),
      // The latest row said no q-value: not that of the row before.
      expect.objectContaining({ ...row, detector: 'shift', observed_now: 61, usual: 55, last_score: 1, q: null }),
    ]);
  });

  it('show a dash and no "NaN" where there is nothing to divide, and no red for a number that is merely large', async () => {
    const nothing = { from: 0, to: 86_400_000, intervalSecs: 60 };
    const figures = pages.flatMap(panelsOf).filter(({ type }) => type === 'stat');
    expect(figures).toHaveLength(8);
    for (const { title, targets, fieldConfig, options } of figures) {
      const { data } = await ask(
        `SELECT isNaN(ifNull(*, 0)) AS is_nan FROM (${expand(targets?.[0]?.rawSql ?? '', nothing, { entity: ['nobody'] })})`,
      );
      expect([title, data]).toEqual([title, [{ is_nan: 0 }]]);
      expect([title, fieldConfig?.defaults?.noValue]).toEqual([title, '–']);
      const steps = fieldConfig?.defaults?.thresholds?.steps.length;
      expect([title, options?.colorMode, steps]).toEqual(
        title === 'Firing now' ? [title, 'value', 2] : [title, 'none', undefined],
      );
    }
  });

  it('lead from a company in a table to its own page, at the same time', () => {
    const linked = pages.flatMap(panelsOf).filter((panel) => JSON.stringify(panel).includes('var-entity='));
    expect(linked.map(({ title }) => title)).toEqual(['Lives', 'Series furthest from usual']);
    const page = pages.find(({ uid }) => uid === 'tidewatch-entity');
    expect(page?.templating.list?.map(({ name }) => name)).toEqual(['entity']);
    for (const panel of linked) {
      expect(JSON.stringify(panel)).toContain('/d/tidewatch-entity?var-entity=');
      expect(panel.targets?.[0]?.rawSql).toMatch(/\bAS company\b/);
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
