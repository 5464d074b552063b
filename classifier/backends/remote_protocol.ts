/**
 * What the remote backend and the door that serves it (remote_door.ts) say to each other, JSON over HTTP:
 *   GET  /v1/model              -> ModelCard
 *   POST /v1/classify           Ask<text>      -> Reply<Labels>        one answer a text, in order
 *   POST /v1/classify-entities  Ask<question>  -> Reply<EntityLabels>
 *   GET  /healthz               -> { status: 'ok', model }             needs no token
 * An error is { error: { code, message } } with 400 (form), 401 (token), 409 (another model than asked for), 413 (too
 * large), 422 (the model did not label these texts) or 503 (busy; Retry-After). Rejected: gRPC, one more library and port
 * for a payload that a reader can try with curl.
 */
import { z } from 'zod';
import { sentimentSchema } from '../../core/event.ts';
import { referenceSchema } from '../drift.ts';

export const LIMITS = { texts: 1024, bodyBytes: 8_000_000 } as const;

const name = z.string().min(1).max(200);
const probability = z.number().min(0).max(1);
const probabilities = z.record(name, probability);
const sentiments = z.strictObject({ negative: probability, neutral: probability, positive: probability });

export const modelCard = z.object({
  /** name@version */
  model: name,
  labels: z.object({
    sentiment: z.array(sentimentSchema),
    topic: z.array(name),
    topics_zh: z.array(name),
    event: z.array(name),
    entity_sentiment: z.array(sentimentSchema),
  }),
  reference: referenceSchema.nullable(),
  limits: z.object({ texts: z.int().positive(), body_bytes: z.int().positive() }),
});
export type ModelCard = z.output<typeof modelCard>;

/** `model`: the one that the caller counts on; without it, whichever is served. */
const asked = { model: name.optional() };
export const askClassify = z.strictObject({ ...asked, texts: z.array(z.string()).min(1).max(LIMITS.texts) });
export const askEntities = z.strictObject({
  ...asked,
  questions: z
    .array(z.strictObject({ text: z.string(), entity: z.string() }))
    .min(1)
    .max(LIMITS.texts),
});

const labels = z.object({
  sentiment: sentimentSchema,
  sentiment_probabilities: sentiments,
  topic: name,
  topic_probabilities: probabilities,
  topics_zh: z.array(name),
  event: name.nullable(),
  event_probability: probability.nullable(),
  confidence: probability,
  /** Bytes of int8; absent where the model gives no embeddings. */
  embedding: z
    .base64()
    .max(8192)
    .transform((text) => new Int8Array(Buffer.from(text, 'base64')))
    .exactOptional(),
});
const entityLabels = z.object({ sentiment: sentimentSchema, probabilities: sentiments });
export const replyClassify = z.object({ model: name, labels: z.array(labels) });
export const replyEntities = z.object({ model: name, labels: z.array(entityLabels) });

export const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
