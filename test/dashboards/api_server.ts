/** The API for tests: a real server over a real store with the example feed's documents, labelled by rule, and three alerts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReplayClock } from '../../core/clock.ts';
import { isoTime, type Opinion } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import { createDashboards, type Dashboards, type DashboardsDependencies } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { ENTITIES, MODEL, sampleAlerts, sampleOpinions } from './sample.ts';
import { storeOf } from './stored.ts';

export const END = Date.parse('2026-03-16T00:00:00.000Z') - 60_000;

export interface ApiServer {
  readonly store: Store;
  readonly opinions: readonly Opinion[];
  readonly dependencies: DashboardsDependencies;
  readonly dashboards: Dashboards;
  /** Another server over the same store. */
  serve(settings?: object, dependencies?: Partial<DashboardsDependencies>): Promise<Dashboards>;
  /** An answer of the API; its status is checked. */
  ask<Answer>(path: string, status?: number): Promise<Answer>;
  close(): Promise<void>;
}

export async function startApi(settings: object = {}): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-api-'));
  const log = createLogger({ level: 'silent', format: 'json' });
  const opinions = sampleOpinions(END);
  const store = await storeOf(join(folder, 'store'), opinions, sampleAlerts(END, opinions));
  // The same rows again in another batch: they must count once.
  await store.insert('opinions', opinions.slice(0, 100).map(opinionRow), 'again');
  const health = {
    name: 'example',
    type: 'file',
    status: 'finished',
    reason: null,
    last_success_at: null,
    last_item_at: isoTime(END),
    items: 710,
    next_attempt_at: null,
  } as const;
  const dependencies: DashboardsDependencies = {
    store,
    metrics: createMetrics(),
    log,
    clock: createReplayClock(END + 60_000),
    signal: new AbortController().signal,
    sources: () => [health],
    names: (id) => ({ en: ENTITIES[id]?.en ?? id, zh: ENTITIES[id]?.zh ?? id }),
    version: '0.0.0-test',
    model: () => MODEL,
    webFolder: folder,
  };
  const opened: Dashboards[] = [];
  async function serve(chosen: object = {}, others: Partial<DashboardsDependencies> = {}): Promise<Dashboards> {
    const parsed = dashboardsSettings.parse({ port: 0, ...chosen });
    const server = createDashboards(parsed, { ...dependencies, metrics: createMetrics(), ...others });
    await server.start();
    opened.push(server);
    return server;
  }
  const dashboards = await serve(settings);
  return {
    store,
    opinions,
    dependencies,
    dashboards,
    serve,
    async ask<Answer>(path: string, status = 200): Promise<Answer> {
      const response = await fetch(`${dashboards.address()}/api/${path}`);
      const answer: unknown = await response.json();
      if (response.status !== status) {
        throw new Error(`${path} answered ${response.status}, not ${status}: ${JSON.stringify(answer).slice(0, 300)}`);
      }
      return answer as Answer;
    },
    async close() {
      for (const server of opened) await server.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
