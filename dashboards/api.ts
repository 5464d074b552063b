/**
 * The API below /api: the routes (routes.ts), with how long each took. Answers are not to be kept by proxies, but may be
 * asked for again by their ETag, which costs a page no bytes where nothing changed.
 */
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import type { Metrics } from '../core/metrics.ts';
import { openApi, type OpenApi } from './openapi.ts';
import { REFERENCE_STYLE, referencePage } from './reference.ts';
import { createRouter, type Asking, type Change } from './router.ts';
import { ROUTES } from './routes.ts';
import type { ApiServices } from './services.ts';

export interface ApiOptions {
  readonly metrics: Metrics;
  /** Told of each change that was made. */
  changed(change: Change): Promise<void>;
}

/** Errors are thrown as TidewatchError and answered by whoever mounts it; it needs `actor` and `requestId`. */
export function createApi(services: ApiServices, { metrics, changed }: ApiOptions): Hono<Asking> {
  const api = new Hono<Asking>();
  const stage = metrics.stage('dashboards');
  api.use(async (context, next) => {
    const start = performance.now();
    await next();
    if (context.req.path.endsWith('/live')) return;
    stage.seconds((performance.now() - start) / 1000);
    if (context.res.headers.get('Cache-Control') === null) context.header('Cache-Control', 'private, no-cache');
  });
  const tagged = etag();
  api.use((context, next) => (context.req.path.endsWith('/live') ? next() : tagged(context, next)));
  // Made when first asked for: a process that nobody asks does not pay for it.
  let described: { document: OpenApi; page: string } | null = null;
  const describe = (): { document: OpenApi; page: string } => {
    const document = described?.document ?? openApi(ROUTES, services.version);
    return (described ??= { document, page: referencePage(document) });
  };
  api.get('/openapi.json', (context) => context.json(describe().document));
  api.get('/reference', (context) => context.html(describe().page));
  api.get('/reference.css', (context) =>
    context.body(REFERENCE_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  );
  api.route('/', createRouter(ROUTES, services, changed));
  return api;
}
