/**
 * The appending producer: idempotent, acks from all in-sync replicas, one request on the way at a time. What waits
 * meanwhile goes together in the next one, so many small appends cost few requests.
 *
 * kafkajs takes a sequence number back when a request fails. If that request was written and only its answer was lost,
 * the next batch would carry the same number and the broker would take it for a repetition: lost in silence. Hence one
 * request at a time, and a new producer (a new producer id) after every failure.
 */
import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { TidewatchError } from '../errors.ts';
import { toStreamError } from './kafka_client.ts';
import { compressionType } from './kafka_compression.ts';
import { topicName, type KafkaStreamSettings } from './kafka_settings.ts';
import type { Message, Output } from './stream.ts';

/** Uncompressed; a broker refuses a batch of more than 1 MiB by default. */
const REQUEST_BYTES = 900_000;

export interface EncodedMessage {
  readonly key: string;
  readonly value: string;
}

/** Values as JSON. */
export function encodeMessages(messages: readonly Message[]): EncodedMessage[] {
  return messages.map(({ key, value }) => ({ key, value: JSON.stringify(value ?? null) }));
}

/** Cuts messages into requests that a broker takes; a message that is larger alone goes alone. */
export function requests(outputs: readonly Output[]): { topic: string; messages: EncodedMessage[] }[][] {
  const all: { topic: string; messages: EncodedMessage[] }[][] = [];
  let bytes = Infinity;
  for (const { topic, messages } of outputs) {
    for (const message of encodeMessages(messages)) {
      const size = Buffer.byteLength(message.value) + Buffer.byteLength(message.key) + 20;
      if (bytes + size > REQUEST_BYTES) {
        all.push([]);
        bytes = 0;
      }
      bytes += size;
      const request = all.at(-1) ?? [];
      const part = request.find((candidate) => candidate.topic === topic);
      if (part === undefined) request.push({ topic, messages: [message] });
      else part.messages.push(message);
    }
  }
  return all;
}

export interface Appender {
  append(topic: string, messages: readonly Message[], signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly topic: string;
  readonly messages: readonly Message[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const TOGETHER = 200;

export function createAppender(client: Kafka, settings: KafkaStreamSettings, closing: AbortSignal): Appender {
  const queue: Waiting[] = [];
  const compression = compressionType(settings);
  let producer: Producer | undefined;
  let pumping = false;
  let pumped: Promise<void> = Promise.resolve();

  async function send(outputs: readonly Output[]): Promise<void> {
    try {
      if (producer === undefined) {
        const fresh = client.producer({
          idempotent: true,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
          createPartitioner: Partitioners.DefaultPartitioner,
        });
        await fresh.connect();
        producer = fresh;
      }
      for (const request of requests(outputs)) {
        const topicMessages = request.map(({ topic, messages }) => ({ topic: topicName(settings, topic), messages }));
        await producer.sendBatch({ acks: -1, compression, topicMessages });
      }
    } catch (error) {
      const failed = producer;
      producer = undefined;
      void failed?.disconnect().catch(() => undefined);
      const topics = [...new Set(outputs.map(({ topic }) => topic))].join(', ');
      throw toStreamError(error, `Appending to ${topics}`, settings);
    }
  }

  async function sendGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await send(group);
      for (const item of group) item.resolve();
    } catch (error) {
      const alone = error instanceof TidewatchError && error.code === 'input.too_large' && group.length > 1;
      if (!alone) for (const item of group) item.reject(error);
      // One that is too large must not take the others down.
      else for (const item of group) await sendGroup([item]);
    }
  }

  async function pump(): Promise<void> {
    pumping = true;
    while (queue.length > 0) {
      const group: Waiting[] = [];
      for (const item of queue.splice(0, TOGETHER)) {
        const ended = [item.signal, closing].find((signal) => signal?.aborted === true);
        if (ended === undefined) group.push(item);
        else item.reject(ended.reason);
      }
      if (group.length > 0) await sendGroup(group);
    }
    pumping = false;
  }

  return {
    append(topic, messages, signal) {
      return new Promise((resolve, reject) => {
        queue.push({ topic, messages, signal, resolve, reject });
        if (!pumping) pumped = pump();
      });
    },
    async close() {
      await pumped;
      await producer?.disconnect();
    },
  };
}
