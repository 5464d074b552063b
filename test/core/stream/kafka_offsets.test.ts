/** Registering a group beside others, on a client that answers as kafkajs does; on a real broker it is in kafka.test.ts. */
import type { Admin, Kafka } from 'kafkajs';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createOffsets } from '../../../core/stream/kafka_offsets.ts';
import { kafkaStreamSettings } from '../../../core/stream/kafka_settings.ts';

const admin = {
  fetchTopicOffsets: () => Promise.resolve([{ partition: 0, low: '3', high: '9' }]),
  fetchOffsets: () => Promise.resolve([{ partitions: [] }]),
} as unknown as Admin;
const topics = { ensure: () => Promise.resolve() } as unknown as Parameters<typeof createOffsets>[2];

/** A client whose first transactions fail so, one after another; `sent` are the offsets that went through. */
function clientWith(failures: string[], sent: unknown[]): Kafka {
  const transaction = {
    abort: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    sendOffsets: (offsets: { topics: unknown[] }) => {
      const type = failures.shift();
      if (type !== undefined) return Promise.reject(Object.assign(new Error(`the broker says ${type}`), { type }));
      sent.push(offsets.topics[0]);
      return Promise.resolve();
    },
  };
  const nothing = (): Promise<void> => Promise.resolve();
  const producer = { connect: nothing, disconnect: nothing, transaction: () => Promise.resolve(transaction) };
  return { producer: () => producer } as unknown as Kafka;
}

const log = pino({ level: 'silent' });
const settings = kafkaStreamSettings.parse({ brokers: ['127.0.0.1:9092'] });

const offsetsOf = (client: Kafka) => createOffsets(admin, client, topics, settings, { clock: systemClock, log });

it('waits for a transaction of its name that is still ending, and for a process that fenced it', async () => {
  const sent: unknown[] = [];
  const client = clientWith(['CONCURRENT_TRANSACTIONS', 'PRODUCER_FENCED', 'CONCURRENT_TRANSACTIONS'], sent);
  await offsetsOf(client).createGroup('documents', 'classifier');
  expect(sent).toEqual([expect.objectContaining({ partitions: [{ partition: 0, offset: '3' }] })]);
});

it('does not wait for what does not pass', async () => {
  const client = clientWith(['GROUP_AUTHORIZATION_FAILED'], []);
  const registered = offsetsOf(client).createGroup('documents', 'classifier');
  await expect(registered).rejects.toMatchObject({ code: 'storage.unavailable' });
});
