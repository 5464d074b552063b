/**
 * The desk for tests that look at it: a store with the example feed's documents and three alerts, the page built and served, and
 * Chromium. Who opens pages skips where there is none (CHROMIUM_PATH, or
 * /usr/bin/chromium). What is asked of any page is in page_checks.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { systemClock } from '../../core/clock.ts';
import type { Alert, Opinion } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import type { Store } from '../../core/store/store.ts';
import { createDashboards, type Dashboards, type DashboardsDependencies } from '../../dashboards/server.ts';
import { dashboardsSettings } from '../../dashboards/settings.ts';
import { watchShifts } from './page_checks.ts';
import { ENTITIES, MODEL, sampleAlerts, sampleOpinions } from './sample.ts';
import { storeOf } from './stored.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
export const hasChromium = existsSync(executablePath);
if (!hasChromium) console.warn(`Tests of the page are skipped: no Chromium at ${executablePath}; set CHROMIUM_PATH.`);

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
/** The machine may be busy. */
const PATIENCE_MS = 40_000;

export interface DeskOptions {
  readonly settings?: object;
  /** What the desk is given besides; `folder` is empty and goes with the desk. */
  dependencies?(given: { store: Store; folder: string }): Partial<DashboardsDependencies>;
}

export interface Visit extends BrowserContextOptions {
  /** What is kept in the browser as the name of who sits here. */
  readonly person?: string | null;
  /** Signs in with it first. */
  readonly token?: string;
  /** What the page has drawn when it is ready; null waits for nothing. */
  readonly ready?: string | null;
  /** Sees the page before it goes anywhere. */
  before?(page: Page): Promise<void>;
}

export interface Desk {
  readonly store: Store;
  readonly folder: string;
  readonly opinions: readonly Opinion[];
  readonly alerts: readonly Alert[];
  browser(): Promise<Browser>;
  /** Where it is served, without a slash at the end; the same after a restart. */
  address(): string;
  /** What pages wrote to the console as warnings and errors since the last call. */
  complaints(): string[];
  /** Paths of the API that pages asked since the last call, without the live ones. */
  asked(): string[];
  /** Opens the desk at `?query#hash`; in English where there is no query. */
  open(address: string, visit?: Visit): Promise<Page>;
  /** Answer of the API, as whoever has the token. */
  ask(
    path: string,
    asked?: { token?: string; body?: object; method?: string },
  ): Promise<{ status: number; body: unknown }>;
  /** The server goes away, the pages stay. */
  leave(): Promise<void>;
  /** Another server at the same address. */
  comeBack(): Promise<void>;
  /** Closes the pages and forgets what they said. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function startDesk({ settings = {}, dependencies }: DeskOptions = {}): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-desk-'));
  const webFolder = join(folder, 'web');
  const script = fileURLToPath(new URL('../../scripts/build-web.mjs', import.meta.url));
  execFileSync(process.execPath, [script, '--out', webFolder]);
  const log = createLogger({ level: 'silent', format: 'json' });
  const end = Date.now() - 120_000;
  const opinions = sampleOpinions(end);
  const alerts = sampleAlerts(end, opinions);
  const store = await storeOf(join(folder, 'store'), opinions, alerts);
  const given = dependencies?.({ store, folder });
  const serve = async (port: number): Promise<Dashboards> => {
    const served = createDashboards(dashboardsSettings.parse({ ...settings, port }), {
      store,
      metrics: createMetrics(),
      log,
      clock: systemClock,
      signal: new AbortController().signal,
      sources: () => [],
      names: (id) => ENTITIES[id] ?? { en: id, zh: id },
      watched: () => Object.entries(ENTITIES).map(([id, { en, zh }]) => ({ id, name: { en, zh } })),
      version: '0.0.0-test',
      model: () => MODEL,
      webFolder,
      ...given,
    });
    await served.start();
    return served;
  };
  let dashboards = await serve(0);
  const home = dashboards.address();
  // Launched by the first page: tests of the API alone need none.
  let launched: Promise<Browser> | undefined;
  const browser = (): Promise<Browser> => (launched ??= chromium.launch({ executablePath, args: FLAGS.split(' ') }));
  const complaints: string[] = [];
  const asked: string[] = [];

  const listen = (page: Page): void => {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname.startsWith('/api/') && pathname !== '/api/live') asked.push(`${pathname}${search}`);
    });
  };

  return {
    store,
    folder,
    opinions,
    alerts,
    browser,
    address: () => home,
    complaints: () => complaints.splice(0),
    asked: () => asked.splice(0),
    async open(address, { person = null, token, ready, before, ...options } = {}) {
      const size = { width: 1440, height: 1000 };
      const context = await (await browser()).newContext({ viewport: size, locale: 'en-GB', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      listen(page);
      if (token !== undefined) {
        await page.goto(`${home}/login`);
        await page.getByLabel('Token').fill(token);
        await page.keyboard.press('Enter');
        await page.waitForURL(`${home}/`);
      }
      if (person !== null) await page.addInitScript((name) => localStorage.setItem('tidewatch.person', name), person);
      await page.addInitScript(watchShifts);
      await before?.(page);
      await page.goto(`${home}/${address.startsWith('?') ? '' : '?lang=en'}${address}`);
      const drawn = address.includes('#/') ? 'main.view :is(.view-head, .view-main, .series-tide)' : '.opinion';
      if (ready !== null) await page.waitForSelector(ready ?? drawn);
      return page;
    },
    async ask(path, { token, body, method } = {}) {
      const answer = await fetch(`${home}/api${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    },
    leave: () => dashboards.stop(),
    async comeBack() {
      dashboards = await serve(Number(new URL(home).port));
    },
    async clear() {
      await Promise.all(((await launched)?.contexts() ?? []).map((context) => context.close()));
      complaints.length = 0;
      asked.length = 0;
    },
    async close() {
      await (await launched)?.close();
      await dashboards.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
