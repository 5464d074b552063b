/**
 * The other end of the remote backend: an opened backend behind HTTP, so that one machine with a GPU, or several behind a
 * load balancer, label for many. It holds no state and no queue: what would wait behind more texts than the model
 * labels in some seconds is refused with 503, and the caller, whose stream keeps the documents, comes back.
 */
import { getRequestListener } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import type { Service } from '../../core/lifecycle.ts';
import { finishListening, listen } from '../../core/listen.ts';
import type { Logger } from '../../core/log.ts';
import { callerOf, createRateLimit } from '../../core/rate_limit.ts';
import { requestIdOf } from '../../core/request_id.ts';
import { bearerOf, isSameSecret } from '../../core/secret.ts';
import { createDoorServer, doorUrl, type TlsSettings } from '../../core/tls.ts';
import type { Backend } from '../backend.ts';
import type { Labels } from '../labels.ts';
import { asServed, type ModelSwap } from '../swap.ts';
import { askClassify, askEntities, LIMITS, type ModelCard } from './remote_protocol.ts';

export interface DoorOptions {
  readonly host: string;
  readonly port: number;
  /** What callers must give as a bearer; required where others than this machine can reach `host`. */
  readonly token: string | undefined;
  readonly tls?: TlsSettings | undefined;
  readonly log: Logger;
  /** Of one address, tokens right or wrong; REQUESTS_PER_MINUTE where absent. */
  readonly requestsPerMinute?: number;
}

export interface Door extends Service {
  /** Where it listens, once started. */
  address(): string;
}

/** Texts in hand, of all callers together, beyond which a new request is told to come back. */
const MOST_IN_HAND = 8 * LIMITS.texts;
/** After which a caller has given its request up (`timeout_ms` of the remote backend). */
const MOST_STOPPING_MS = 30_000;
/** Far above what a labelling process asks. */
const REQUESTS_PER_MINUTE = 6_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/**
 * Each request is answered by the model that is current when it comes.
 * @throws TidewatchError config.invalid (no token for other machines); server.port_taken from start()
 */
export function createDoor(
  served: Backend | ModelSwap,
  { host, port, token, tls, log, requestsPerMinute = REQUESTS_PER_MINUTE }: DoorOptions,
): Door {
  const isLocal = LOOPBACK.test(host);
  if (token === undefined && !isLocal) {
    throw new TidewatchError(
      'config.invalid',
      `--host: ${host} is reachable from other machines, and there is no token`,
      {
        hint: 'Give --token-file with a secret of at least 16 characters, or listen on 127.0.0.1.',
      },
    );
  }
  let inHand = 0;
  const { current, hold } = asServed(served);
  const limit = createRateLimit(requestsPerMinute);
  const app = new Hono<{ Variables: { requestId: string } }>();
  app.use(async (context, next) => {
    const requestId = requestIdOf(context.req.header('x-request-id'));
    context.set('requestId', requestId);
    await next();
    context.header('X-Request-Id', requestId);
  });
  app.use(async (context, next) => {
    const wait = limit.take(callerOf(getConnInfo(context).remote.address));
    if (wait > 0) {
      context.header('Retry-After', String(Math.ceil(wait / 1000)));
      return refuse(context, 429, 'access.too_many', 'That is too often.');
    }
    // A page on the internet may point its own name at 127.0.0.1 (DNS rebinding).
    const named = (context.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
    if (isLocal && !LOOPBACK.test(named)) return refuse(context, 421, 'input.invalid', 'This host name is not served.');
    const bearer = bearerOf(context.req.header('authorization'));
    const isOpen = token === undefined || context.req.path === '/healthz';
    if (isOpen || (bearer !== undefined && isSameSecret(bearer, token))) return next();
    context.header('WWW-Authenticate', 'Bearer realm="tidewatch"');
    return refuse(context, 401, 'access.unauthenticated', 'A token is required.');
  });
  app.use(
    bodyLimit({
      maxSize: LIMITS.bodyBytes,
      onError: (context) =>
        refuse(context, 413, 'input.too_large', `A request has at most ${LIMITS.bodyBytes} bytes; send fewer texts.`),
    }),
  );
  app.get('/healthz', (context) => context.json({ status: 'ok', model: current().model }));
  app.get('/v1/model', (context) => {
    const backend = current();
    return context.json({
      model: backend.model,
      labels: backend.labels,
      reference: backend.reference ?? null,
      limits: { texts: LIMITS.texts, body_bytes: LIMITS.bodyBytes },
    } as ModelCard);
  });

  /** Reads what is asked, labels it, and says by which model. */
  async function answer<Asked extends { model?: string | undefined }>(
    context: Context,
    schema: z.ZodType<Asked>,
    sizeOf: (asked: Asked) => number,
    label: (asked: Asked, backend: Backend) => Promise<unknown[]>,
  ): Promise<Response> {
    const asked = schema.safeParse(await context.req.json().catch(() => null));
    if (!asked.success) {
      const [issue] = asked.error.issues;
      return refuse(context, 400, 'input.invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
    }
    const { model } = asked.data;
    if (model !== undefined && model !== current().model) {
      return refuse(context, 409, 'model.failed', `${current().model} is served here, not ${model}`);
    }
    const size = sizeOf(asked.data);
    if (inHand > 0 && inHand + size > MOST_IN_HAND) {
      context.header('Retry-After', '1');
      return refuse(context, 503, 'model.failed', `${inHand} texts are in hand already.`);
    }
    const { backend, release } = hold();
    inHand += size;
    try {
      return context.json({ model: backend.model, labels: await label(asked.data, backend) });
    } catch (thrown) {
      const { code, message } = toTidewatchError(thrown, 'model.failed');
      log.warn({ code }, `A request of ${size} texts failed: ${message}`);
      return code === 'model.failed'
        ? refuse(context, 422, code, message)
        : refuse(context, 500, 'internal', 'Something went wrong inside Tidewatch.');
    } finally {
      inHand -= size;
      release();
    }
  }
  app.post('/v1/classify', (context) =>
    answer(
      context,
      askClassify,
      ({ texts }) => texts.length,
      async ({ texts }, backend) => (await backend.classify(texts)).map(written),
    ),
  );
  app.post('/v1/classify-entities', (context) =>
    answer(
      context,
      askEntities,
      ({ questions }) => questions.length,
      ({ questions }, backend) => backend.classifyEntities(questions),
    ),
  );
  app.notFound((context) => refuse(context, 404, 'input.invalid', 'There is nothing here.'));
  app.onError((error, context) => {
    log.error({ err: error, path: context.req.path, request_id: context.get('requestId') }, 'A request failed');
    return refuse(context, 500, 'internal', 'Something went wrong inside Tidewatch.');
  });

  let server: Server | undefined;
  return {
    name: 'classifier door',
    async start() {
      const timeouts = { requestTimeout: 60_000, headersTimeout: 15_000 };
      const answered = getRequestListener(app.fetch);
      const created = createDoorServer(tls, timeouts, (request, response) => void answered(request, response));
      created.maxHeadersCount = 100;
      await listen(created, host, port, 'Choose another --host or --port.');
      server = created;
    },
    /** Requests in hand are answered first. */
    stop: () => finishListening(server, MOST_STOPPING_MS),
    address() {
      const at = server?.address() as AddressInfo | null | undefined;
      return doorUrl(tls, host, at?.port ?? port);
    },
  };
}

type Status = 400 | 401 | 404 | 409 | 413 | 421 | 422 | 429 | 500 | 503;

function refuse(context: Context, status: Status, code: string, message: string): Response {
  return context.json({ error: { code, message } }, status);
}

/** Labels as JSON has them: the embedding's bytes as base64. */
function written({ embedding, ...labels }: Labels): object {
  return embedding === undefined ? labels : { ...labels, embedding: Buffer.from(embedding).toString('base64') };
}
