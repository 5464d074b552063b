import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import * as zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createLogger, type LogLevel } from '../../../core/log.ts';
import { kafkaStreamSettings, openKafkaStream } from '../../../core/stream/kafka.ts';
import { redrive } from '../../../core/stream/redrive.ts';
import type { Delivery, Message, Stream } from '../../../core/stream/stream.ts';
import { describeStreamContract } from '../../contracts/stream.ts';
import { startKafkaBroker, type KafkaBroker } from '../../kafka_broker.ts';
import { describeKafkaSecurity } from './kafka_security.ts';

const level = (process.env['KAFKA_TEST_LOG'] ?? 'silent') as LogLevel;
const log = createLogger({ level, format: 'json' });
const WORKER = fileURLToPath(new URL('./kafka_worker.ts', import.meta.url));
const broker = await startKafkaBroker({ secure: true });

if ('missing' in broker) {
  console.log(`Kafka is not tested: ${broker.missing}`);
  describe('the kafka stream', () => {
    it.skip(`is not tested here: ${broker.missing}`, () => undefined);
  });
} else {
  console.log(`Kafka is tested on ${broker.kind}`);
  testKafka(broker);
}

function testKafka(server: KafkaBroker): void {
  afterAll(() => server.stop(), 60_000);
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    vi.restoreAllMocks();
  }, 60_000);

  function settingsWith(overrides: object = {}) {
    return kafkaStreamSettings.parse({
      brokers: server.brokers,
      topic_prefix: `${randomUUID().slice(0, 8)}.`,
      partitions: 3,
      replication_factor: 1,
      session_timeout_ms: 6000,
      ...overrides,
    });
  }

  async function openWith(settings: ReturnType<typeof settingsWith>): Promise<Stream> {
    const stream = await openKafkaStream(settings, { clock: systemClock, log });
    closers.push(() => stream.close());
    return stream;
  }

  describeStreamContract('kafka', async () => {
    const settings = settingsWith();
    let stream = await openKafkaStream(settings, { clock: systemClock, log });
    return {
      stream,
      async reopen() {
        await stream.close();
        stream = await openKafkaStream(settings, { clock: systemClock, log });
        return stream;
      },
      cleanup: () => stream.close(),
    };
  });

  describeKafkaSecurity(server.secure, settingsWith);

  /** Copies `in` to `out` as group `g` until stopped; a refused acknowledgement is left to come again. */
  function copy(stream: Stream, name: string, signal: AbortSignal): { done: Promise<void>; copied: () => number } {
    let copied = 0;
    const done = (async () => {
      const options = { maxMessages: 20, maxWaitMs: 5, maxInFlight: 2, signal };
      while (!signal.aborted) {
        for await (const delivery of stream.subscribe<{ n: number }>('in', 'g', options)) {
          const messages = delivery.messages.map(({ key, value }) => ({ key, value: { ...value, by: name } }));
          await pause(5);
          delivery.acknowledge([{ topic: 'out', messages }]).then(
            () => (copied += messages.length),
            () => undefined,
          );
        }
      }
    })();
    return { done, copied: () => copied };
  }

  /** Everything of a topic that committed readers see, by partition in order. */
  async function readAll(stream: Stream, topic: string, count: number): Promise<{ n: number; by: string }[]> {
    const stop = new AbortController();
    const all: { n: number; by: string }[] = [];
    const options = { maxMessages: 1000, maxWaitMs: 5, signal: stop.signal };
    for await (const delivery of stream.subscribe<{ n: number; by: string }>(topic, `check${randomUUID()}`, options)) {
      all.push(...delivery.messages.map(({ value }) => value));
      await delivery.acknowledge();
      if (all.length >= count) setTimeout(() => stop.abort(), 300);
    }
    return all;
  }

  const numbered = (from: number, to: number, keys = 12): Message[] =>
    Array.from({ length: to - from }, (_, index) => ({ key: `k${(from + index) % keys}`, value: { n: from + index } }));

  function reader<Value>(stream: Stream, topic: string, signal: AbortSignal, options = {}) {
    const subscription = stream.subscribe<Value>(topic, 'g', { maxMessages: 100, maxWaitMs: 20, signal, ...options });
    const all = subscription[Symbol.asyncIterator]();
    return async (): Promise<Delivery<Value>> => {
      const next = await all.next();
      if (next.done === true) throw new Error('the subscription ended');
      return next.value;
    };
  }

  async function startWorker(prefix: string, name: string) {
    const program = ['--import', 'tsx', WORKER, server.brokers.join(), prefix, name];
    const worker = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(async () => worker.kill('SIGKILL'));
    let said = '';
    worker.stdout.on('data', (data: Buffer) => (said += data.toString()));
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    return {
      gone,
      kill: (signal: NodeJS.Signals) => worker.kill(signal),
      said: (word: string, times: number) => until(() => said.split(word).length > times),
    };
  }

  function expectOnceAndInOrder(found: readonly { n: number }[], count: number, keys = 12): void {
    expect(found.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    for (let key = 0; key < keys; key += 1) {
      const own = found.map(({ n }) => n).filter((n) => n % keys === key);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  }

  describe('readers of one group on Kafka', () => {
    it('share partitions, and hand each message on once and in order when one leaves', async () => {
      const settings = settingsWith();
      const [first, second] = [await openWith(settings), await openWith(settings)];
      const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
      const one = copy(first, 'first', stopFirst.signal);
      const two = copy(second, 'second', stopSecond.signal);
      let sent = 0;
      const send = async (): Promise<void> => {
        await first.append('in', numbered(sent, (sent += 60)));
        await pause(10);
      };
      while (one.copied() === 0 || two.copied() === 0) await send();
      for (const enough = sent + 600; sent < enough;) await send();
      stopFirst.abort();
      for (const enough = sent + 600; sent < enough;) await send();
      await one.done;
      await until(async () => (await second.lag('in', 'g')).messages === 0);
      stopSecond.abort();
      await two.done;
      const found = await readAll(second, 'out', sent);
      expectOnceAndInOrder(found, sent);
      expect(new Set(found.map(({ by }) => by))).toEqual(new Set(['first', 'second']));
    });

    it('lose nothing and repeat nothing when one is killed in its work', async () => {
      const settings = settingsWith({ session_timeout_ms: 2000 });
      const stream = await openWith(settings);
      await stream.append('in', numbered(0, 1500));
      await stream.createGroup('in', 'g');
      const worker = await startWorker(settings.topic_prefix, 'killed');
      await worker.said('acknowledged', 3);
      worker.kill('SIGKILL');
      await worker.gone;
      const stop = new AbortController();
      const own = copy(stream, 'survivor', stop.signal);
      await until(async () => (await stream.lag('in', 'g')).messages === 0);
      stop.abort();
      await own.done;
      const found = await readAll(stream, 'out', 1500);
      expectOnceAndInOrder(found, 1500);
      expect(new Set(found.map(({ by }) => by))).toEqual(new Set(['killed', 'survivor']));
    });

    it('take over from one that hangs, and refuse its acknowledgements when it wakes up', async () => {
      const settings = settingsWith({ session_timeout_ms: 2000 });
      const stream = await openWith(settings);
      await stream.append('in', numbered(0, 1500));
      await stream.createGroup('in', 'g');
      const worker = await startWorker(settings.topic_prefix, 'hung');
      await worker.said('acknowledged', 2);
      worker.kill('SIGSTOP');
      const stop = new AbortController();
      const own = copy(stream, 'survivor', stop.signal);
      await until(async () => (await stream.lag('in', 'g')).messages === 0);
      worker.kill('SIGCONT');
      await worker.said('refused', 1);
      worker.kill('SIGKILL');
      await worker.gone;
      stop.abort();
      await own.done;
      expectOnceAndInOrder(await readAll(stream, 'out', 1500), 1500);
    });

    it('refuse an acknowledgement of who was replaced unnoticed, and deliver its messages again', async () => {
      const settings = settingsWith({ partitions: 1 });
      const stream = await openWith(settings);
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      await stream.append('in', numbered(0, 3));
      const next = reader<{ n: number }>(stream, 'in', stop.signal);
      const delivery = await next();
      // What another owner of the partition does first.
      const other = new Kafka({ brokers: server.brokers, logLevel: logLevel.NOTHING }).producer({
        transactionalId: `${settings.topic_prefix}in.g.0`,
        idempotent: true,
      });
      await other.connect();
      await (await other.transaction()).abort();
      await other.disconnect();
      const outputs = (from: Delivery<{ n: number }>) => [{ topic: 'out', messages: [...from.messages] }];
      await expect(delivery.acknowledge(outputs(delivery))).rejects.toMatchObject({
        code: 'storage.unavailable',
        retryable: true,
      });
      const again = await next();
      expect(again.messages.map(({ value }) => value.n)).toEqual([0, 1, 2]);
      await again.acknowledge(outputs(again));
      expectOnceAndInOrder(await readAll(stream, 'out', 3), 3);
    });

    it('deliver again what an aborted transaction was to acknowledge, and show none of its outputs', async () => {
      const stream = await openWith(settingsWith({ partitions: 1, compression: 'none' }));
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      await stream.append('in', numbered(0, 3));
      const next = reader<{ n: number }>(stream, 'in', stop.signal);
      const delivery = await next();
      const tooLarge = { key: 'k', value: randomBytes(1_200_000).toString('base64') };
      await expect(
        delivery.acknowledge([
          { topic: 'out', messages: [...delivery.messages] },
          { topic: 'out', messages: [tooLarge] },
        ]),
      ).rejects.toMatchObject({ code: 'input.too_large', retryable: false });
      const again = await next();
      expect(again.messages.map(({ value }) => value.n)).toEqual([0, 1, 2]);
      await again.acknowledge([{ topic: 'out', messages: [...again.messages] }]);
      expectOnceAndInOrder(await readAll(stream, 'out', 3), 3);
    });

    it('read partitions of different sizes abreast where messages have times', async () => {
      const settings = settingsWith({ partitions: 4 });
      const stream = await openWith(settings);
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
      await stream.append(
        'in',
        keys.map((key) => ({ key, value: { n: -1 } })),
      );
      const partitions = new Map<string, number>();
      for await (const part of stream.scan('in', stop.signal)) {
        for (const { key, partition } of part) partitions.set(key, partition);
      }
      const [many = '', few = ''] = [keys[0], keys.find((key) => partitions.get(key) !== partitions.get('a'))];
      const options = { maxMessages: 20, maxWaitMs: 5, timeOf: (value: unknown) => (value as { n: number }).n };
      const deliveries = stream.subscribe<{ n: number }>('in', 'g', { ...options, signal: stop.signal });
      const next = async (): Promise<Delivery<{ n: number }>> => {
        const { value } = await deliveries[Symbol.asyncIterator]().next();
        return value as Delivery<{ n: number }>;
      };
      // While the last of the first deliveries is open nothing is handed out: both partitions are fetched meanwhile.
      let first = await next();
      for (let count = first.messages.length; count < keys.length; count += first.messages.length) {
        await first.acknowledge();
        first = await next();
      }
      const length = 2000;
      const backlog = Array.from({ length }, (_, n) => [
        { key: many, value: { n } },
        ...(n % 20 === 0 ? [{ key: few, value: { n } }] : []),
      ]).flat();
      await stream.append('in', backlog);
      await pause(2000);
      await first.acknowledge();
      const reached = new Map([
        [many, 0],
        [few, 0],
      ]);
      let apart = 0;
      for (let count = 0; count < backlog.length;) {
        const delivery = await next();
        count += delivery.messages.length;
        for (const { key, value } of delivery.messages) reached.set(key, value.n);
        apart = Math.max(apart, (reached.get(few) ?? 0) - (reached.get(many) ?? 0));
        await delivery.acknowledge();
      }
      // Twenty of the few are 400 apart; read each at its own pace they would all come at once.
      expect(apart).toBeGreaterThan(0);
      expect(apart).toBeLessThanOrEqual(400);
    });

    it('come to a lag of 0 on a topic that is written by transactions', async () => {
      const settings = settingsWith({ partitions: 1 });
      const stream = await openWith(settings);
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      const copying = copy(stream, 'copy', stop.signal);
      await stream.append('in', numbered(0, 60));
      await until(() => copying.copied() === 60);
      await readAll(stream, 'out', 60);
      const next = reader<{ n: number }>(stream, 'out', stop.signal);
      for (let count = 0; count < 60;) {
        const delivery = await next();
        count += delivery.messages.length;
        await delivery.acknowledge();
      }
      const elsewhere = await openWith(settings);
      await until(async () => (await elsewhere.lag('out', 'g')).messages === 0);
      expect(await stream.lag('out', 'g')).toMatchObject({ messages: 0, seconds: 0 });
    });

    it('read what there is again when a broker has lost the end of its log, and say so', async () => {
      const settings = settingsWith({ partitions: 1 });
      const groupId = `${settings.topic_prefix}in.g`;
      const stream = await openWith(settings);
      await stream.createGroup('in', 'g');
      await stream.append('in', numbered(0, 10));
      // What such a broker leaves: the group has committed more than the log holds.
      const admin = new Kafka({ brokers: [...server.brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      closers.push(() => admin.disconnect());
      const partitions = [{ partition: 0, offset: '40' }];
      await admin.setOffsets({ groupId, topic: `${settings.topic_prefix}in`, partitions });
      expect((await stream.lag('in', 'g')).messages).toBe(10);
      await stream.append('in', numbered(10, 30));
      const warned: unknown[] = [];
      const noting = createLogger({ level: 'warn', format: 'json' });
      vi.spyOn(noting, 'warn').mockImplementation((fields: unknown) => void warned.push(fields));
      const reading = await openKafkaStream(settings, { clock: systemClock, log: noting });
      closers.push(() => reading.close());
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      const next = reader<{ n: number }>(reading, 'in', stop.signal, { timeOf: () => NaN });
      const found = new Set<number>();
      while (found.size < 30) {
        const delivery = await next();
        for (const { value } of delivery.messages) found.add(value.n);
        await delivery.acknowledge();
      }
      expect([...found].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
      expect(warned).toContainEqual(expect.objectContaining({ event: 'stream.truncated', committed: 40, high: 30 }));
      await until(async () => (await reading.lag('in', 'g')).messages === 0);
    });

    it('start anew when they are silent though messages wait', async () => {
      const original = Kafka.prototype.consumer;
      let silent = 0;
      vi.spyOn(Kafka.prototype, 'consumer').mockImplementation(function (this: Kafka, config) {
        const consumer: Consumer = original.call(this, config);
        silent += 1;
        // The first one never joins, and says nothing of it.
        return silent > 1 ? consumer : { ...consumer, run: () => Promise.resolve() };
      });
      const stream = await openWith(settingsWith({ stall_restart_secs: 1 }));
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      await stream.append('in', numbered(0, 3));
      const delivery = await reader<{ n: number }>(stream, 'in', stop.signal)();
      expect(delivery.messages.length).toBeGreaterThan(0);
      expect(silent).toBe(2);
    });

    it('leave their group when they are stopped while they start anew, and keep nothing from others', async () => {
      const original = Kafka.prototype.consumer;
      let made = 0;
      let connecting = (): void => undefined;
      const isConnecting = new Promise<void>((resolve) => (connecting = resolve));
      vi.spyOn(Kafka.prototype, 'consumer').mockImplementation(function (this: Kafka, config) {
        const consumer: Consumer = original.call(this, config);
        made += 1;
        if (made === 1) return { ...consumer, run: () => Promise.resolve() };
        if (made > 2) return consumer;
        const connect = async (): Promise<void> => {
          connecting();
          await pause(700);
          await consumer.connect();
        };
        return { ...consumer, connect };
      });
      const stream = await openWith(settingsWith({ stall_restart_secs: 1 }));
      const stop = new AbortController();
      await stream.append('in', numbered(0, 30));
      const stopped = reader<{ n: number }>(stream, 'in', stop.signal)();
      stopped.catch(() => undefined);
      await isConnecting;
      stop.abort();
      await expect(stopped).rejects.toThrow('ended');
      await pause(1500);
      const after = new AbortController();
      const copying = copy(stream, 'after', after.signal);
      await until(() => copying.copied() === 30, 15_000);
      after.abort();
      await copying.done;
    });

    it('get what is not JSON as its text, so that a stage can refuse it', async () => {
      const settings = settingsWith({ partitions: 1 });
      const stream = await openWith(settings);
      const stop = new AbortController();
      closers.push(async () => stop.abort());
      await stream.createGroup('in', 'g');
      const foreign = new Kafka({ brokers: server.brokers, logLevel: logLevel.NOTHING }).producer();
      await foreign.connect();
      await foreign.send({ topic: `${settings.topic_prefix}in`, messages: [{ value: 'not JSON' }, { value: null }] });
      await foreign.disconnect();
      const delivery = await reader<unknown>(stream, 'in', stop.signal)();
      expect(delivery.messages.map(({ value }) => value)).toEqual(['not JSON', null]);
    });
  });

  it('dead letters on Kafka go back to their topic once, whoever asks again', async () => {
    const settings = settingsWith();
    const [first, second] = [await openWith(settings), await openWith(settings)];
    const letter = (n: number, code: string) => ({
      key: `k${n}`,
      value: { stage: 'classifier', code, reason: 'why', at: '2026-03-02T08:00:00.000Z', value: { n } },
    });
    await first.append('in.dead', [letter(1, 'model.failed'), letter(2, 'input.invalid'), letter(3, 'model.failed')]);
    const filter = { stages: [], codes: ['model.failed'], since: null };
    const ask = (stream: Stream, dryRun: boolean) =>
      redrive(stream, 'in', filter, { dryRun, signal: new AbortController().signal });
    const sent = { 'classifier model.failed': 2 };
    expect(await ask(first, true)).toMatchObject({ found: 3, sent, not_asked_for: 1 });
    expect(await ask(first, false)).toMatchObject({ found: 3, sent });
    expect(await ask(second, false)).toMatchObject({ found: 3, sent: {}, sent_before: 2, not_asked_for: 1 });
    expect(new Set((await readAll(second, 'in', 2)).map(({ n }) => n))).toEqual(new Set([1, 3]));
  });

  describe('writers on Kafka', () => {
    const hasZstd = 'zstdCompress' in zlib;
    for (const compression of ['gzip', 'zstd', 'none'] as const) {
      it.runIf(compression !== 'zstd' || hasZstd)(
        `compress batches by ${compression}, and any reader reads them`,
        async () => {
          const settings = settingsWith({ partitions: 1, compression });
          const stream = await openWith(settings);
          const text = '业绩预警 profit warning '.repeat(2000);
          await stream.append('in', [{ key: 'k', value: { n: 0, text } }]);
          const other = await openWith({ ...settings, compression: 'gzip' });
          const stop = new AbortController();
          closers.push(async () => stop.abort());
          const delivery = await reader<{ text: string }>(other, 'in', stop.signal)();
          expect(delivery.messages[0]?.value.text).toBe(text);
        },
      );
    }

    it.runIf(!hasZstd)('are told which Node zstd needs, where this one is older', async () => {
      await expect(openWith(settingsWith({ compression: 'zstd' }))).rejects.toMatchObject({
        code: 'library.missing',
        message: expect.stringContaining('stream.compression'),
      });
    });

    it('wait while a registered group is too far behind, and go on by themselves', async () => {
      const stream = await openWith(settingsWith({ max_backlog_messages: 100 }));
      await stream.createGroup('in', 'g');
      await stream.append('in', numbered(0, 100));
      await pause(1100);
      let done = false;
      const waiting = stream.append('in', numbered(100, 101)).then(() => (done = true));
      const stop = new AbortController();
      const refused = stream.append('in', numbered(101, 102), stop.signal);
      stop.abort(new Error('stopped'));
      await expect(refused).rejects.toThrow('stopped');
      await pause(700);
      expect(done).toBe(false);
      const copied = new AbortController();
      const copying = copy(stream, 'copy', copied.signal);
      await waiting;
      await until(() => copying.copied() === 101);
      copied.abort();
      await copying.done;
    });

    it('are told within seconds which setting names a broker that is not there', async () => {
      await expect(
        openKafkaStream(settingsWith({ brokers: ['127.0.0.1:1'] }), { clock: systemClock, log }),
      ).rejects.toMatchObject({ code: 'storage.unavailable', hint: expect.stringContaining('stream.brokers') });
    });

    it.runIf(server.kill !== undefined)(
      'and readers outlive a broker that is killed and comes back: nothing lost, nothing handed on twice',
      { timeout: 120_000 },
      async () => {
        const stream = await openWith(settingsWith({ session_timeout_ms: 10_000 }));
        const stop = new AbortController();
        const copying = copy(stream, 'copy', stop.signal);
        let sent = 0;
        const writing = (async () => {
          while (sent < 3000) {
            // A stage's own retry; what is tried again may be there twice in `in`, never missing.
            await stream.append('in', numbered(sent, sent + 50)).then(
              () => (sent += 50),
              () => pause(200),
            );
            await pause(20);
          }
        })();
        await until(() => copying.copied() > 300);
        await server.kill?.();
        await pause(1500);
        await server.start?.();
        await writing;
        await until(async () => (await stream.lag('in', 'g').catch(() => undefined))?.messages === 0, 60_000);
        stop.abort();
        await copying.done;
        const taken = await readAll(stream, 'in', 3000);
        const found = await readAll(stream, 'out', taken.length);
        const numbers = (values: readonly { n: number }[]) => values.map(({ n }) => n).toSorted((a, b) => a - b);
        expect(new Set(numbers(taken)).size).toBe(3000);
        expect(numbers(found)).toEqual(numbers(taken));
      },
    );
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition: () => Promise<boolean> | boolean, withinMs = 40_000): Promise<void> {
  for (const deadline = performance.now() + withinMs; !(await condition());) {
    if (performance.now() > deadline) throw new Error(`it did not happen within ${withinMs / 1000} s`);
    await pause(50);
  }
}
