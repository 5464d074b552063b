/**
 * A message as the embedded log keeps it: one line of JSON. Any LMDB tool shows it, the size on disk is known before it
 * is written, and values come back exactly as they would from Kafka.
 */
import { TidewatchError } from '../errors.ts';
import type { Message } from './stream.ts';

/** A message whose key and value are JSON already; the log adds the time on append. */
export interface EncodedMessage {
  readonly key: string;
  readonly value: string;
}

export interface LogRecord<Value> {
  /** Epoch milliseconds at which the log took the message. */
  readonly at: number;
  readonly key: string;
  readonly value: Value;
  /** There where the message was erased: its value is null. */
  readonly erased?: true;
}

/** What stands in the place of an erased message: its offset and its time. */
export function erasedRecord(at: number): Buffer {
  return Buffer.from(`{"at":${at},"key":"","value":null,"erased":true}`);
}

/** @throws TidewatchError internal (the value is not plain JSON data) */
export function encodeMessage(message: Message): EncodedMessage {
  try {
    return { key: JSON.stringify(message.key), value: JSON.stringify(message.value) ?? 'null' };
  } catch (error) {
    throw new TidewatchError('internal', `The message ${message.key} is not JSON data`, { cause: error });
  }
}

export function toRecord(message: EncodedMessage, at: number): Buffer {
  return Buffer.from(`{"at":${at},"key":${message.key},"value":${message.value}}`);
}

export function fromRecord<Value>(record: Buffer): LogRecord<Value> {
  return JSON.parse(record.toString('utf8')) as LogRecord<Value>;
}

/** What a record of `size` bytes takes on disk: LMDB gives records over half a page 4 KB pages of their own. */
export function storedBytes(size: number): number {
  return size > 2_000 ? Math.ceil((size + 16) / 4096) * 4096 : size + 32;
}
