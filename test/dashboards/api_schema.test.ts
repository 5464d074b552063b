/**
 * The API against its own document: what the document allows is answered as the document says, what it does not is
 * refused as the document says, and nothing makes the server fail. Requests are made by fast-check out of the document
 * itself, so that a new route is tested without a line here; ajv checks the answers, because it knows nothing of zod.
 * FUZZ_RUNS sets how many of each kind a route gets (5), FUZZ_SEED repeats a run.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi, type OpenApi, type Operation } from '../../dashboards/openapi.ts';
import { ROUTES } from '../../dashboards/routes.ts';
import { startApi, type ApiServer } from './api_server.ts';
import { hostileText, valuesOf, type Schema } from './schema_arbitrary.ts';

const TOKEN = 'fuzz-with-every-right';
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 5);
const SEED = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) };

let api: ApiServer;
let document: OpenApi;
let known: Readonly<Record<string, readonly string[]>>;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

beforeAll(async () => {
  api = await startApi({
    tokens: [{ name: 'Fuzz', role: 'admin', token: TOKEN }],
    requests_per_minute: 1_000_000,
  });
  document = (await (await send('/openapi.json', {})).json()) as OpenApi;
  const alerts = await api.store.query<{ id: string }>('SELECT DISTINCT alert_id AS id FROM alerts');
  known = {
    alert: alerts.map(({ id }) => id),
    document: api.opinions.slice(0, 20).map((opinion) => opinion.document.id),
  };
  ajv.addSchema({ $id: 'openapi', ...document });
}, 120_000);
afterAll(() => api.close());

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function send(path: string, { method = 'GET', body, headers = {} }: Sent): Promise<Response> {
  return fetch(`${api.dashboards.address()}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    ...(body !== undefined && { body }),
  });
}

const resolve = (reference: string): Schema => {
  let at: unknown = document;
  for (const part of reference.slice(2).split('/')) at = (at as Record<string, unknown>)[part];
  return at as Schema;
};

/** Ids that exist as often as ids that do not: routes below a document or alert are else never answered. */
function idFor(path: string, schema: Schema): fc.Arbitrary<unknown> {
  const kind = path.startsWith('/alerts') ? 'alert' : 'document';
  return fc.oneof(fc.constantFrom(...(known[kind] ?? [])), valuesOf(schema, resolve));
}

interface Made {
  readonly path: string;
  readonly body: unknown;
}

function requestsOf(path: string, operation: Operation, hostile: boolean): fc.Arbitrary<Made> {
  const made = (schema: Schema): fc.Arbitrary<unknown> =>
    hostile ? fc.oneof(hostileText, valuesOf(schema, resolve)) : valuesOf(schema, resolve);
  const parts = operation.parameters.filter(({ in: place }) => place !== 'header');
  const inPath = fc.record(
    Object.fromEntries(
      parts
        .filter(({ in: place }) => place === 'path')
        .map(({ name, schema }) => [name, hostile ? made(schema) : idFor(path, schema)]),
    ),
  );
  // A cursor is what a page before gave out, and nothing that one could make up.
  const queried = parts.filter(({ in: place, name }) => place === 'query' && (hostile || name !== 'cursor'));
  const inQuery = fc.record(Object.fromEntries(queried.map(({ name, schema }) => [name, made(schema)])), {
    requiredKeys: hostile ? [] : queried.filter(({ required }) => required).map(({ name }) => name),
  });
  const form = operation.requestBody?.content['application/json']?.schema;
  const body =
    form === undefined ? fc.constant(undefined) : hostile ? fc.oneof(fc.jsonValue(), made(form)) : made(form);
  return fc.record({ inPath, inQuery, body }).map(({ inPath: params, inQuery: query, body: sent }) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name]));
    const search = Object.entries(hostile ? query : sensible(query)).map(
      ([name, value]) => `${name}=${encoded(value)}`,
    );
    return { path: search.length === 0 ? filled : `${filled}?${search.join('&')}`, body: sent };
  });
}

/** Without what the document says in words only: a span begins before its end, and feedback is of one thing. */
function sensible({ from, to, alert_id, ...query }: Record<string, unknown>): Record<string, unknown> {
  const isBackward = typeof from === 'string' && typeof to === 'string' && from >= to;
  return {
    ...query,
    ...(from !== undefined && { from }),
    ...(to !== undefined && !isBackward && { to }),
    ...(alert_id !== undefined && query['document_id'] === undefined && { alert_id }),
  };
}

function encoded(value: unknown): string {
  // An empty segment would be another path; fetch itself takes "." and ".." out of paths.
  const text = String(value).toWellFormed();
  return encodeURIComponent(text === '' || text === '.' || text === '..' ? '-' : text);
}

/** Status and body are of the document. Returns the status. */
async function expectDocumented(operation: Operation, response: Response, asked: string): Promise<number> {
  const { status } = response;
  const described = operation.responses[status];
  expect(described, `${asked} answered ${status}, which the document does not have`).toBeDefined();
  expect(response.headers.get('x-request-id')).toBeTruthy();
  const content = (typeof described?.['$ref'] === 'string' ? resolve(described['$ref']) : described)?.['content'] as
    | Record<string, { schema: Schema }>
    | undefined;
  const media = response.headers.get('content-type')?.split(';')[0] ?? '';
  if (media === 'text/event-stream') {
    await response.body?.cancel();
    return status;
  }
  const schema = content?.[media]?.schema;
  expect(schema, `${asked} answered ${status} as ${media}`).toBeDefined();
  const check = ajv.compile(absolute(schema ?? {}) as Schema);
  const body: unknown = await response.json();
  if (!check(body)) throw new Error(`${asked} answered ${status}, but ${ajv.errorsText(check.errors)}`);
  return status;
}

function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === '$ref' ? `openapi${inner as string}` : absolute(inner)]),
  );
}

const OPERATIONS = Object.entries(openApi(ROUTES, 'test').paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

describe('the API and its document', () => {
  it('describe the same routes, each with an answer, roles and the refusals that any route may give', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(OPERATIONS.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(ROUTES).toSorted());
    for (const { operation } of OPERATIONS) {
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['400', '401', '403', '429', '500', '503']),
      );
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect(() => ajv.compile(absolute(schema) as Schema), name).not.toThrow();
    }
  });

  it('answers what the document allows, and only as the document says', { timeout: 180_000 }, async () => {
    const silent: string[] = [];
    for (const { path, method, operation } of OPERATIONS) {
      const requests = requestsOf(path, operation, false);
      const sendMade = async (made: Made): Promise<number> => {
        const body = made.body === undefined ? undefined : JSON.stringify(made.body);
        const asked = `${method} ${made.path} ${body ?? ''}`;
        const response = await send(made.path, { method, ...(body !== undefined && { body, headers: JSON_TYPE }) });
        const status = await expectDocumented(operation, response, asked);
        expect(status, asked).not.toBe(500);
        expect(status, asked).not.toBe(401);
        return status;
      };
      const isAnswered = (status: number): boolean => status < 300 || status === 404 || status === 501;
      let answered = false;
      await fc.assert(
        fc.asyncProperty(requests, async (made) => {
          if (isAnswered(await sendMade(made))) answered = true;
        }),
        { numRuns: RUNS, ...SEED },
      );
      // A route that refuses all it is asked is described wrongly. What words alone forbid may need some tries.
      for (const made of fc.sample(requests, { numRuns: 100, ...SEED })) {
        if (answered) break;
        answered = isAnswered(await sendMade(made));
      }
      if (!answered) silent.push(operation.operationId);
    }
    expect(silent).toEqual([]);
  });

  it('refuses what the document does not allow, and never fails', { timeout: 180_000 }, async () => {
    for (const { path, method, operation } of OPERATIONS) {
      await fc.assert(
        fc.asyncProperty(requestsOf(path, operation, true), async (made) => {
          const sent = {
            method,
            ...(method !== 'GET' && { body: JSON.stringify(made.body ?? null), headers: JSON_TYPE }),
          };
          const asked = `${method} ${made.path} ${sent.body ?? ''}`;
          const status = await expectDocumented(operation, await send(made.path, sent), asked);
          expect(status, asked).toBeLessThan(500 + (status === 501 || status === 503 ? 100 : 0));
        }),
        { numRuns: RUNS, ...SEED },
      );
    }
  });

  it('refuses bodies that are no JSON, of another type, too long, and methods that a path does not have', async () => {
    for (const { path, method, operation } of OPERATIONS) {
      const at = path.replaceAll(/\{\w+\}/g, 'x');
      if (method !== 'GET') {
        const refusals = [
          [400, '{', 'application/json'],
          [415, '{}', 'text/plain'],
          [413, JSON.stringify('x'.repeat(20_000)), 'application/json'],
        ] as const;
        for (const [status, body, type] of refusals) {
          const response = await send(at, { method, body, headers: { 'content-type': type } });
          expect(await expectDocumented(operation, response, `${method} ${at}`)).toBe(status);
        }
      }
      expect((await send(at, { method: 'PROPFIND' })).status).toBe(405);
    }
  });

  it('shows every operation on a reference page without scripts, styles inline or other hosts', async () => {
    const page = await (await send('/reference', {})).text();
    for (const { operation } of OPERATIONS) expect(page).toContain(`id="${operation.operationId}"`);
    for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="form-${name}"`);
    expect(page).not.toMatch(/<script|style=|https?:\/\//i);
    const style = await send('/reference.css', {});
    expect(style.headers.get('content-type')).toContain('text/css');
  });
});

const JSON_TYPE = { 'content-type': 'application/json' };
