/**
 * Writes the dashboards as the JSON that Grafana provisions: `npm run grafana`, and with --check refuses when a file is not
 * what this code says. Keys in alphabetical order and no times or random ids, so that the same code gives the same bytes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { alerts } from './alerts.ts';
import { entity } from './entity.ts';
import { marketTide } from './market_tide.ts';
import { pipeline } from './pipeline.ts';

export const OUT = fileURLToPath(new URL('provisioning/dashboards/tidewatch/', import.meta.url));

/** File name to dashboard. */
export function allDashboards(): Map<string, Dashboard> {
  return new Map([
    ['alerts.json', alerts().build()],
    ['entity.json', entity().build()],
    ['market_tide.json', marketTide().build()],
    ['pipeline.json', pipeline().build()],
  ]);
}

export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(ordered(JSON.parse(JSON.stringify(dashboard))), null, 2)}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, ordered(one)]));
}

function main(check: boolean): void {
  const files = new Map([...allDashboards()].map(([name, one]) => [name, dashboardText(one)]));
  if (!check) {
    mkdirSync(OUT, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(OUT, name), text);
    return;
  }
  const there = readdirSync(OUT);
  const stale = [...files].filter(
    ([name, text]) => !there.includes(name) || readFileSync(join(OUT, name), 'utf8') !== text,
  );
  const unknown = there.filter((name) => !files.has(name));
  for (const name of [...stale.map(([one]) => one), ...unknown]) {
    process.stderr.write(
      `dashboards/grafana/provisioning/dashboards/tidewatch/${name} is stale: run npm run grafana and commit it.\n`,
    );
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
