/**
 * The embedded stream: a durable log in this process, on LMDB. One process owns the folder, so one partition is enough
 * (parallel work belongs in a stage, not in the log). Every append, and every acknowledge with its outputs, is one LMDB
 * transaction: after kill -9 it is there as a whole or not at all. Guarantees: docs/delivery.md; why LMDB:
 * docs/decisions/0001-embedded-log.md.
 */
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { openEnvironment } from '../state/environment.ts';
import { createAdmission } from './admission.ts';
import { createBell, type Bell } from './bell.ts';
import { MAX_DATABASES, openJournal, type Journal } from './journal.ts';
import { createPruning } from './pruning.ts';
import { eraseMessages } from './erasure.ts';
import { encodeMessage, type EncodedMessage } from './record.ts';
import { backlog } from './retention.ts';
import type { Delivery, Lag, Output, Stream, SubscribeOptions } from './stream.ts';
import { readDeliveries } from './subscription.ts';

export const embeddedStreamSettings = z.object({
  retention_hours: z
    .number()
    .positive()
    .default(72)
    .describe('Messages that every reader has acknowledged are removed after this many hours.'),
  dead_letter_retention_hours: z
    .number()
    .positive()
    .default(720)
    .describe('Dead letters are removed after this many hours.'),
  max_bytes: z
    .number()
    .int()
    .min(1_000_000)
    .default(5_000_000_000)
    .describe('Over this size acknowledged messages go at once, oldest first; if all are unread, writers wait.'),
  max_backlog_messages: z
    .number()
    .int()
    .min(1)
    .default(200_000)
    .describe('Writers to a topic wait while its slowest reader is this many messages behind.'),
});
export type EmbeddedStreamSettings = z.output<typeof embeddedStreamSettings>;

export interface EmbeddedStreamContext {
  /** The log's own folder, created if absent; the caller holds the data folder's lock (core/lock.ts). */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const SCAN_MESSAGES = 500;

/**
 * Opens the log in `folder`.
 * @throws TidewatchError storage.read_only, storage.full, storage.unavailable
 */
export async function openEmbeddedStream(
  settings: EmbeddedStreamSettings,
  { folder, clock, log }: EmbeddedStreamContext,
): Promise<Stream> {
  const environment = await openEnvironment(folder, MAX_DATABASES);
  const journal = openJournal(environment);
  const bells = new Map<string, Bell>();
  const readers = new Map<string, AbortController>();
  const closing = new AbortController();
  const progress = createBell();
  const pruning = createPruning(journal, settings, { clock, log, freed: progress });
  const admission = createAdmission(journal, settings, {
    log,
    progress,
    closing: closing.signal,
    overSize: () => pruning.soon(),
  });

  function bellOf(topic: string): Bell {
    let bell = bells.get(topic);
    if (bell === undefined) bells.set(topic, (bell = createBell()));
    return bell;
  }

  function open(): void {
    closing.signal.throwIfAborted();
  }

  async function createGroup(topic: string, group: string): Promise<void> {
    open();
    if (journal.groups(topic).has(group)) return;
    await journal.change([], (draft) => {
      if (draft.committed(topic, group) === undefined) draft.commit(topic, group, draft.topic(topic).first);
    });
  }

  async function* subscribe<Value>(
    topic: string,
    group: string,
    options: SubscribeOptions,
  ): AsyncGenerator<Delivery<Value>, void, undefined> {
    await createGroup(topic, group);
    const name = JSON.stringify([topic, group]);
    // The newer reader wins: acknowledgements of an older one would commit what is about to be delivered again.
    readers
      .get(name)
      ?.abort(new TidewatchError('storage.unavailable', `A newer reader of ${topic} as ${group} took over`));
    const own = new AbortController();
    readers.set(name, own);
    const ended = AbortSignal.any([own.signal, closing.signal]);
    const stopping = AbortSignal.any([options.signal, ended]);
    environment.flush();
    const reader = {
      end: () => journal.topic(topic).next,
      read: (from: number, limit: number) => journal.read<Value>(topic, from, limit),
      changed: bellOf(topic),
      clock,
      ended,
      async commit(from: number, to: number, outputs: readonly Output[]) {
        const encoded = outputs.map((output) => ({ topic: output.topic, messages: encode(output.messages) }));
        // A stop does not wait for room: what is done is committed, over the limit by one delivery at most.
        for (const output of encoded) await admission.room(output.topic, stopping);
        ended.throwIfAborted();
        const names = encoded.map((output) => output.topic);
        await journal.change(names, (draft) => {
          if (draft.committed(topic, group) !== from) {
            throw new TidewatchError('internal', `${group} acknowledged ${topic} from ${from}, out of order.`);
          }
          draft.commit(topic, group, to);
          for (const output of encoded) draft.append(output.topic, output.messages, clock.now());
        });
        for (const output of encoded) bellOf(output.topic).ring();
        progress.ring();
        if (admission.isOverSize()) pruning.soon();
      },
    };
    yield* readDeliveries(reader, journal.groups(topic).get(group) ?? 0, options);
  }

  return {
    async append(topic, messages, signal) {
      open();
      signal?.throwIfAborted();
      if (messages.length === 0) return;
      const encoded = encode(messages);
      await admission.enter(topic, signal);
      await journal.change([topic], (draft) => draft.append(topic, encoded, clock.now()));
      bellOf(topic).ring();
    },
    subscribe,
    createGroup,
    async lag(topic, group) {
      open();
      return lagOf(journal, clock, topic, group);
    },
    async *scan<Value>(topic: string, signal: AbortSignal) {
      open();
      environment.flush();
      const { first, next: end } = journal.topic(topic);
      for (let from = first; from < end;) {
        signal.throwIfAborted();
        const { messages, next } = journal.read<Value>(topic, from, Math.min(SCAN_MESSAGES, end - from));
        if (next === from) return;
        from = next;
        if (messages.length > 0) yield messages;
        open();
      }
    },
    isErasable: true,
    async erase(isForgotten) {
      open();
      environment.flush();
      return eraseMessages(journal, isForgotten, closing.signal);
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort(new TidewatchError('storage.unavailable', 'The stream is closed'));
      progress.ring();
      await pruning.stop();
      await environment.close();
    },
  };
}

function encode(messages: Output['messages']): EncodedMessage[] {
  return messages.map(encodeMessage);
}

async function lagOf(journal: Journal, clock: Clock, topic: string, group: string): Promise<Lag> {
  const state = journal.topic(topic);
  const committed = Math.max(journal.groups(topic).get(group) ?? state.first, state.first);
  const messages = backlog(state, new Map([[group, committed]]));
  const oldest = messages === 0 ? undefined : journal.appendedAt(topic, committed);
  const seconds = oldest === undefined ? 0 : Math.max(0, (clock.now() - oldest) / 1000);
  return { messages, seconds, partitions: new Map([[0, { messages, here: true }]]) };
}
