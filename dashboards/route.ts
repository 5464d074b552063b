/**
 * The form of a route of the API. A route is declared once: the router, the checks of what is asked, the roles, the audit
 * log, the OpenAPI document, the reference page and the typed client all follow from the declaration.
 * Rejected: @hono/zod-openapi (a route's declaration and its handler stay two things, and the document's builder is a
 * second dependency that must agree with zod's releases, where zod writes JSON schema itself), ts-rest (same, and its
 * client carries the schemas).
 */
import { z } from 'zod';
import type { Actor, Role } from './access.ts';
import type { Answer } from './contract.ts';
import type { ProblemStatus } from './problem.ts';
import type { ApiServices } from './services.ts';

/** What a handler is told: everything checked against the declaration. */
export interface Asked<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly actor: Actor;
  /** A header of the request, by its lower-case name. */
  header(name: string): string | undefined;
  /** Path and query as asked: what may be answered alike is asked alike. */
  readonly url: string;
  readonly requestId: string;
}

type Declaration<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Form extends z.ZodType> = {
  /** Below /api, parameters in braces: /alerts/{id}. */
  readonly path: `/${string}`;
  /** The least role that may ask; each role may what those before it may. */
  readonly role: Role;
  /** Heading under which the reference shows it. */
  readonly subject: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  /** A strict object: an unknown parameter is refused by name. */
  readonly query?: Query;
  /** What is sent in `response`'s place where it is not JSON. */
  readonly media?: 'text/event-stream' | 'text/html' | 'text/csv';
  readonly response: Form;
  /** 200 unless said. */
  readonly status?: 200 | 201 | 202;
  /** Refusals beyond those that any route may give (400, 401, 403, 429, 500, 501, 503; writes: 413, 415, 422). */
  readonly problems?: readonly ProblemStatus[];
  /** @throws TidewatchError, answered as a problem by its code; a Response is handed on as it is */
  handler(asked: Asked<Params, Query, Body>, services: ApiServices): Promise<Answer<Form> | Response>;
};

type Read = {
  readonly method: 'get';
  readonly body?: never;
  readonly signed?: never;
  readonly target?: never;
  readonly detail?: never;
};
type Write<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Form extends z.ZodType> = {
  readonly method: 'post' | 'put' | 'patch' | 'delete';
  readonly body: Body;
  /** The body names its author; the name of a token stands in its place, where the token has one. */
  readonly signed?: true;
  /** What the audit log says was changed: an id; null of a call that changes nothing, of which it says nothing. */
  target(asked: Asked<Params, Query, Body>, answer: Answer<Form>): string | null;
  /** What it says besides, where no table keeps what was changed. */
  detail?(asked: Asked<Params, Query, Body>, answer: Answer<Form>): string;
};

export type Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Form extends z.ZodType = z.ZodType,
> = Declaration<Params, Query, Body, Form> & (Read | Write<Params, Query, Body, Form>);

export const nothing = z.strictObject({});
export type Nothing = typeof nothing;

/** Keeps a route's types while checking its form. Its name in ROUTES is the operation's id. */
export function defineRoute<
  Form extends z.ZodType,
  Params extends z.ZodType = Nothing,
  Query extends z.ZodType = Nothing,
  Body extends z.ZodType = Nothing,
  const Rest extends object = object,
>(route: Route<Params, Query, Body, Form> & Rest): Route<Params, Query, Body, Form> & Rest {
  return route;
}
