/**
 * The stream port: a durable, partitioned log with consumer groups. The embedded adapter is a log on disk in this
 * process; Kafka implements the same port. One contract suite (test/contracts/stream.ts) is run by every adapter.
 *
 * Delivery is at-least-once per group: a delivery that was not acknowledged comes again. `acknowledge(outputs)` commits
 * the offsets and appends the outputs in one step, so that a stage that reads one topic and writes another hands each
 * message on exactly once (as Kafka's transactions with sendOffsets do).
 */

export interface Message<Value = unknown> {
  /** Messages of one key keep their order. */
  readonly key: string;
  readonly value: Value;
}

export interface Received<Value> extends Message<Value> {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds at which the log took the message. */
  readonly appended_at: number;
}

export interface Output {
  readonly topic: string;
  readonly messages: readonly Message[];
}

export interface Delivery<Value> {
  /** None where all of them have been erased: acknowledge it all the same. */
  readonly messages: readonly Received<Value>[];
  /** Commits these offsets for the group and appends `outputs`, together. Idempotent. Resolves when durable. */
  acknowledge(outputs?: readonly Output[]): Promise<void>;
}

export interface SubscribeOptions {
  /** At most this many messages a delivery. */
  readonly maxMessages: number;
  /** A delivery waits at most this long after its first message for more. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
  /** Deliveries handed out before earlier ones are acknowledged; 1 (the default) waits for each. */
  readonly maxInFlight?: number;
}

export interface Lag {
  readonly messages: number;
  /** Age in seconds of the oldest message the group has not acknowledged; 0 without one. */
  readonly seconds: number;
}

export interface Erasure {
  readonly scanned: number;
  readonly erased: number;
  /** What could not be erased, in one sentence; null where everything was. */
  readonly kept: string | null;
}

export interface Stream {
  /**
   * Resolves when the messages are durable; they become visible together. Waits while an unread backlog is over its
   * limit (back-pressure); rejects with the signal's reason if it aborts meanwhile.
   * @throws TidewatchError storage.full, storage.unavailable
   */
  append(topic: string, messages: readonly Message[], signal?: AbortSignal): Promise<void>;
  /** Ends when the signal aborts. One reader a (topic, group) within a process. */
  subscribe<Value>(topic: string, group: string, options: SubscribeOptions): AsyncIterable<Delivery<Value>>;
  /** Registers a group, so that retention and back-pressure count it before its first subscribe. */
  createGroup(topic: string, group: string): Promise<void>;
  lag(topic: string, group: string): Promise<Lag>;
  /**
   * Shows every stored message, of every topic, to `isForgotten` and erases those for which it says true: their offsets
   * stay, they are not delivered any more. Where a log cannot be rewritten (Kafka) `kept` says what stays and for how long.
   */
  erase(isForgotten: (topic: string, value: unknown) => boolean): Promise<Erasure>;
  close(): Promise<void>;
}

/** The topics of the house. Dead letters of a topic go to `<topic>.dead`, as DeadLetter. */
export const TOPICS = {
  documents: 'documents',
  opinions: 'opinions',
  removals: 'removals',
  sources: 'sources',
} as const;

export interface DeadLetter {
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
  readonly value: unknown;
}

export function deadLetterTopic(topic: string): string {
  return `${topic}.dead`;
}
