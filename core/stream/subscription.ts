/**
 * One reader of one (topic, group): collects deliveries and passes acknowledgements on in order. A later delivery may
 * be acknowledged before an earlier one; it then takes effect (and resolves) when the earlier ones are acknowledged.
 * So the committed offset only moves over what is done, and outputs keep the order of their inputs, as with Kafka's
 * transactions. Rejected: committing ranges out of order, which would hand on a key's messages in another order.
 */
import type { Clock } from '../clock.ts';
import { TidewatchError } from '../errors.ts';
import { createBell, type Bell } from './bell.ts';
import type { Delivery, Output, Received, SubscribeOptions } from './stream.ts';

export interface Reader<Value> {
  /** Offset after the newest message. */
  end(): number;
  /** Messages that are not erased, and the offset after the last one looked at. */
  read(from: number, limit: number): { readonly messages: readonly Received<Value>[]; readonly next: number };
  /** Rings when `end` moved. */
  readonly changed: Bell;
  /** Moves the group's committed offset from `from` to `to` and appends the outputs, in one step. */
  commit(from: number, to: number, outputs: readonly Output[]): Promise<void>;
  readonly clock: Clock;
  /** Aborts when the stream closes or a newer reader took over: open acknowledgements then reject with its reason. */
  readonly ended: AbortSignal;
}

/** Deliveries from `start` on, until the signal aborts. */
export async function* readDeliveries<Value>(
  reader: Reader<Value>,
  start: number,
  options: SubscribeOptions,
): AsyncGenerator<Delivery<Value>, void, undefined> {
  const limit = options.maxInFlight ?? 1;
  const signal = AbortSignal.any([options.signal, reader.ended]);
  const acknowledged = createBell();
  let position = start;
  let inFlight = 0;
  let previous: Promise<void> = Promise.resolve();
  while (!signal.aborted) {
    if (inFlight >= limit) {
      await acknowledged.next(signal);
      continue;
    }
    if (reader.end() <= position) {
      await reader.changed.next(signal);
      continue;
    }
    await waitForMore(reader, position, options, signal);
    if (signal.aborted) return;
    const from = position;
    const { messages, next } = reader.read(from, options.maxMessages);
    position = next;
    if (next === from) {
      throw new TidewatchError('internal', `The log has no message at offset ${from}, below its end ${reader.end()}.`);
    }
    inFlight += 1;
    const { delivery, done } = createDelivery(reader, messages, from, position, previous);
    previous = done;
    void done.then(() => {
      inFlight -= 1;
      acknowledged.ring();
    });
    yield delivery;
  }
}

async function waitForMore<Value>(
  reader: Reader<Value>,
  position: number,
  options: SubscribeOptions,
  signal: AbortSignal,
): Promise<void> {
  const full = (): boolean => reader.end() - position >= options.maxMessages;
  if (full() || options.maxWaitMs <= 0) return;
  const enough = new AbortController();
  let waited = false;
  void reader.clock.sleep(options.maxWaitMs, enough.signal).then(
    () => {
      waited = true;
      reader.changed.ring();
    },
    () => undefined,
  );
  while (!full() && !waited && !signal.aborted) await reader.changed.next(signal);
  enough.abort();
}

function createDelivery<Value>(
  reader: Reader<Value>,
  messages: readonly Received<Value>[],
  from: number,
  to: number,
  previous: Promise<void>,
): { delivery: Delivery<Value>; done: Promise<void> } {
  const { promise: done, resolve: finish } = withResolver();
  let running: Promise<void> | undefined;
  async function commit(outputs: readonly Output[]): Promise<void> {
    await beforeEnd(previous, reader.ended);
    await reader.commit(from, to, outputs);
    finish();
  }
  return {
    done,
    delivery: {
      messages,
      acknowledge(outputs = []) {
        // A second call shares the first one's outcome; after a failure it tries again.
        running ??= commit(outputs).catch((error: unknown) => {
          running = undefined;
          throw error;
        });
        return running;
      },
    },
  };
}

async function beforeEnd(promise: Promise<void>, ended: AbortSignal): Promise<void> {
  ended.throwIfAborted();
  let stop = (): void => undefined;
  const end = new Promise<never>((_, reject) => {
    stop = () => reject(ended.reason as Error);
    ended.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([promise, end]);
  } finally {
    ended.removeEventListener('abort', stop);
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
