/**
 * What one delivery of the stream becomes: opinions, in order, and dead letters. The value of a message is checked here
 * and not trusted: a topic outlives the version that wrote it, and in a cluster others write to it too.
 */
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { documentSchema, isoTime, SCHEMA_VERSION, type Document, type Opinion } from '../core/event.ts';
import type { DeadLetter, Message, Received } from '../core/stream/stream.ts';
import type { Vector } from '../core/search/vector.ts';
import { modelText } from '../core/text.ts';
import type { Backend } from './backend.ts';
import { entitySentiments, type EntityMode } from './entity_sentiment.ts';
import { classifyEach } from './isolate.ts';
import type { Labels } from './labels.ts';

export interface Labelled {
  /** name@version that labelled all of them: a swap of models waits for the delivery. */
  readonly model: string;
  readonly opinions: readonly Message<Opinion>[];
  /** Of each opinion, in the same order; null where the model gives none. */
  readonly embeddings: readonly (Vector | null)[];
  readonly refused: readonly Message<DeadLetter>[];
  /** Questions about an entity that the model could not take; the opinion is there without them. */
  readonly unanswered: readonly TidewatchError[];
}

export interface LabellingSettings {
  readonly entity_sentiment: EntityMode;
  /** Confidence below which an opinion is marked as abstained. */
  readonly abstain_below: number;
}

/**
 * Labels the documents of `messages`, keeping their keys and their order.
 * @throws TidewatchError model.failed where the backend labels nothing at all
 */
export async function labelMessages(
  messages: readonly Received<unknown>[],
  backend: Backend,
  clock: Clock,
  settings: LabellingSettings,
): Promise<Labelled> {
  const read = messages.map(({ value }) => readDocument(value));
  const texts = read.filter((result): result is ReadDocument => !(result instanceof TidewatchError));
  const answers = await classifyEach(
    backend,
    texts.map(({ text }) => text),
  );
  const labelled = texts.filter((_, index) => !(answers[index] instanceof TidewatchError));
  const unanswered: TidewatchError[] = [];
  const towards = await entitySentiments(labelled, backend, settings.entity_sentiment, (error) =>
    unanswered.push(error),
  );
  const nextAnswer = answers[Symbol.iterator]();
  const nextEntities = towards[Symbol.iterator]();
  const at = isoTime(clock.now());
  const opinions: Message<Opinion>[] = [];
  const embeddings: (Vector | null)[] = [];
  const refused: Message<DeadLetter>[] = [];
  messages.forEach(({ key, value }, index) => {
    const result = read[index];
    const answer = result instanceof TidewatchError ? result : nextAnswer.next().value;
    if (result === undefined || answer === undefined) {
      throw new TidewatchError('internal', 'A backend gave fewer labels than texts.');
    }
    if (answer instanceof TidewatchError) {
      refused.push({ key, value: { stage: 'classifier', code: answer.code, reason: answer.message, at, value } });
    } else {
      const { document } = result as ReadDocument;
      const opinion = {
        ...opinionOf(document, answer, backend.model, at),
        entity_sentiments: nextEntities.next().value ?? [],
        ...(answer.confidence < settings.abstain_below ? { abstained: true as const } : {}),
      };
      opinions.push({ key, value: opinion });
      embeddings.push(answer.embedding ?? null);
    }
  });
  return { model: backend.model, opinions, embeddings, refused, unanswered };
}

interface ReadDocument {
  readonly document: Document;
  /** What the model reads. */
  readonly text: string;
}

function readDocument(value: unknown): ReadDocument | TidewatchError {
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`);
    return new TidewatchError('input.invalid', `not a document: ${problems.join('; ')}`);
  }
  const text = modelText(parsed.data.title, parsed.data.text);
  if (text === '') return new TidewatchError('input.invalid', 'no words to label: nothing but links, or nothing');
  return { document: parsed.data, text };
}

function opinionOf(
  document: Document,
  labels: Labels,
  model: string,
  at: string,
): Omit<Opinion, 'entity_sentiments' | 'abstained'> {
  return {
    schema_version: SCHEMA_VERSION,
    document,
    sentiment: labels.sentiment,
    sentiment_probabilities: labels.sentiment_probabilities,
    topic: labels.topic,
    topic_probabilities: labels.topic_probabilities,
    topics_zh: [...labels.topics_zh],
    event: labels.event,
    event_probability: labels.event_probability,
    confidence: labels.confidence,
    model,
    labelled_at: at,
  };
}
