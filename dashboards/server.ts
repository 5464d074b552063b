/**
 * The dashboards stage: the page, its API and the live events behind one small HTTP server. Bound to this machine unless
 * told otherwise. Requests read the store and nothing else; a slow or failing store makes answers fail, not the process.
 */
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Store } from '../core/store/store.ts';
import { createApi } from './api.ts';
import type { SourceHealth } from '../core/health.ts';
import type { Names } from './contract.ts';
import { builtWebFolder, loadPageFiles } from './files.ts';
import { checkHost, checkToken, securityHeaders, signIn } from './guard.ts';
import { createLive } from './live.ts';
import { loginPage } from './login.ts';
import { createDocumentApi, type ExplainText } from './document_api.ts';
import { createFeedbackApi } from './feedback_api.ts';
import { createPeopleApi } from './people_api.ts';
import { createQueries } from './queries.ts';
import type { DashboardsSettings } from './settings.ts';

export interface DashboardsDependencies {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Health of each source now. */
  sources(): readonly SourceHealth[];
  /** Display names of a watchlist entity; the id itself for one that is not listed. */
  names(id: string): Names;
  readonly version: string;
  /** name@version of the model that labels now; null where this process does not label. */
  model(): string | null;
  /** Which words carried a sentiment, by that model; absent or null where this process does not label. */
  readonly explain?: ExplainText | null;
  /** Folder of the built page; by default where the build puts it. */
  readonly webFolder?: string;
}

export interface Dashboards extends Service {
  /** Where the page is, such as http://127.0.0.1:8080. Before `start`, where it will be. */
  address(): string;
}

/** @throws TidewatchError server.port_taken from start() */
export function createDashboards(settings: DashboardsSettings, deps: DashboardsDependencies): Dashboards {
  const { log, metrics } = deps;
  const queries = createQueries(deps.store, deps.clock, deps.names);
  const live = createLive({ ...deps, queries });
  const files = loadPageFiles(deps.webFolder ?? builtWebFolder());
  if (files === null) log.warn('The page is not built: `npm run build` builds it. The API works without it.');

  const app = new Hono();
  app.use(securityHeaders(), checkHost(settings), checkToken(settings.token));
  app.route('/api', createApi({ ...deps, queries, live }));
  app.route('/api', createDocumentApi({ queries, explain: deps.explain ?? null }));
  for (const create of [createPeopleApi, createFeedbackApi])
    app.route('/api', create({ store: deps.store, clock: deps.clock, via: 'api' }));
  app.get('/healthz', async (context) => {
    await queries.ping();
    return context.json({ status: 'ok' });
  });
  app.get('/metrics', async (context) => {
    context.header('Content-Type', metrics.registry.contentType);
    return context.body(await metrics.registry.metrics());
  });
  app.get('/login', (context) => context.html(loginPage(files?.style, false)));
  const small = bodyLimit({
    maxSize: 4_096,
    onError: (context) =>
      context.json({ error: { code: 'input.too_large', message: 'That is too long to be a token.' } }, 413),
  });
  app.post('/login', small, async (context) => {
    const given = (await context.req.parseBody())['token'];
    const right = settings.token !== undefined && typeof given === 'string' && signIn(context, settings.token, given);
    return right ? context.redirect('/', 303) : context.html(loginPage(files?.style, true), 401);
  });
  app.get('/', (context) => {
    const page = files?.serve(context, 'index.html');
    return page ?? context.text('The page is not built. Run: npm run build\n', 503);
  });
  app.get('/:name', (context) => files?.serve(context, context.req.param('name')) ?? context.notFound());
  app.notFound((context) => context.json({ error: { code: 'input.invalid', message: 'There is nothing here.' } }, 404));
  app.onError((error, context) => failure(error, context.req.path, deps));

  let server: Server | undefined;
  let address = urlOf(settings.host, settings.port);
  return {
    name: 'dashboards',
    async start() {
      const created = createAdaptorServer({ fetch: app.fetch }) as Server;
      created.requestTimeout = 30_000;
      created.headersTimeout = 15_000;
      created.maxHeadersCount = 100;
      await listen(created, settings);
      server = created;
      address = urlOf(settings.host, (created.address() as AddressInfo).port);
    },
    async stop() {
      await live.close();
      const stopping = server;
      if (stopping === undefined) return;
      await new Promise<void>((resolve) => {
        stopping.close(() => resolve());
        stopping.closeAllConnections();
      });
    },
    address: () => address,
  };
}

function listen(server: Server, { host, port }: DashboardsSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const refused = error.code === 'EACCES';
      if (!taken && !refused) {
        reject(
          new TidewatchError('config.invalid', `Cannot listen on ${host}:${port}: ${error.message}`, {
            cause: error,
            hint: 'Check dashboards.host and dashboards.port.',
          }),
        );
        return;
      }
      const why = taken ? 'is already in use' : 'is not open to this user';
      reject(
        new TidewatchError('server.port_taken', `Port ${port} on ${host} ${why}.`, {
          cause: error,
          hint: `Stop the other program, or set dashboards.port to a free port${taken ? '' : ' above 1023'}.`,
        }),
      );
    });
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => resolve());
  });
}

function urlOf(host: string, port: number): string {
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}

/** An error as an answer: its own words where they were written for people, none of its insides otherwise. */
function failure(error: Error, path: string, { log, metrics }: DashboardsDependencies): Response {
  const known = error instanceof TidewatchError ? error : undefined;
  const code = known?.code ?? 'internal';
  const status = code === 'input.invalid' ? 400 : code.startsWith('storage.') ? 503 : 500;
  metrics.stage('dashboards').error(code);
  if (status !== 400) log.error({ err: error, path }, 'A request failed');
  const message =
    status === 400
      ? error.message
      : status === 503
        ? 'The store does not answer now.'
        : 'Something went wrong inside Tidewatch.';
  const hint = status === 400 ? known?.hint : undefined;
  return Response.json({ error: { code, message, ...(hint === undefined ? {} : { hint }) } }, { status });
}
