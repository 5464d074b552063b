/**
 * Reads what a topic holds at this moment, as a group that commits nothing and is gone with its only member: for looking
 * at dead letters, and for checks. Messages of aborted transactions are left out, as for every reader.
 */
import { randomUUID } from 'node:crypto';
import type { Consumer, KafkaMessage } from 'kafkajs';
import { createBell } from './bell.ts';
import type { Bounds } from './kafka_offsets.ts';
import { decode } from './kafka_partition.ts';
import type { Received } from './stream.ts';

export interface ScanPlace {
  /** The broker's name. */
  readonly topic: string;
  /** Before the id of the group. */
  readonly prefix: string;
  readonly bounds: ReadonlyMap<number, Bounds>;
  readonly consumer: (groupId: string) => Consumer;
  readonly signal: AbortSignal;
}

/** Batches up to the bounds; order within a partition. Rejects with what the reader died of. */
export async function* scanTopic<Value>(place: ScanPlace): AsyncGenerator<readonly Received<Value>[], void, undefined> {
  const { topic, bounds, signal } = place;
  const left = new Set([...bounds].filter(([, { low, high }]) => high > low).map(([partition]) => partition));
  if (left.size === 0) return;
  const changed = createBell();
  const ready: (readonly Received<Value>[])[] = [];
  let failure: Error | undefined;
  const consumer = place.consumer(`${place.prefix}scan.${randomUUID()}`);
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
    changed.ring();
  });
  // Of every batch, those too that held nothing but markers and aborted messages.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (Number(payload.lastOffset) + 1 >= (bounds.get(payload.partition)?.high ?? 0)) left.delete(payload.partition);
    changed.ring();
  });
  const take = (partition: number, messages: readonly KafkaMessage[]): void => {
    const end = bounds.get(partition)?.high ?? 0;
    const within = messages.filter(({ offset }) => Number(offset) < end);
    if (within.length > 0) ready.push(within.map((message) => decode<Value>(partition, message)));
    changed.ring();
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      async eachBatch({ batch, heartbeat }) {
        take(batch.partition, batch.messages);
        while (ready.length > 4 && !signal.aborted) {
          await Promise.race([changed.next(signal), new Promise((resolve) => setTimeout(resolve, 500))]);
          await heartbeat();
        }
      },
    });
    while (left.size > 0 || ready.length > 0) {
      signal.throwIfAborted();
      if (failure !== undefined) throw failure;
      const next = ready.shift();
      if (next === undefined) await changed.next(signal);
      else yield next;
      if (next !== undefined) changed.ring();
    }
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}
