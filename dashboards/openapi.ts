/**
 * The OpenAPI 3.1 document of the API, out of the declarations of the routes. Forms are written by zod's own
 * z.toJSONSchema: it knows each of zod's types and is released with them, and OpenAPI 3.1 takes JSON schema as it is.
 * Rejected: zod-openapi and @asteasolutions/zod-to-openapi (they walk zod's insides a second time, and ask for their own
 * declarations beside the routes).
 */
import { z } from 'zod';
import { PROBLEM_TYPE, TITLES, problemForm, type ProblemStatus } from './problem.ts';
import { nothing, type Route } from './route.ts';

type Json = { [key: string]: unknown };

export interface OpenApi extends Json {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> } & Json;
}

export interface Operation extends Json {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Readonly<Record<string, { schema: Json }>> };
  readonly responses: Readonly<Record<string, Json>>;
}

export interface Parameter extends Json {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Json;
}

/** Refusals of every route (501: of a process that lacks the role or the model); those that write have three more. */
const ALWAYS: readonly ProblemStatus[] = [400, 401, 403, 429, 500, 501, 503];
const WRITES: readonly ProblemStatus[] = [413, 415, 422];

const ABOUT = `Times are ISO 8601 in UTC, shares and probabilities in [0, 1]. Unknown parameters and fields are refused.
A later version may add fields to answers; this document says exactly what this server sends.`;

/** The document of `routes`, by operation id, served below /api. */
export function openApi(routes: Readonly<Record<string, Route>>, version: string): OpenApi {
  const schemas: Record<string, Json> = {};
  const formOf = (form: z.ZodType, io: 'input' | 'output'): Json => {
    const { $schema: _, $defs, ...schema } = z.toJSONSchema(form, { io, override: plain }) as Json;
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
      schemas[name] = moved(definition) as Json;
    }
    return moved(schema) as Json;
  };
  const paths: Record<string, Record<string, Operation>> = {};
  const subjects = new Set<string>();
  for (const [operationId, route] of Object.entries(routes)) {
    subjects.add(route.subject);
    (paths[route.path] ??= {})[route.method] = operationOf(operationId, route, formOf);
  }
  const problem = formOf(problemForm, 'output');
  const refusals = Object.entries(TITLES).map(([status, title]) => [
    status,
    {
      description: title,
      ...(status === '429' && { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } } }),
      content: { [PROBLEM_TYPE]: { schema: problem } },
    },
  ]);
  return {
    openapi: '3.1.1',
    info: { title: 'Tidewatch', version, description: ABOUT },
    servers: [{ url: '/api' }],
    security: [{ bearer: [] }, { cookie: [] }],
    tags: [...subjects].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: Object.fromEntries(refusals) as Json,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of dashboards.tokens or dashboards.token.' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'tidewatch', description: 'What signing in at /login sets.' },
      },
    },
  };
}

function operationOf(
  operationId: string,
  route: Route,
  formOf: (form: z.ZodType, io: 'input' | 'output') => Json,
): Operation {
  const writes = route.method !== 'get';
  const media = route.media ?? 'application/json';
  const isTagged = !writes && media === 'application/json';
  const problems = [...ALWAYS, ...(writes ? WRITES : []), ...(route.problems ?? [])].sort((a, b) => a - b);
  const responses: Record<string, Json> = {
    [route.status ?? 200]: {
      description: 'As asked.',
      ...(isTagged && { headers: { ETag: { schema: { type: 'string' }, description: 'For If-None-Match.' } } }),
      content: { [media]: { schema: formOf(route.response, 'output') } },
    },
    ...(isTagged && { 304: { description: 'As the answer with the ETag of If-None-Match was.' } }),
  };
  for (const status of problems) responses[status] = { $ref: `#/components/responses/${status}` };
  const parameters = [
    ...parametersOf(formOf(route.params ?? nothing, 'input'), 'path'),
    ...parametersOf(formOf(route.query ?? nothing, 'input'), 'query'),
    ...(isTagged ? [headerParameter('If-None-Match', 'ETag of the answer that one has.')] : []),
    ...(media === 'text/event-stream' ? [headerParameter('Last-Event-ID', 'Id of the last event that one saw.')] : []),
  ];
  return {
    operationId,
    tags: [route.subject],
    summary: route.summary,
    description: `${route.description === undefined ? '' : `${route.description}\n\n`}Role: ${route.role}.`,
    'x-role': route.role,
    parameters,
    ...(writes && {
      requestBody: {
        required: true as const,
        content: { 'application/json': { schema: bodyOf(formOf(route.body, 'input'), route.signed === true) } },
      },
    }),
    responses,
  };
}

function parametersOf({ properties, required }: Json, place: 'path' | 'query'): Parameter[] {
  const needed = new Set((required ?? []) as string[]);
  return Object.entries((properties ?? {}) as Record<string, Json>).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: needed.has(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function headerParameter(name: string, description: string): Parameter {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

/** A signed body: who has a named token need not say who it is. */
function bodyOf(schema: Json, isSigned: boolean): Json {
  if (!isSigned) return schema;
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  if (alternatives !== undefined && schema['properties'] === undefined) {
    return {
      ...schema,
      [schema['anyOf'] === undefined ? 'oneOf' : 'anyOf']: alternatives.map((one) => bodyOf(one, true)),
    };
  }
  const { author, ...others } = schema['properties'] as Record<string, Json>;
  const description = 'Who says it. The name of a token stands in its place; required where the token has none.';
  return {
    ...schema,
    properties: { author: { ...author, description }, ...others },
    required: ((schema['required'] ?? []) as string[]).filter((name) => name !== 'author'),
  };
}

/** What zod adds and nobody needs: the regular expression behind a format. */
function plain({ jsonSchema }: { jsonSchema: Json }): void {
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
}

/** With references to where OpenAPI keeps its forms. */
function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, moved(inner)],
    ),
  );
}
