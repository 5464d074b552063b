/**
 * The dashboards stage: the page, its API and the live events behind one small HTTP server. Bound to this machine unless
 * told otherwise. Requests read the store and nothing else; a slow or failing store makes answers fail, not the process.
 */
import { getRequestListener } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Server } from 'node:http';
import { recordChange } from '../core/audit.ts';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import type { Service } from '../core/lifecycle.ts';
import { listen, stopListening } from '../core/listen.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Store } from '../core/store/store.ts';
import { createDoorServer, doorUrl } from '../core/tls.ts';
import { createApi } from './api.ts';
import { createPhrase, type Phrase } from './ask/phrasing.ts';
import type { SourceHealth } from '../core/health.ts';
import type { Names, PricesAnswer } from './contract.ts';
import { builtWebFolder, loadPageFiles } from './files.ts';
import { checkHost, createGate, securityHeaders } from './guard.ts';
import type { Learning } from './learning_api.ts';
import { createLive } from './live.ts';
import { loginPage } from './login.ts';
import { explainInTurn } from './explaining.ts';
import { problemOf, problemResponse } from './problem.ts';
import { createQueries } from './queries.ts';
import type { Asking, Change } from './router.ts';
import type { EmbedText, EntitiesIn } from './search/search.ts';
import { createServices, type ExplainText } from './services.ts';
import type { DashboardsSettings } from './settings.ts';
import type { SettingsDesk } from './settings_api.ts';
import type { WatchlistDesk } from './watchlist_api.ts';

export interface DashboardsDependencies {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Health of each source now; null where another process reads them. */
  sources(): readonly SourceHealth[] | null;
  /** Display names of a watchlist entity; the id itself for one that is not listed. */
  names(id: string): Names;
  readonly version: string;
  /** name@version of the model that labels now; null where this process does not label. */
  model(): string | null;
  /** Which words carried a sentiment, by that model; absent or null where this process does not label. */
  readonly explain?: ExplainText | null;
  /** What a text is near to, by that model; absent or null where this process does not label. */
  readonly embed?: EmbedText | null;
  /** All entities of the watchlist. */
  readonly watched?: () => readonly { readonly id: string; readonly name: Names }[];
  /** Closing prices of an entity, oldest first. */
  readonly prices?: ((entity: string) => Promise<PricesAnswer['closes']>) | undefined;
  /** Ids of the watched entities that a text names. */
  readonly entitiesIn?: EntitiesIn;
  /** What a language model of the settings is asked by; without it none is asked. */
  readonly http?: HttpClient;
  /** Models and the labelling queue; absent or null where this process knows none. */
  readonly learning?: Learning | null;
  /** Who is watched, to be read and changed; absent or null where this process reads no watchlist. */
  readonly watchlist?: WatchlistDesk | null;
  /** The settings file, to be shown and changed; absent or null where this process has none. */
  readonly settingsFile?: SettingsDesk | null;
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

  const explain = deps.explain ?? null;
  const services = createServices({
    ...deps,
    via: 'api',
    live,
    explain: explain === null ? null : explainInTurn(explain),
    phrase: countedPhrase(settings, deps),
  });

  const gate = createGate(settings);
  const app = new Hono<Asking>();
  app.use(securityHeaders(), checkHost(settings), gate.admit);
  app.route('/api', createApi(services, { metrics, changed: (change) => noteChange(change, deps) }));
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
    onError: () => {
      throw new TidewatchError('input.too_large', 'That is too long to be a token.');
    },
  });
  app.post('/login', small, async (context) => {
    const given = (await context.req.parseBody())['token'];
    const right = typeof given === 'string' && gate.signIn(context, given.trim());
    // To the page with the query that the form was shown with: what was chosen on it.
    const page = `/${new URL(context.req.url).search}`;
    return right ? context.redirect(page, 303) : context.html(loginPage(files?.style, true), 401);
  });
  app.post('/logout', small, (context) => {
    gate.signOut(context);
    return context.redirect('/login', 303);
  });
  app.get('/', (context) => {
    const page = files?.serve(context, 'index.html');
    return page ?? context.text('The page is not built. Run: npm run build\n', 503);
  });
  app.get('/:name', (context) => files?.serve(context, context.req.param('name')) ?? context.notFound());
  app.notFound((context) => {
    const error = new TidewatchError('input.absent', 'There is nothing here.');
    return problemResponse(problemOf(error, context.get('requestId')));
  });
  app.onError((error, context) => failure(error, context, deps));

  let server: Server | undefined;
  let address = doorUrl(settings.tls, settings.host, settings.port);
  return {
    name: 'dashboards',
    async start() {
      const answered = getRequestListener(app.fetch);
      const timeouts = { requestTimeout: 30_000, headersTimeout: 15_000 };
      const created = createDoorServer(settings.tls, timeouts, (request, response) => void answered(request, response));
      created.maxHeadersCount = 100;
      const hint = 'Stop the other program, or set dashboards.port to a free port above 1023.';
      const port = await listen(created, settings.host, settings.port, hint);
      server = created;
      address = doorUrl(settings.tls, settings.host, port);
    },
    async stop() {
      await live.close();
      await stopListening(server);
    },
    address: () => address,
  };
}

/** A change in the audit log, and in the process' own. */
async function noteChange(
  { operation, target, actor, requestId, address, detail }: Change,
  { store, clock, log }: DashboardsDependencies,
): Promise<void> {
  log.info({ operation, target, actor: actor.name, request_id: requestId }, 'A change was made');
  const who = { actor: actor.name, role: actor.role, via: 'api' } as const;
  await recordChange(store, { operation, target, ...who, request_id: requestId, address, detail }, clock.now());
}

/** No failure: who asks may not, asks too often, or asks a process that cannot know. */
const REFUSALS = new Set([401, 403, 429, 501]);

/** An error as an answer: its own words where they were written for people, none of its insides otherwise. */
function failure(error: Error, context: Context<Asking>, { log, metrics }: DashboardsDependencies): Response {
  const problem = problemOf(error, context.get('requestId'));
  const { status, code, request_id } = problem;
  metrics.stage('dashboards').error(code);
  const about = { path: context.req.path, request_id, actor: context.get('actor')?.name };
  if (REFUSALS.has(status)) log.info({ code, address: context.get('address'), ...about }, 'A request was refused');
  else if (status >= 500) log.error({ err: error, ...about }, 'A request failed');
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer realm="tidewatch"';
  const allow = context.res.headers.get('Allow');
  if (allow !== null) headers['Allow'] = allow;
  const wait = error instanceof TidewatchError ? error.retryAfterMs : undefined;
  if (wait !== undefined) headers['Retry-After'] = String(Math.ceil(wait / 1000));
  return problemResponse(problem, headers);
}

/** Prose by the language model of the settings; what is refused is counted by its reason. */
function countedPhrase(
  settings: DashboardsSettings,
  { http, metrics, entitiesIn }: DashboardsDependencies,
): Phrase | null {
  if (settings.ask === undefined || http === undefined) return null;
  const phrase = createPhrase(settings.ask, { http, entitiesIn: entitiesIn ?? (() => []) });
  return async (...asked) => {
    const phrased = await phrase(...asked);
    if ('refused' in phrased) metrics.stage('dashboards').skipped(`prose_${phrased.refused}`);
    return phrased;
  };
}
