/**
 * Documents posted to us: POST /documents with a JSON object, a list of them, or one object a line (NDJSON). Answers 202
 * with what became of them once they are durable, so that a client that got a 202 need not keep its copy.
 *
 * Guarded like a door to the street: a bearer token unless it listens on the loopback only, limits on body, document,
 * time and open requests, and 429 where the stream has no room. Posting again is safe: ids are deterministic, and under
 * an Idempotency-Key the first answer comes again.
 * Rejected: a framework; one route with exact limits is shorter on node:http.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { deadline } from '../../core/deadline.ts';
import { callerOf, createRateLimit, type RateLimit } from '../../core/rate_limit.ts';
import { requestIdOf } from '../../core/request_id.ts';
import { bearerOf, isSameSecret } from '../../core/secret.ts';
import { createDoorServer, tlsSettings } from '../../core/tls.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, Source } from '../source.ts';
import { send, sendEarly } from './http_answer.ts';
import { readBody, readDocuments, RequestProblem } from './http_body.ts';
import { openIdempotencyKeys, type IdempotencyKeys, type KeptAnswer } from './http_idempotency.ts';
import { closeServer, listenPatiently } from './http_listen.ts';
import { inZone, timeZone } from './time_zone.ts';

const settings = z
  .object({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
    port: z.number().int().min(0).max(65_535).default(8081).describe('Port to listen on; 0 takes any free one.'),
    token: z.string().min(16).optional().describe('Bearer token; required unless host is a loopback address.'),
    more_tokens: z
      .array(z.string().min(16))
      .max(100)
      .default([])
      .describe('Further tokens that are good too: one a client, or the next one while the clients change over.'),
    max_bytes: z.number().int().min(1000).max(100_000_000).default(10_000_000).describe('Longest request body.'),
    max_document_bytes: z
      .number()
      .int()
      .min(1000)
      .max(100_000_000)
      .default(1_000_000)
      .describe('Longest single document within a body.'),
    time_zone: timeZone,
    source_class: z.enum(['news', 'social']).default('social').describe('Class of documents that do not say.'),
    requests_per_minute: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(6_000)
      .describe('Most requests of one token, or of one address without one; more are told to wait (429).'),
    tls: tlsSettings,
    timeout_ms: z
      .number()
      .int()
      .min(100)
      .max(120_000)
      .default(10_000)
      .describe('How long a client may take to send, and how long it waits for room in the stream.'),
  })
  .refine(({ host, token, more_tokens: more }) => token !== undefined || more.length > 0 || isLoopback(host), {
    path: ['token'],
    message:
      'a token is required when host is reachable from other machines, or anyone could post (set token or token_file)',
  });

type HttpSettings = z.output<typeof settings>;

const MAX_OPEN_REQUESTS = 32;

export const httpSource = defineComponent({
  name: 'http',
  summary: 'Takes documents by POST /documents (JSON, a list, or NDJSON), with a bearer token.',
  settings,
  create: (chosen, context): Source & { address(): string | null } => {
    const condition = createConditionKeeper(context, `http://${chosen.host}:${chosen.port}`);
    let address: string | null = null;
    const keys = openIdempotencyKeys(context);
    return {
      endless: true,
      condition: () => condition.read(),
      /** Where it listens, such as http://127.0.0.1:8081; null while it does not. */
      address: () => address,
      async run(emit) {
        const timeout = chosen.timeout_ms;
        const limit = createRateLimit(chosen.requests_per_minute);
        const server = createDoorServer(chosen.tls, {
          requestTimeout: timeout,
          headersTimeout: timeout,
          connectionsCheckingInterval: Math.min(1000, timeout),
        });
        server.maxConnections = 256;
        let open = 0;
        server.on('request', (request, response) => {
          open += 1;
          void answer(request, response, open > MAX_OPEN_REQUESTS, { chosen, context, keys, limit, emit }).finally(
            () => {
              open -= 1;
            },
          );
        });
        try {
          address = await listenPatiently(server, chosen, context, condition);
          if (address !== null) await untilAborted(context.signal);
        } finally {
          address = null;
          await closeServer(server);
        }
      },
    };
  },
});

interface DoorParts {
  readonly chosen: HttpSettings;
  readonly context: Context;
  readonly keys: IdempotencyKeys;
  readonly limit: RateLimit;
  readonly emit: Emit;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  isCrowded: boolean,
  parts: DoorParts,
): Promise<void> {
  const { chosen, context } = parts;
  const given = request.headers['x-request-id'];
  const requestId = requestIdOf(typeof given === 'string' ? given : undefined);
  response.setHeader('x-request-id', requestId);
  try {
    checkRate(request, parts);
    checkRequest(request, chosen);
    if (context.signal.aborted) throw stopping();
    if (isCrowded) throw busy(`${MAX_OPEN_REQUESTS} requests are being worked on already`);
    const body = await readBody(request, chosen.max_bytes);
    const key = request.headers['idempotency-key'];
    const {
      status,
      body: counts,
      isRepeated,
    } = await parts.keys.once(typeof key === 'string' ? key : undefined, body, () =>
      take(body, request.headers['content-type'] ?? '', parts),
    );
    send(response, status, counts, isRepeated ? { 'idempotency-replayed': 'true' } : {});
  } catch (error) {
    const problem = error instanceof RequestProblem ? error : null;
    if (problem === null) context.log.error({ err: error, request_id: requestId }, `${context.name}: a request failed`);
    context.metrics.stage('ingest').error(problem?.code ?? 'internal');
    const body = { error: problem?.message ?? 'It failed here; post again.' };
    if (request.complete) send(response, problem?.status ?? 500, body, problem?.headers);
    else sendEarly(request, response, problem?.status ?? 500, body, problem?.headers);
  }
}

/** Hands the documents of a body to the stage; says what became of them. @throws RequestProblem 400, 429, 503 */
async function take(body: Buffer, contentType: string, { chosen, context, emit }: DoorParts): Promise<KeptAnswer> {
  const { items, rejected } = readDocuments(body, contentType, chosen);
  const signal = deadline(chosen.timeout_ms, context.signal);
  const receipt = await emit(
    items.map(({ item }) => ({ source_class: chosen.source_class, ...inZone(item, chosen.time_zone) })),
    { signal },
  ).catch((error: unknown) => {
    if (context.signal.aborted) throw stopping();
    if (signal.aborted) throw busy('The stream has no room at the moment; post again later');
    throw error;
  });
  if (rejected.length > 0) context.metrics.stage('ingest').error('input.invalid', rejected.length);
  const refused = receipt.refused.map(({ index, reason }) => ({ index: items[index]?.index ?? index, reason }));
  const all = [...rejected, ...refused].sort((a, b) => a.index - b.index);
  const counts = { accepted: receipt.accepted, duplicates: receipt.duplicates, rejected: all };
  const isAllWrong = all.length > 0 && receipt.accepted + receipt.duplicates === 0;
  return { status: isAllWrong ? 400 : 202, body: counts };
}

/** @throws RequestProblem 404, 405, 401, 415 */
function checkRequest(request: IncomingMessage, chosen: HttpSettings): void {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== '/documents') throw new RequestProblem(404, 'input.invalid', 'There is only POST /documents here.');
  if (request.method !== 'POST') {
    throw new RequestProblem(405, 'input.invalid', 'Documents are posted: use POST.', { allow: 'POST' });
  }
  if (!isKnown(request.headers.authorization ?? '', chosen)) {
    throw new RequestProblem(
      401,
      'input.invalid',
      'Send "Authorization: Bearer TOKEN" with the token of this source.',
      {
        'www-authenticate': 'Bearer realm="tidewatch"',
      },
    );
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new RequestProblem(415, 'input.invalid', `The body must not be compressed (content-encoding: ${encoding}).`);
  }
}

/** By token, so that clients behind one address do not share; a wrong token is its address'. @throws RequestProblem 429 */
function checkRate(request: IncomingMessage, { chosen, limit }: DoorParts): void {
  const authorization = request.headers.authorization ?? '';
  const token = bearerOf(authorization);
  const isToken = token !== undefined && isKnown(authorization, chosen);
  const wait = limit.take(isToken ? `token:${token}` : callerOf(request.socket.remoteAddress));
  if (wait === 0) return;
  const secs = Math.ceil(wait / 1000);
  const said = `That is too often: wait ${secs} s (requests_per_minute is ${chosen.requests_per_minute})`;
  throw new RequestProblem(429, 'access.too_many', said, { 'retry-after': String(secs) });
}

function busy(reason: string): RequestProblem {
  return new RequestProblem(429, 'storage.unavailable', reason, { 'retry-after': '5' });
}

/** Says also that the connection ends, so that a client does not post on it while the server closes. */
function stopping(): RequestProblem {
  const headers = { connection: 'close', 'retry-after': '5' };
  return new RequestProblem(503, 'storage.unavailable', 'Tidewatch is stopping; post again later', headers);
}

/** Every token is compared, also after one was found, so that the time does not tell which. */
function isKnown(given: string, { token, more_tokens: more }: HttpSettings): boolean {
  const tokens = token === undefined ? more : [token, ...more];
  if (tokens.length === 0) return true;
  return tokens.map((known) => isSameSecret(given, `Bearer ${known}`)).includes(true);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
