/** What each route takes and answers, as types out of the declarations. */
import type { z } from 'zod';
import type { Answer } from '../contract.ts';
import type { ROUTES } from '../routes.ts';

type Declared = (typeof ROUTES)[keyof typeof ROUTES];
export type WriteMethod = 'post' | 'put' | 'patch' | 'delete';
type Method = 'get' | WriteMethod;

/** Streams are read by `live`. */
type Streamed = { readonly media: 'text/event-stream' };

export type PathOf<Name extends Method> = Exclude<Extract<Declared, { readonly method: Name }>, Streamed>['path'];

type RouteOf<Name extends Method, Path> = Extract<Declared, { readonly method: Name; readonly path: Path }>;

/** Parameters come as text, so their own type is what they are read as; which may be absent, the question says. */
type QueryOf<Form> = Form extends z.ZodType
  ? { readonly [Key in keyof z.input<Form>]: Key extends keyof z.output<Form> ? z.output<Form>[Key] : never }
  : never;

/** A signed body without its author: a named token stands for it. */
type Unsigned<Body> = Body extends { author: infer Author } ? Omit<Body, 'author'> & { author?: Author } : Body;
type BodyOf<Declaration, Form extends z.ZodType> = Declaration extends { readonly signed: true }
  ? Unsigned<z.input<Form>>
  : z.input<Form>;

type Part<Declaration, Name extends string, Key extends string, Value> = Declaration extends {
  readonly [Property in Name]: z.ZodType;
}
  ? object extends Value
    ? { readonly [Property in Key]?: Value }
    : { readonly [Property in Key]: Value }
  : { readonly [Property in Key]?: never };

/** One declaration after the other: of a union taken whole, the three parts would be multiplied. */
type Asked<Declaration> = Declaration extends unknown
  ? Part<Declaration, 'params', 'params', FormOf<Declaration, 'params', 'input'>> &
      Part<Declaration, 'query', 'query', FormOf<Declaration, 'query', 'query'>> &
      Part<Declaration, 'body', 'body', FormOf<Declaration, 'body', 'body'>>
  : never;

type FormOf<Declaration, Name extends string, Way> = Declaration extends { readonly [Property in Name]: infer Form }
  ? Form extends z.ZodType
    ? Way extends 'query'
      ? QueryOf<Form>
      : Way extends 'body'
        ? BodyOf<Declaration, Form>
        : z.input<Form>
    : never
  : never;

export type AskedOf<Name extends Method, Path> = Asked<RouteOf<Name, Path>>;

export type AnswerOf<Name extends Method, Path> =
  RouteOf<Name, Path> extends { readonly response: infer Form }
    ? Form extends z.ZodType
      ? Answer<Form>
      : never
    : never;
