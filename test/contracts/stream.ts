/**
 * What every stream adapter promises, as one suite that each of them runs. Only the port is used; what only one adapter
 * can do (retention by size, a full disk) is tested beside that adapter.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, Message, Stream } from '../../core/stream/stream.ts';

export interface OpenedStream {
  stream: Stream;
  /** Closes the stream and opens it again over the same data, as a restart would. */
  reopen(): Promise<Stream>;
  cleanup(): Promise<void>;
}

const QUICK = { maxMessages: 100, maxWaitMs: 20 };

function messages(from: number, to: number, key = 'k'): Message<number>[] {
  return Array.from({ length: to - from }, (_, index) => ({ key, value: from + index }));
}

/** Reads and acknowledges until `count` messages came. */
async function take(stream: Stream, topic: string, group: string, count: number): Promise<unknown[]> {
  const stop = new AbortController();
  const taken: unknown[] = [];
  for await (const delivery of stream.subscribe(topic, group, { ...QUICK, signal: stop.signal })) {
    taken.push(...delivery.messages.map((message) => message.value));
    await delivery.acknowledge();
    if (taken.length >= count) stop.abort();
  }
  return taken;
}

/** Deliveries of a reader, one by one. */
function open(stream: Stream, topic: string, group: string, signal: AbortSignal, options = {}) {
  const deliveries = stream.subscribe<number>(topic, group, { ...QUICK, signal, ...options })[Symbol.asyncIterator]();
  return async (): Promise<Delivery<number>> => {
    const next = await deliveries.next();
    if (next.done === true) throw new Error('the subscription ended');
    return next.value;
  };
}

export function describeStreamContract(name: string, openStream: () => Promise<OpenedStream>): void {
  describe(`the ${name} stream keeps the stream contract`, { timeout: 60_000 }, () => {
    let opened: OpenedStream;
    let stop: AbortController;
    beforeEach(async () => {
      opened = await openStream();
      stop = new AbortController();
    }, 60_000);
    afterEach(async () => {
      stop.abort();
      await opened.cleanup();
    }, 60_000);

    it('delivers what was appended, in the order of each key, with keys, offsets and times', async () => {
      await opened.stream.append('t', messages(0, 5));
      await opened.stream.append('t', messages(5, 10));
      const next = open(opened.stream, 't', 'g', stop.signal);
      const received = [];
      while (received.length < 10) {
        const delivery = await next();
        received.push(...delivery.messages);
        await delivery.acknowledge();
      }
      expect(received.map((message) => message.value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(new Set(received.map((message) => message.key))).toEqual(new Set(['k']));
      expect(received.every((message) => message.appended_at > 0 && message.partition >= 0)).toBe(true);
      const offsets = received.map((message) => message.offset);
      expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets);
    });

    it('keeps values as JSON keeps them: nested, Chinese, quotes, null', async () => {
      const value = { text: '业绩预警 "beat"\n\u2028', list: [1, null, { deep: true }], none: null };
      await opened.stream.append('t', [{ key: '键 "1"', value }]);
      const delivery = await open(opened.stream, 't', 'g', stop.signal)();
      expect(delivery.messages[0]?.value).toEqual(value);
      expect(delivery.messages[0]?.key).toBe('键 "1"');
    });

    it('wakes a waiting reader when something is appended', async () => {
      const first = open(opened.stream, 't', 'g', stop.signal)();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await opened.stream.append('t', messages(0, 1));
      expect((await first).messages.map((message) => message.value)).toEqual([0]);
    });

    it('gives at most maxMessages a delivery', async () => {
      await opened.stream.append('t', messages(0, 25));
      const next = open(opened.stream, 't', 'g', stop.signal, { maxMessages: 10 });
      const sizes: number[] = [];
      for (let total = 0; total < 25;) {
        const delivery = await next();
        sizes.push(delivery.messages.length);
        total += delivery.messages.length;
        await delivery.acknowledge();
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    });

    it('delivers again after a restart what was not acknowledged, and nothing that was', async () => {
      await opened.stream.append('t', messages(0, 20));
      const next = open(opened.stream, 't', 'g', stop.signal, { maxMessages: 10 });
      const seen: number[] = [];
      while (seen.length < 10) {
        const delivery = await next();
        seen.push(...delivery.messages.map((message) => message.value));
        await delivery.acknowledge();
      }
      await next();
      const reopened = await opened.reopen();
      expect(await take(reopened, 't', 'g', 20 - seen.length)).toEqual(
        messages(0, 20)
          .map((message) => message.value)
          .slice(seen.length),
      );
    });

    it('gives each group every message', async () => {
      await opened.stream.append('t', messages(0, 7));
      expect(await take(opened.stream, 't', 'one', 7)).toHaveLength(7);
      expect(await take(opened.stream, 't', 'two', 7)).toHaveLength(7);
    });

    it('hands outputs on together with the acknowledgement, once even if it is called twice', async () => {
      await opened.stream.append('in', messages(0, 3));
      const delivery = await open(opened.stream, 'in', 'g', stop.signal)();
      const outputs = [
        { topic: 'out', messages: delivery.messages.map(({ key, value }) => ({ key, value: value * 10 })) },
      ];
      await delivery.acknowledge(outputs);
      await delivery.acknowledge(outputs);
      await opened.stream.append('out', [{ key: 'k', value: 'end' }]);
      const count = delivery.messages.length;
      expect(await take(opened.stream, 'out', 'reader', count + 1)).toEqual([
        ...delivery.messages.map((message) => message.value * 10),
        'end',
      ]);
    });

    it('lets later deliveries be acknowledged before earlier ones, and keeps their outputs in order', async () => {
      await opened.stream.append('in', messages(0, 3));
      const next = open(opened.stream, 'in', 'g', stop.signal, { maxMessages: 1, maxInFlight: 3 });
      const deliveries = [await next(), await next(), await next()];
      const done = deliveries
        .toReversed()
        .map((delivery) => delivery.acknowledge([{ topic: 'out', messages: [...delivery.messages] }]));
      await Promise.all(done);
      expect(await take(opened.stream, 'out', 'reader', 3)).toEqual([0, 1, 2]);
      expect((await opened.stream.lag('in', 'g')).messages).toBe(0);
    });

    it('does not skip an unacknowledged delivery when a later one was acknowledged', async () => {
      await opened.stream.append('in', messages(0, 2));
      const next = open(opened.stream, 'in', 'g', stop.signal, { maxMessages: 1, maxInFlight: 2 });
      await next();
      const later = (await next()).acknowledge();
      later.catch(() => undefined);
      const reopened = await opened.reopen();
      await expect(later).rejects.toMatchObject({ code: 'storage.unavailable' });
      expect(await take(reopened, 'in', 'g', 2)).toEqual([0, 1]);
    });

    it('tells the lag in messages and seconds', async () => {
      await opened.stream.createGroup('t', 'g');
      expect(await opened.stream.lag('t', 'g')).toMatchObject({ messages: 0, seconds: 0 });
      await opened.stream.append('t', messages(0, 4));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const lag = await opened.stream.lag('t', 'g');
      expect(lag.messages).toBe(4);
      expect(lag.seconds).toBeGreaterThan(0.01);
      await take(opened.stream, 't', 'g', 4);
      expect(await opened.stream.lag('t', 'g')).toMatchObject({ messages: 0, seconds: 0 });
    });

    it('shows all that a topic holds, acknowledged or not, without moving any reader', async () => {
      const scan = async (topic: string): Promise<unknown[]> => {
        const found: unknown[] = [];
        for await (const part of opened.stream.scan(topic, stop.signal)) found.push(...part.map(({ value }) => value));
        return found;
      };
      expect(await scan('t')).toEqual([]);
      await opened.stream.append('t', messages(0, 700));
      expect(await take(opened.stream, 't', 'g', 5)).toEqual(expect.arrayContaining([0, 1, 2, 3, 4]));
      const delivery = await open(opened.stream, 't', 'g', stop.signal)();
      await delivery.acknowledge([{ topic: 'out', messages: [...delivery.messages] }]);
      const { messages: lag } = await opened.stream.lag('t', 'g');
      expect(await scan('t')).toEqual(messages(0, 700).map(({ value }) => value));
      expect(await scan('out')).toEqual(delivery.messages.map(({ value }) => value));
      expect((await opened.stream.lag('t', 'g')).messages).toBe(lag);
    });

    it('ends a subscription when its signal aborts, also while it waits', async () => {
      const deliveries = opened.stream.subscribe('t', 'g', { ...QUICK, signal: stop.signal })[Symbol.asyncIterator]();
      const waiting = deliveries.next();
      setTimeout(() => stop.abort(), 30);
      expect((await waiting).done).toBe(true);
    });

    it('takes an acknowledgement after its subscription was stopped', async () => {
      await opened.stream.append('t', messages(0, 3));
      const delivery = await open(opened.stream, 't', 'g', stop.signal)();
      stop.abort();
      await delivery.acknowledge();
      expect((await opened.stream.lag('t', 'g')).messages).toBe(3 - delivery.messages.length);
    });

    it('takes an append of nothing as done', async () => {
      await opened.stream.append('t', []);
      expect((await opened.stream.lag('t', 'g')).messages).toBe(0);
    });
  });
}
