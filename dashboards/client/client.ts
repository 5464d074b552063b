/**
 * The API from TypeScript: `createClient({ url, token })`, then `get('/alerts/{id}', { params: { id } })` and the like.
 * Paths, parameters, bodies and answers are typed by the declarations of the routes themselves (types only: at run time
 * this file imports nothing, so it runs in browsers too). It keeps ETags, follows cursors, and resumes live events.
 * It lies in dashboards/ because it is the other half of the API, and in a folder of its own because it is a door of the
 * package (`tidewatch/client`). Rejected: generated code (openapi-typescript needs the compiler's JavaScript API, which
 * TypeScript 7 does not have; and a second copy of the forms could be stale).
 */
import type { LiveEvents, Problem } from '../contract.ts';
import type { AskedOf, AnswerOf, PathOf, WriteMethod } from './types.ts';

export type { LiveEvents, Problem } from '../contract.ts';

export interface ClientOptions {
  /** Where the page is, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Secret of dashboards.tokens, or dashboards.token; absent on the same machine where none is set. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

/** A refusal of the server. */
export class ApiProblem extends Error {
  readonly problem: Problem;
  /** Seconds that the server asks to wait, of a 429; null otherwise. */
  readonly retryAfterSecs: number | null;
  constructor(problem: Problem, retryAfterSecs: number | null) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.problem = problem;
    this.retryAfterSecs = retryAfterSecs;
  }
}

/** One live event; `id` resumes behind it. */
export type LiveEvent = {
  [Name in keyof LiveEvents]: { readonly id: string; readonly event: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

type Arguments<Asked> = object extends Asked ? [asked?: Asked] : [asked: Asked];

/** Every method throws ApiProblem for a refusal and fetch's TypeError for a server that is not reached. */
export interface Client {
  get<Path extends PathOf<'get'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'get', Path>>
  ): Promise<AnswerOf<'get', Path>>;
  post<Path extends PathOf<'post'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'post', Path>>
  ): Promise<AnswerOf<'post', Path>>;
  put<Path extends PathOf<'put'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'put', Path>>
  ): Promise<AnswerOf<'put', Path>>;
  patch<Path extends PathOf<'patch'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'patch', Path>>
  ): Promise<AnswerOf<'patch', Path>>;
  delete<Path extends PathOf<'delete'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'delete', Path>>
  ): Promise<AnswerOf<'delete', Path>>;
  /** Page after page of a list, by its cursor. */
  pages<Path extends PathOf<'get'>>(
    path: Path,
    ...asked: Arguments<AskedOf<'get', Path>>
  ): AsyncGenerator<AnswerOf<'get', Path>, void>;
  /** Events until `signal` aborts. A connection that drops is opened again behind the last event that came. */
  live(options: { readonly signal: AbortSignal; readonly lastEventId?: string }): AsyncGenerator<LiveEvent, void>;
}

interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

const MOST_KEPT = 100;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export function createClient({ url, token, fetch: ask = fetch }: ClientOptions): Client {
  const base = `${url.replace(/\/+$/, '')}/api`;
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  /** Answers by address, with the ETag that says whether they still stand. */
  const kept = new Map<string, { etag: string; answer: unknown }>();

  async function send(method: 'get' | WriteMethod, path: string, asked: Request = {}): Promise<unknown> {
    const address = base + addressOf(path, asked);
    const known = method === 'get' ? kept.get(address) : undefined;
    const response = await ask(address, {
      method: method.toUpperCase(),
      headers: {
        accept: 'application/json',
        ...authorization,
        ...(known !== undefined && { 'if-none-match': known.etag }),
        ...(method !== 'get' && { 'content-type': 'application/json' }),
      },
      ...(method !== 'get' && { body: JSON.stringify(asked.body ?? {}) }),
    });
    if (response.status === 304 && known !== undefined) return known.answer;
    if (!response.ok) throw await problemOf(response);
    const answer: unknown = await response.json();
    const etag = response.headers.get('etag');
    if (method === 'get' && etag !== null) {
      kept.delete(address);
      kept.set(address, { etag, answer });
      for (const key of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(key);
    }
    return answer;
  }

  async function* pages(path: string, asked: Request = {}): AsyncGenerator<unknown, void> {
    let asking = asked;
    for (;;) {
      const answer = (await send('get', path, asking)) as { readonly next_cursor?: string | null };
      yield answer;
      if (typeof answer.next_cursor !== 'string') return;
      asking = { ...asked, query: { ...asked.query, cursor: answer.next_cursor } };
    }
  }

  async function* live({
    signal,
    lastEventId,
  }: {
    signal: AbortSignal;
    lastEventId?: string;
  }): AsyncGenerator<LiveEvent, void> {
    let last = lastEventId;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const response = await ask(`${base}/live`, {
          signal,
          headers: {
            accept: 'text/event-stream',
            ...authorization,
            ...(last !== undefined && { 'last-event-id': last }),
          },
        });
        if (!response.ok) throw await problemOf(response);
        pause = FIRST_PAUSE_MS;
        for await (const event of eventsOf(response)) {
          last = event.id;
          yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        // Who may not ask gains nothing by asking again.
        if (error instanceof ApiProblem && error.problem.status < 500 && error.problem.status !== 429) throw error;
      }
      await sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  const method =
    (name: 'get' | WriteMethod) =>
    (path: string, asked?: Request): Promise<unknown> =>
      send(name, path, asked);
  return {
    get: method('get'),
    post: method('post'),
    put: method('put'),
    patch: method('patch'),
    delete: method('delete'),
    pages,
    live,
  } as unknown as Client;
}

function addressOf(path: string, { params = {}, query = {} }: Request): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body = (await response.json().catch(() => null)) as Problem | null;
  const known = typeof body?.detail === 'string' ? body : null;
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  const problem = known ?? {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The server answered ${response.status}.`,
    code: 'internal',
    request_id: response.headers.get('x-request-id') ?? '',
  };
  return new ApiProblem(problem, Number.isNaN(wait) ? null : wait);
}

/** The events of a stream (WHATWG HTML, 9.2.6), without the comments that keep it open. */
async function* eventsOf(response: Response): AsyncGenerator<LiveEvent, void> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let buffer = '';
  try {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return;
      buffer += decoder.decode(part.value, { stream: true });
      const whole = buffer.split('\n\n');
      buffer = whole.pop() ?? '';
      for (const block of whole) {
        const fields = new Map(
          block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
        );
        const event = fields.get('event');
        if (event === undefined) continue;
        yield {
          id: fields.get('id') ?? '',
          event,
          data: JSON.parse(fields.get('data') ?? '{}') as unknown,
        } as LiveEvent;
      }
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
