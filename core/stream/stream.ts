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
  /**
   * Where given, partitions are read abreast by the time that it tells of a message (epoch milliseconds): what is earliest
   * comes first, as far as it is at hand. Otherwise a backlog is read at each partition's own pace.
   */
  readonly timeOf?: (value: unknown) => number;
}

export interface Lag {
  readonly messages: number;
  /** Age in seconds of the oldest message the group has not acknowledged; 0 without one. */
  readonly seconds: number;
  readonly partitions: ReadonlyMap<number, PartitionLag>;
}

export interface PartitionLag {
  readonly messages: number;
  /** A reader of this process has it. */
  readonly here: boolean;
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
   * What the topic holds at this moment, in batches, oldest first within a partition: no group reads it and nothing is
   * acknowledged. Rejects with the signal's reason when it aborts.
   * @throws TidewatchError storage.unavailable
   */
  scan<Value>(topic: string, signal: AbortSignal): AsyncIterable<readonly Received<Value>[]>;
  /**
   * Shows every stored message, of every topic, to `isForgotten` and erases those for which it says true: their offsets
   * stay, they are not delivered any more. Where a log cannot be rewritten (Kafka) nothing is erased, and `kept` says how much
   * stays where, and for how long.
   */
  erase(isForgotten: (topic: string, value: unknown, key: string) => boolean): Promise<Erasure>;
  /** Whether `erase` can erase at all; where not, it reads everything to say what stays. */
  readonly isErasable: boolean;
  close(): Promise<void>;
}

/** The topics of the house. Dead letters of a topic go to `<topic>.dead`, as DeadLetter. */
export const TOPICS = {
  documents: 'documents',
  opinions: 'opinions',
  removals: 'removals',
  /** What processes that share the stream say of removals: who is here, and who has forgotten. */
  forgetting: 'forgetting',
  sources: 'sources',
  /** Items that ingest had refused and that somebody sent back (redrive.ts). */
  items: 'items',
} as const;

export interface DeadLetter {
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
  /** Of ingest's: the source instance, the item's outlet, and the id of the document that it would have been. */
  readonly feed?: string;
  readonly source?: string;
  readonly id?: string | null;
  readonly value: unknown;
}

export function deadLetterTopic(topic: string): string {
  return `${topic}.dead`;
}

/** Which dead letters of a topic were sent back, as notes: kept twice as long as the letters. */
export function redrivenTopic(topic: string): string {
  return `${topic}.redriven`;
}

/** How strings of a dead letter are cut where they are too long to keep: that many characters, and the mark. */
export const DEAD_LETTER_CUT = { chars: 2000, mark: '…' } as const;

export interface RetentionSettings {
  readonly retention_hours: number;
  readonly dead_letter_retention_hours: number;
}

/** Hours that a topic keeps its messages. */
export function retentionHours(topic: string, settings: RetentionSettings): number {
  if (topic.endsWith('.dead')) return settings.dead_letter_retention_hours;
  return topic.endsWith('.redriven') ? 2 * settings.dead_letter_retention_hours : settings.retention_hours;
}
