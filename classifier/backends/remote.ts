/**
 * Another Tidewatch's classifier, by HTTP (`tidewatch serve-classifier`): for a process without a model, or with a GPU
 * elsewhere. What passes by itself (no answer, a busy server) is tried again here a few times, then by the stage for as
 * long as it takes. Answers are checked: an opinion must never carry another model's version than its own.
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { redactUrl, TidewatchError, toTidewatchError } from '../../core/errors.ts';
import type { FetchResult } from '../../core/http.ts';
import type { Backend } from '../backend.ts';
import { withCache } from '../cache.ts';
import { cutRequests } from '../queue.ts';
import { modelCard, refusal, replyClassify, replyEntities } from './remote_protocol.ts';

const settings = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Address of a `tidewatch serve-classifier`, such as http://10.0.0.5:8090.'),
  token: z.string().min(16).optional().describe('Secret that the server asks for; better as token_file or ${ENV}.'),
  model: z
    .string()
    .regex(/^[^@\s]+@[^@\s]+$/, 'name@version')
    .optional()
    .describe('The only model whose labels are wanted, as name@version; without it, whichever is served at the start.'),
  timeout_ms: z.int().min(100).max(600_000).default(30_000).describe('Longest wait for one answer.'),
  tries: z.int().min(1).max(20).default(3).describe('Tries of a request before its texts count as failed for now.'),
  max_batch_texts: z.int().min(1).max(1024).default(256).describe('Texts sent in one request, at most.'),
  cache_entries: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(20_000)
    .describe('Distinct texts whose labels are remembered, about 1.5 kB each; 0 turns the memory off.'),
});

type Settings = z.output<typeof settings>;

/** Requests on their way at once: the next one travels while the server labels the one before. */
const AT_ONCE = 4;
const MOST_BYTES = 64_000_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

export const remote = defineComponent<typeof settings, Backend>({
  name: 'remote',
  summary: 'Asks the classifier of another Tidewatch (tidewatch serve-classifier) by HTTP.',
  settings,
  async create(given, context) {
    const backend = await openRemote(given, context);
    return given.cache_entries === 0 ? backend : withCache(backend, given.cache_entries);
  },
});

async function openRemote(given: Settings, context: Context): Promise<Backend> {
  const ask = createAsk(given, context);
  const card = await ask('/v1/model', null, modelCard);
  const at = redactUrl(given.url);
  if (given.model !== undefined && card.model !== given.model) {
    throw new TidewatchError('model.missing', `${at} serves ${card.model}, not ${given.model}`, {
      hint: 'Set classifier.backend.model to what is served, or start the server with the other model.',
    });
  }
  let closed = false;
  /** Items in requests that the server takes, some at a time; answers in order. */
  async function inRequests<Item, Answer>(
    items: readonly Item[],
    send: (part: readonly Item[]) => Promise<{ model: string; labels: Answer[] }>,
  ): Promise<Answer[]> {
    if (closed) throw new TidewatchError('model.failed', 'The remote classifier is closed.');
    const sizes = items.map((item) => Buffer.byteLength(JSON.stringify(item)) + 1);
    const limits = {
      maxTexts: Math.min(given.max_batch_texts, card.limits.texts),
      maxBytes: card.limits.body_bytes - 1_000,
    };
    const parts = cutRequests(sizes, limits).map(({ from, to }) => items.slice(from, to));
    const answers: Answer[][] = [];
    for (let from = 0; from < parts.length; from += AT_ONCE) {
      const sent = parts.slice(from, from + AT_ONCE).map(async (part) => {
        const { model, labels } = await send(part);
        if (model !== card.model) throw otherModel(at, model, card.model);
        if (labels.length === part.length) return labels;
        throw new TidewatchError('model.failed', `${at} answered ${labels.length} of ${part.length} texts`);
      });
      answers.push(...(await Promise.all(sent)));
    }
    return answers.flat();
  }
  return {
    model: card.model,
    labels: card.labels,
    reference: card.reference,
    classify: (texts) =>
      inRequests(texts, (part) => ask('/v1/classify', { model: card.model, texts: part }, replyClassify)),
    async classifyEntities(questions) {
      if (card.labels.entity_sentiment.length === 0) {
        throw new TidewatchError('model.failed', `${card.model} has no head entity_sentiment`);
      }
      return inRequests(questions, (part) =>
        ask('/v1/classify-entities', { model: card.model, questions: part }, replyEntities),
      );
    },
    async close() {
      closed = true;
    },
  };
}

type Ask = <Schema extends z.ZodType>(path: string, body: object | null, schema: Schema) => Promise<z.output<Schema>>;

/** One question and its answer, tried again while what went wrong may pass. */
function createAsk(given: Settings, { http, clock, signal }: Context): Ask {
  const headers = {
    ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
    'content-type': 'application/json',
  };
  const base = given.url.replace(/\/+$/, '');
  const once: Ask = async (path, body, schema) => {
    const answer = await http.fetch(`${base}${path}`, {
      method: body === null ? 'GET' : 'POST',
      headers,
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      timeoutMs: given.timeout_ms,
      maxBytes: MOST_BYTES,
      maxRedirects: 0,
      trustHost: true,
      signal,
    });
    return readAnswer(answer, schema);
  };
  return async (path, body, schema) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(path, body, schema);
      } catch (thrown) {
        const error = toTidewatchError(thrown, 'model.failed');
        if (!error.retryable || tries >= given.tries) throw inModelsWords(error, body === null);
        await clock.sleep(error.retryAfterMs ?? Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS), signal);
      }
    }
  };
}

/** @throws TidewatchError http.unavailable for what may pass, others for what will not */
function readAnswer<Schema extends z.ZodType>(
  { status, headers, body, url }: FetchResult,
  schema: Schema,
): z.output<Schema> {
  const at = redactUrl(url);
  let json: unknown = null;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    // Told below: whatever it is, it is not what a classifier answers.
  }
  if (status === 200) {
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new TidewatchError(
      'http.status',
      `${at} does not answer as a Tidewatch classifier: ${z.prettifyError(parsed.error)}`,
      {
        hint: 'Both ends must be of the same version of Tidewatch; check classifier.backend.url.',
      },
    );
  }
  const said = refusal.safeParse(json).data?.error.message ?? 'nothing that a Tidewatch classifier says';
  if (status === 401) {
    throw new TidewatchError('config.invalid', `${at} wants a token`, { hint: 'Set classifier.backend.token_file.' });
  }
  if (status === 409) throw new TidewatchError('model.failed', `${at}: ${said}`, { retryable: false, hint: SWAPPED });
  if (status === 413 || status === 422)
    throw new TidewatchError('model.failed', `${at}: ${said}`, { retryable: false });
  const passes = status === 429 || status >= 500;
  const wait = Number(headers['retry-after'] ?? NaN);
  throw new TidewatchError(passes ? 'http.unavailable' : 'http.status', `${at} answered ${status}: ${said}`, {
    ...(Number.isFinite(wait) && { retryAfterMs: Math.min(wait * 1000, LONGEST_WAIT_MS) }),
  });
}

const SWAPPED =
  'The server has another model now. Restart, or send SIGHUP, and it is taken over with its version; or start the server with the old one.';

function otherModel(at: string, found: string, expected: string): TidewatchError {
  return new TidewatchError('model.failed', `${at} labels with ${found} now, not with ${expected}`, { hint: SWAPPED });
}

/** While labelling, the port's one word for "not labelled"; at the start, what is wrong. */
function inModelsWords(error: TidewatchError, starting: boolean): TidewatchError {
  if (starting || error.code === 'model.failed') return error;
  return new TidewatchError('model.failed', `The remote classifier did not label: ${error.message}`, {
    cause: error,
    retryable: error.retryable,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
}
