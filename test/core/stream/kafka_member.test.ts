/** A reader whose log turns out to be shorter than what it has read of it, on a consumer that hands out what kafkajs would. */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createBell } from '../../../core/stream/bell.ts';
import { createMember } from '../../../core/stream/kafka_member.ts';
import type { Ownership } from '../../../core/stream/kafka_ownership.ts';
import { kafkaStreamSettings } from '../../../core/stream/kafka_settings.ts';

/** A batch of 5 messages from `from` on, of a log that ends at `high`. */
function batchFrom(from: number, high: number): EachBatchPayload {
  const messages = Array.from({ length: 5 }, (_, index) => ({ offset: String(from + index), value: null }));
  const batch = {
    partition: 0, fetchedOffset: String(from), highWatermark: String(high), messages,
    firstOffset: () => String(from), lastOffset: () => String(from + 4),
  }; // prettier-ignore
  return {
    batch, heartbeat: () => Promise.resolve(), resolveOffset: () => undefined, isRunning: () => true, isStale: () => false,
    pause: () => () => undefined,
  } as unknown as EachBatchPayload; // prettier-ignore
}

/** What a member that has read up to 40 does with the same batch, fetched three times. */
async function afterThree(from: number, high: number) {
  let eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined;
  const seek = vi.fn<Consumer['seek']>();
  const consumer = {
    events: {}, on: () => undefined, connect: () => Promise.resolve(), subscribe: () => Promise.resolve(), seek,
    run: (options: { eachBatch: typeof eachBatch }) => {
      eachBatch = options.eachBatch;
      return Promise.resolve();
    },
  }; // prettier-ignore
  const pushed = vi.fn();
  const renew = vi.fn<Ownership<unknown>['renew']>();
  const partition = { seen: () => 40, revoked: false, push: pushed };
  const log = pino({ level: 'silent' });
  const warned = vi.spyOn(log, 'warn');
  const member = createMember('in', 'g', {
    consumers: { consumer: () => consumer } as unknown as Kafka,
    settings: kafkaStreamSettings.parse({ brokers: ['127.0.0.1:9092'] }),
    ownership: { get: () => partition, buffered: () => 0, renew } as unknown as Ownership<unknown>,
    clock: systemClock, log, changed: createBell(), stopping: new AbortController().signal, capacity: 10,
    abreast: false, restarted: () => undefined, fed: () => undefined,
  }); // prettier-ignore
  await member.start();
  for (let time = 0; time < 3; time += 1) await eachBatch?.(batchFrom(from, high));
  return { seek, pushed, renew, warned };
}

it('begins a partition anew whose log ends before what was read of it, instead of passing over what is new', async () => {
  const { seek, pushed, renew, warned } = await afterThree(0, 30);
  // A fetch from elsewhere may have been on its way: twice it is only asked for the right place.
  expect(seek).toHaveBeenCalledTimes(2);
  expect(renew).toHaveBeenCalledExactlyOnceWith(expect.anything(), 0, expect.stringContaining('lost'));
  expect(pushed).not.toHaveBeenCalled();
  expect(warned.mock.calls[0]?.[0]).toMatchObject({ event: 'stream.truncated', seen: 40, high: 30 });
});

it('goes on behind a gap where the retention took what was not read', async () => {
  const { pushed, renew, warned } = await afterThree(50, 90);
  expect(renew).not.toHaveBeenCalled();
  expect(pushed).toHaveBeenCalledOnce();
  expect(warned.mock.calls[0]?.[0]).toMatchObject({ event: 'stream.gap', offsets: 10 });
});
