/**
 * What every route that writes goes through. Beyond the guard of the whole server, a write must say that it is JSON and
 * must not come from another site: a form on a page elsewhere can post to this machine, but not with that type and not
 * without the browser saying where it is from.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';

/** Refuses long bodies, and writes that another site's page could have made. */
export function guardWrites(): readonly [MiddlewareHandler, MiddlewareHandler] {
  return [
    bodyLimit({
      maxSize: 16_384,
      onError: (context) => context.json({ error: { code: 'input.too_large', message: 'That is too long.' } }, 413),
    }),
    async (context, next) => {
      if (context.req.method !== 'GET') expectOwnPage(context);
      await next();
    },
  ];
}

function expectOwnPage(context: Context): void {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/json\b/i.test(type)) {
    throw new TidewatchError('input.invalid', 'Send JSON, with content-type: application/json.');
  }
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new TidewatchError('input.invalid', 'A page of another site may not do that.');
  }
}

/** The body of a request, checked. @throws TidewatchError input.invalid naming each wrong field */
export async function readBody<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<z.output<Schema>> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch (cause) {
    throw new TidewatchError('input.invalid', 'The body is not JSON.', { cause });
  }
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new TidewatchError('input.invalid', sayIssues(parsed.error));
  return parsed.data;
}

export function sayIssues({ issues }: z.ZodError): string {
  const said = issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  return `That is not understood: ${said.join('; ')}.`;
}
