/**
 * The routes as a Hono application: each request is checked against its route's declaration (role, media type, path,
 * query, body, in this order), then handed to the handler. What is refused is thrown as TidewatchError; whoever mounts
 * the router answers it (problem.ts).
 */
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { expectRole, type Actor } from './access.ts';
import { misunderstood } from './problem.ts';
import { nothing, type Asked, type Route } from './route.ts';
import type { ApiServices } from './services.ts';

/** What whoever mounts the router has said of a request before. */
export interface Asking {
  Variables: { actor: Actor; requestId: string; address: string | undefined };
}

export interface Change {
  /** Name of the route in ROUTES. */
  readonly operation: string;
  readonly target: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly address: string;
  /** Empty where the rows of the thing itself say what was changed. */
  readonly detail: string;
}

export const MOST_BODY_BYTES = 16_384;

/** Router of `routes`, by operation id. `changed` is told of each change that was made, before it is answered. */
export function createRouter(
  routes: Readonly<Record<string, Route>>,
  services: ApiServices,
  changed: (change: Change) => Promise<void> = () => Promise.resolve(),
): Hono<Asking> {
  const router = new Hono<Asking>();
  const methods = new Map<string, string[]>();
  router.use(
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: () => {
        throw new TidewatchError('input.too_large', `A body has at most ${MOST_BODY_BYTES} bytes.`);
      },
    }),
  );
  // Words before parameters: /documents/similar is not the document "similar".
  const inOrder = Object.entries(routes).sort(([, a], [, b]) => (precedence(a) < precedence(b) ? -1 : 1));
  for (const [operation, route] of inOrder) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    router.on(route.method.toUpperCase(), path, async (context) => {
      const actor = context.get('actor');
      expectRole(actor, route.role);
      const asked = await readAsked(context, route);
      const answer = await route.handler(asked, services);
      if (answer instanceof Response) return answer;
      if (route.method !== 'get') {
        const target = route.target(asked, answer);
        const address = context.get('address') ?? '';
        const detail = route.detail?.(asked, answer) ?? '';
        if (target !== null) await changed({ operation, target, actor, requestId: asked.requestId, address, detail });
      }
      return context.json(answer as object, route.status ?? 200);
    });
  }
  for (const [path, known] of methods) {
    const allowed = known.includes('GET') ? ['HEAD', ...known] : known;
    router.all(path, (context) => {
      context.header('Allow', allowed.join(', '));
      throw new TidewatchError('input.method', `${context.req.method} is not for this path; ${known.join(', ')} is.`);
    });
  }
  return router;
}

function precedence({ path }: Route): string {
  return path.replaceAll('{', '~');
}

async function readAsked(context: Context<Asking>, route: Route): Promise<Asked<z.ZodType, z.ZodType, z.ZodType>> {
  const actor = context.get('actor');
  const writes = route.method !== 'get';
  if (writes) expectOwnJson(context);
  return {
    params: check(route.params, context.req.param(), 'The path is not understood'),
    query: check(route.query, queryOf(context), 'The question is not understood'),
    body: writes ? await readBody(context, route, actor) : undefined,
    actor,
    header: (name) => context.req.header(name),
    url: context.req.url,
    requestId: context.get('requestId'),
  };
}

function check<Schema extends z.ZodType>(schema: Schema | undefined, given: unknown, what: string): z.output<Schema> {
  const parsed = (schema ?? nothing).safeParse(given);
  if (!parsed.success) throw misunderstood(parsed.error, what);
  return parsed.data as z.output<Schema>;
}

function queryOf(context: Context): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    if (values.length > 1) throw new TidewatchError('input.invalid', `The parameter ${name} is given more than once.`);
    given[name] = values[0] ?? '';
  }
  return given;
}

/**
 * A write says that it is JSON and does not come from another site: a form on a page elsewhere can post to this machine,
 * but not with that type and not without the browser saying where it is from (Fetch Metadata; Origin in older ones).
 */
function expectOwnJson(context: Context): void {
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
    throw new TidewatchError('input.media_type', 'Send JSON, with content-type: application/json.');
  }
  const site = context.req.header('sec-fetch-site');
  const origin = context.req.header('origin');
  const isForeign = origin !== undefined && hostOf(origin) !== (context.req.header('host') ?? '').toLowerCase();
  if ((site !== undefined && site !== 'same-origin' && site !== 'none') || isForeign) {
    throw new TidewatchError('access.forbidden', 'A page of another site may not do that.');
  }
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

async function readBody(context: Context, route: Route, actor: Actor): Promise<unknown> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch (cause) {
    if (cause instanceof TidewatchError) throw cause;
    throw new TidewatchError('input.invalid', 'The body is not JSON.', { cause });
  }
  const isSigned = route.signed === true && actor.isNamed && typeof body === 'object' && body !== null;
  // What the body claims is checked too, and then not believed.
  const parsed = (route.body ?? nothing).safeParse(isSigned ? { author: actor.name, ...(body as object) } : body);
  if (!parsed.success) throw misunderstood(parsed.error, 'The body is not understood', 'input.unprocessable');
  return isSigned ? { ...(parsed.data as object), author: actor.name } : parsed.data;
}
