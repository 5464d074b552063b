/**
 * One partition that this reader owns: what was fetched and not handed out yet, and the deliveries that were, in order.
 * A later delivery may be acknowledged before an earlier one; it takes effect when the earlier ones are, as in the
 * embedded stream. What is acknowledged in a row goes into one transaction.
 *
 * `seen` is the offset after all that was fetched, transaction markers too: when everything is acknowledged it is what
 * gets committed, so that a lag by offsets comes down to 0 although markers are no messages.
 */
import type { KafkaMessage } from 'kafkajs';
import { TidewatchError, toTidewatchError } from '../errors.ts';
import type { Transactor } from './kafka_transaction.ts';
import type { Delivery, Output, Received } from './stream.ts';

const MARKERS_AFTER_MS = 250;

export interface OwnedPartition<Value> {
  readonly index: number;
  /** Undefined until earlier owners are fenced and the place to begin is known. */
  seen(): number | undefined;
  start(committed: number | undefined, position: number): void;
  /** `high` is the offset after the last message that the broker has. */
  push(messages: readonly KafkaMessage[], next: number, high: number): void;
  /** The fetch went past transaction markers or aborted messages. */
  skipTo(next: number): void;
  /** Fetched, not handed out. */
  buffered(): number;
  /** performance.now() at which the oldest of them came. */
  waitingSince(): number;
  /** What `timeOf` says of the next one; -Infinity where it cannot tell, so that this one comes first. */
  nextTime(timeOf: (value: unknown) => number): number;
  /** Whether the broker had more when it was last asked, or was not asked yet. */
  hasMore(): boolean;
  /** performance.now() at which the last of them was handed out, or reading began. */
  emptySince(): number;
  /** Handed out, not acknowledged. */
  inFlight(): number;
  /** Messages fetched and not acknowledged, and the broker's time of the oldest. */
  open(): { messages: number; oldest: number | undefined };
  take(limit: number): Delivery<Value>;
  dropBuffer(): void;
  /** Resolves when no transaction is on its way. */
  idle(): Promise<void>;
  /** Ends it: open and later acknowledgements fail with the reason. */
  revoke(reason: TidewatchError): void;
  readonly revoked: boolean;
}

export interface PartitionEvents {
  /** Something was acknowledged, or the partition ended. */
  readonly changed: () => void;
  readonly committed: (offset: number) => void;
  readonly failed: (error: unknown) => void;
  /** Waits for room in the topics that outputs go to. */
  readonly room: (outputs: readonly Output[]) => Promise<void>;
}

interface Handed {
  readonly count: number;
  readonly oldest: number;
  readonly to: number;
  outputs: readonly Output[] | undefined;
  promise: Promise<void> | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly settled: Promise<void>;
}

export function createPartition<Value>(
  index: number,
  transactor: Transactor,
  events: PartitionEvents,
): OwnedPartition<Value> {
  let seen: number | undefined;
  let committed: number | undefined;
  let buffer: { message: KafkaMessage; at: number }[] = [];
  let handed: Handed[] = [];
  let committing = false;
  let lastCommits: Promise<void> = Promise.resolve();
  let underway: readonly Handed[] = [];
  let ended: TidewatchError | undefined;
  let markers: NodeJS.Timeout | undefined;
  let high = Infinity;
  let emptySince = performance.now();
  let nextTime: { readonly of: KafkaMessage; readonly time: number } | undefined;

  function revoke(reason: TidewatchError): void {
    if (ended !== undefined) return;
    ended = reason;
    clearTimeout(markers);
    buffer = [];
    // A transaction on its way tells its own end.
    for (const entry of handed.splice(0)) if (!underway.includes(entry)) entry.reject(reason);
    events.changed();
  }

  async function commitInOrder(): Promise<void> {
    committing = true;
    try {
      while (ended === undefined) {
        const ready = handed.findIndex(({ outputs }) => outputs === undefined);
        const group = ready === -1 ? [...handed] : handed.slice(0, ready);
        const rest = group.length === handed.length && buffer.length === 0 ? seen : group.at(-1)?.to;
        if (rest === undefined || rest === committed) break;
        const outputs = group.flatMap((entry) => entry.outputs ?? []);
        await events.room(outputs);
        if (ended !== undefined) break;
        underway = group;
        await transactor.commit(committed, rest, outputs);
        committed = rest;
        underway = [];
        handed = handed.filter((entry) => !group.includes(entry));
        for (const entry of group) entry.resolve();
        events.committed(rest);
        events.changed();
      }
    } catch (error) {
      for (const entry of new Set([...underway, ...handed.splice(0)])) entry.reject(error);
      underway = [];
      events.failed(error);
      // Whoever is told takes a while to start anew; what is acknowledged until then must not be committed over what was not.
      revoke(toTidewatchError(error, 'storage.unavailable'));
    } finally {
      committing = false;
    }
  }

  function commitSoon(): void {
    if (!committing) lastCommits = commitInOrder();
  }

  function acknowledge(entry: Handed, outputs: readonly Output[]): Promise<void> {
    if (entry.promise === undefined) {
      entry.promise = entry.settled;
      entry.outputs = outputs;
      commitSoon();
    }
    return entry.promise;
  }

  return {
    index,
    seen: () => seen,
    start(offset, position) {
      committed = offset;
      seen = position;
      emptySince = performance.now();
    },
    push(messages, next, end) {
      const at = performance.now();
      high = end;
      for (const message of messages) buffer.push({ message, at });
      seen = Math.max(seen ?? 0, next);
    },
    skipTo(next) {
      if (seen === undefined || next <= seen || ended !== undefined) return;
      seen = next;
      clearTimeout(markers);
      if (handed.length > 0 || buffer.length > 0) return;
      markers = setTimeout(() => {
        if (handed.length === 0 && buffer.length === 0) commitSoon();
      }, MARKERS_AFTER_MS).unref();
    },
    buffered: () => buffer.length,
    waitingSince: () => buffer[0]?.at ?? Infinity,
    nextTime(timeOf) {
      const next = buffer[0]?.message;
      if (next === undefined) return Infinity;
      if (nextTime?.of !== next) {
        const time = timeOf(decode(index, next).value);
        nextTime = { of: next, time: Number.isNaN(time) ? -Infinity : time };
      }
      return nextTime.time;
    },
    hasMore: () => high > (seen ?? 0),
    emptySince: () => emptySince,
    inFlight: () => handed.length,
    open() {
      const first = handed[0]?.oldest ?? (buffer[0] === undefined ? undefined : Number(buffer[0].message.timestamp));
      return { messages: handed.reduce((sum, { count }) => sum + count, buffer.length), oldest: first };
    },
    take(limit) {
      const taken = buffer.splice(0, limit).map(({ message }) => decode<Value>(index, message));
      if (buffer.length === 0) emptySince = performance.now();
      const last = taken.at(-1);
      const oldest = taken[0]?.appended_at;
      if (last === undefined || oldest === undefined)
        throw new TidewatchError('internal', 'Took from an empty buffer.');
      let resolve = (): void => undefined;
      let reject: (error: unknown) => void = resolve;
      const settled = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      // Who never acknowledges need not hear of it.
      settled.catch(() => undefined);
      const entry: Handed = {
        count: taken.length,
        oldest,
        to: last.offset + 1,
        outputs: undefined,
        promise: undefined,
        resolve,
        reject,
        settled,
      };
      handed.push(entry);
      return {
        messages: taken,
        acknowledge(outputs = []) {
          if (ended !== undefined && entry.promise === undefined) return Promise.reject(ended);
          return acknowledge(entry, outputs);
        },
      };
    },
    dropBuffer() {
      const first = buffer[0];
      if (first === undefined) return;
      // `seen` must not be committed over what was dropped.
      seen = Number(first.message.offset);
      buffer = [];
    },
    idle: () => lastCommits,
    revoke,
    get revoked() {
      return ended !== undefined;
    },
  };
}

/** A message as the port gives it. */
export function decode<Value>(partition: number, message: KafkaMessage): Received<Value> {
  const text = message.value?.toString('utf8') ?? 'null';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Someone else's message: the stage refuses the bare text with its own reason, into its dead letters.
    value = text;
  }
  return {
    key: message.key?.toString('utf8') ?? '',
    value: value as Value,
    partition,
    offset: Number(message.offset),
    appended_at: Number(message.timestamp),
  };
}
