/**
 * Draws what Grafana's dashboards show, for docs/grafana.md: `npx tsx scripts/grafana_pictures.ts`. The dashboards are the ones
 * that are provisioned, their SQL is asked of the embedded store over a made-up history (the one that the tests use), and
 * the answers are drawn at the places that the panels have. **It is not Grafana**: colours, axes and legends are this
 * script's, and panels over Prometheus say that they are not drawn. It exists because no Grafana could be had here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createLogger } from '../core/log.ts';
import { escapeMarkup } from '../core/markup.ts';
import { openStore } from '../core/store/registry.ts';
import { alertRow, findingRow, opinionRow } from '../core/store/rows.ts';
import { allDashboards, dashboardText } from '../dashboards/grafana/emit.ts';
import { expand, type Chosen } from '../test/dashboards/grafana/macros.ts';
import {
  sampleFindings,
  sampleNotifications,
  sampleVerdicts,
  withDelays,
} from '../test/dashboards/grafana/sample_history.ts';
import { ENTITIES, sampleAlerts, sampleOpinions } from '../test/dashboards/sample.ts';

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly rawSql?: string; readonly expr?: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults?: {
      readonly unit?: string;
      readonly custom?: { readonly drawStyle?: string; readonly stacking?: { readonly mode?: string } };
    };
  };
}
interface Page {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list?: readonly { readonly name: string; readonly query: string }[] };
}
type Row = Readonly<Record<string, unknown>>;
interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

const OUT = fileURLToPath(new URL('../docs/images/', import.meta.url));
const END = Date.parse('2026-03-16T00:00:00.000Z');
const RANGE = { from: END - 14 * 86_400_000, to: END, intervalSecs: 21_600 };
const COLOURS = [
  '#5794f2',
  '#f2495c',
  '#73bf69',
  '#ff9830',
  '#b877d9',
  '#fade2a',
  '#8ab8ff',
  '#ff7383',
  '#96d98d',
  '#ffb357',
];
const SENTIMENTS: Readonly<Record<string, string>> = { negative: '#f2495c', neutral: '#8e8e8e', positive: '#73bf69' };
const [COLUMN, ROW] = [50, 34];

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-pictures-'));
const store = await openStore({ type: 'chdb' }, { folder, log: createLogger({ level: 'silent', format: 'json' }) });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  await fill();
  for (const [file, dashboard] of allDashboards()) {
    const page = JSON.parse(dashboardText(dashboard)) as Page;
    const html = await drawn(page);
    const view = await browser.newPage({ viewport: { width: 24 * COLUMN + 20, height: 400 } });
    await view.setContent(html);
    const path = join(OUT, `grafana-${file.replace('.json', '').replace('_', '-')}.png`);
    await view.screenshot({ path, fullPage: true });
    await view.close();
    console.log(path);
  }
} finally {
  await browser.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

async function fill(): Promise<void> {
  const opinions = withDelays(sampleOpinions(END));
  const alerts = sampleAlerts(END, opinions);
  await store.migrate();
  await store.insert('opinions', opinions.map(opinionRow), 'o');
  await store.insert('alerts', alerts.map(alertRow), 'a');
  await store.insert('findings', sampleFindings(opinions, Object.keys(ENTITIES)).map(findingRow), 'f');
  await store.insert('notifications', sampleNotifications(alerts), 'n');
  await store.insert('feedback', sampleVerdicts(alerts, END), 'v');
}

async function drawn(page: Page): Promise<string> {
  const chosen: Record<string, readonly string[]> = {};
  for (const { name, query } of page.templating.list ?? []) {
    const rows = await store.query<Row>(expand(query, RANGE, {}));
    // The first of which there was an alert, so that its table shows what it shows.
    const alerted = await store.query<Row>("SELECT entity FROM alerts WHERE entity != '' LIMIT 1");
    const shown = alerted[0]?.['entity'] ?? Object.values(rows[0] ?? {})[0];
    chosen[name] = name === 'entity' ? [String(shown)] : ['$__all'];
  }
  const panels: string[] = [];
  let bottom = 0;
  // Rows hold a panel that Grafana repeats for each value; it needs Grafana to do that.
  for (const panel of page.panels.filter(({ type }) => type !== 'row')) {
    if (panel.title.startsWith('$')) continue;
    const { x, y, w, h } = panel.gridPos;
    bottom = Math.max(bottom, (y + h) * ROW);
    const [width, height] = [w * COLUMN - 8, h * ROW - 8];
    panels.push(
      `<section style="left:${x * COLUMN}px;top:${y * ROW}px;width:${width}px;height:${height}px"><h2>${escapeMarkup(panel.title)}</h2>${await body(panel, chosen, width, height - 30)}</section>`,
    );
  }
  const values = Object.entries(chosen).map(([name, [value = '']]) => `${name}: ${value === '$__all' ? 'All' : value}`);
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 10px; background: #111217; color: #ccccdc; font: 12px Inter, system-ui, sans-serif }
    h1 { font-size: 16px; margin: 0 0 10px } h1 small { color: #8e8e8e; font-weight: 400; margin-left: 12px }
    h2 { font-size: 12px; margin: 6px 10px; height: 16px; font-weight: 500 }
    main { position: relative; height: ${bottom}px }
    section { position: absolute; background: #181b1f; border: 1px solid #2c3235; border-radius: 2px; overflow: hidden }
    table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: 2px 10px; white-space: nowrap; max-width: 260px; overflow: hidden; text-overflow: ellipsis; border-top: 1px solid #2c3235 }
    th { color: #6e9fff; font-weight: 500 } .figure { font-size: 34px; text-align: center; color: #73bf69 } .none { color: #8e8e8e; margin: 10px }
    </style><h1>${escapeMarkup(page.title)}<small>${escapeMarkup(values.join(' · '))} · drawn from the SQL’s real answers, not by Grafana</small></h1><main>${panels.join('')}</main>`;
}

async function body(panel: Panel, chosen: Chosen, width: number, height: number): Promise<string> {
  const sql = panel.targets?.[0]?.rawSql;
  if (sql === undefined)
    return `<p class="none">From Prometheus; not drawn here: ${escapeMarkup(panel.targets?.[0]?.expr ?? '')}</p>`;
  const rows = await store.query<Row>(expand(sql, RANGE, chosen));
  const percent =
    panel.fieldConfig?.defaults?.unit === 'percent' ? ' %' : panel.fieldConfig?.defaults?.unit === 's' ? ' s' : '';
  if (panel.type === 'stat') {
    const value = Number(Object.values(rows[0] ?? {})[0]);
    return `<p class="figure">${Number.isInteger(value) ? value : value.toFixed(1)}${percent}</p>`;
  }
  if (panel.type === 'table') return table(rows, Math.floor(height / 21) - 1);
  const custom = panel.fieldConfig?.defaults?.custom;
  const stacked = custom?.drawStyle === 'bars' ? (custom.stacking?.mode ?? 'none') : null;
  return chart(seriesOf(rows), width, height, stacked);
}

function table(rows: readonly Row[], most: number): string {
  const cell = (value: unknown): string => {
    const text =
      typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : `${(value ?? '') as string | number}`;
    return escapeMarkup(text.replace(/:\d\d(\.\d+)?Z$/, '').replace('T', ' '));
  };
  const head = Object.keys(rows[0] ?? {}).map((name) => `<th>${escapeMarkup(name)}</th>`);
  const lines = rows.slice(0, most).map(
    (row) =>
      `<tr>${Object.values(row)
        .map((value) => `<td>${cell(value)}</td>`)
        .join('')}</tr>`,
  );
  return `<table><tr>${head.join('')}</tr>${lines.join('')}</table>`;
}

/** As Grafana does: a series for each number, named by the row's texts and, where there are several, by the column. */
function seriesOf(rows: readonly Row[]): Series[] {
  const series = new Map<string, [number, number][]>();
  const numbers = Object.entries(rows[0] ?? {}).filter(([name, value]) => name !== 'time' && typeof value !== 'string');
  for (const row of rows) {
    const labels = Object.entries(row).filter(([name, value]) => name !== 'time' && typeof value === 'string');
    for (const [name] of numbers) {
      const label = labels.map(([, value]) => String(value)).join(' ');
      const key = label === '' ? name : numbers.length > 1 ? `${label} ${name}` : label;
      const value = row[name];
      if (typeof value !== 'number') continue;
      const points = series.get(key) ?? [];
      points.push([Date.parse(String(row['time'])), value]);
      series.set(key, points);
    }
  }
  return [...series].map(([name, points]) => ({ name, points }));
}

function chart(series: readonly Series[], width: number, height: number, stacked: string | null): string {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const totals = new Map(times.map((at) => [at, 0]));
  for (const { points } of series) for (const [at, value] of points) totals.set(at, (totals.get(at) ?? 0) + value);
  const share = stacked === 'percent';
  const values =
    stacked === null ? series.flatMap(({ points }) => points.map(([, value]) => value)) : [...totals.values()];
  const top = share ? 100 : Math.max(1e-9, ...values) * 1.05;
  const legend = 20;
  const [left, floor] = [40, height - legend - 18];
  const x = (at: number): number => left + ((at - RANGE.from) / (RANGE.to - RANGE.from)) * (width - left - 10);
  const y = (value: number): number => floor - (value / top) * (floor - 6);
  const colour = (name: string, index: number): string =>
    name.startsWith('usual') ? '#8e8e8e' : (SENTIMENTS[name] ?? COLOURS[index % COLOURS.length] ?? '#fff');
  const parts: string[] = [];
  for (let line = 0; line <= 4; line += 1) {
    const value = (top * line) / 4;
    parts.push(
      `<line x1="${left}" x2="${width - 10}" y1="${y(value)}" y2="${y(value)}" stroke="#2c3235"/><text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value >= 10 ? value.toFixed(0) : value.toFixed(1)}</text>`,
    );
  }
  for (let day = 0; day <= 14; day += 2) {
    const at = RANGE.from + day * 86_400_000;
    parts.push(
      `<text x="${x(at)}" y="${floor + 14}" text-anchor="middle">${new Date(at).toISOString().slice(5, 10)}</text>`,
    );
  }
  const stack = new Map<number, number>();
  series.forEach(({ name, points }, index) => {
    const fill = colour(name, index);
    if (stacked === null) {
      const quiet = name.includes('usual, ');
      const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      parts.push(
        `<polyline points="${path}" fill="none" stroke="${fill}" stroke-width="${quiet ? 0.7 : 1.3}" ${name.startsWith('usual') ? 'stroke-dasharray="5 4"' : ''}/>`,
      );
      return;
    }
    const wide = Math.max(2, ((width - left - 10) / 56) * 0.8);
    for (const [at, value] of points) {
      const size = share ? (100 * value) / (totals.get(at) ?? 1) : value;
      const below = stack.get(at) ?? 0;
      stack.set(at, below + size);
      parts.push(
        `<rect x="${x(at).toFixed(1)}" y="${y(below + size).toFixed(1)}" width="${wide.toFixed(1)}" height="${(y(below) - y(below + size)).toFixed(1)}" fill="${fill}" opacity="0.8"/>`,
      );
    }
  });
  let at = left;
  for (const [index, { name }] of series.entries()) {
    if (name.includes('usual, ') || at > width - 120) continue;
    const short = name.length > 26 ? `${name.slice(0, 25)}…` : name;
    parts.push(
      `<rect x="${at}" y="${height - 16}" width="10" height="3" fill="${colour(name, index)}"/><text x="${at + 14}" y="${height - 11}">${escapeMarkup(short)}</text>`,
    );
    at += 26 + short.length * 6.2;
  }
  return `<svg width="${width}" height="${height}" fill="#8e8e8e" font-size="10">${parts.join('')}</svg>`;
}
