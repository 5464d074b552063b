import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createReplayClock, systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';
import type { Message, Stream } from '../../../core/stream/stream.ts';
import { describeStreamContract } from '../../contracts/stream.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const cleanups: (() => Promise<void>)[] = [];

async function openHere(settings: object = {}, clock = systemClock) {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-stream-'));
  const parsed = embeddedStreamSettings.parse(settings);
  let stream = await openEmbeddedStream(parsed, { folder, clock, log });
  return {
    folder,
    stream,
    async reopen() {
      await stream.close();
      stream = await openEmbeddedStream(parsed, { folder, clock, log });
      return stream;
    },
    async cleanup() {
      await stream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openTemporary(settings: object = {}, clock = systemClock) {
  const opened = await openHere(settings, clock);
  cleanups.push(opened.cleanup);
  return opened;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function batch(count: number, size = 10): Message[] {
  return Array.from({ length: count }, (_, index) => ({ key: String(index), value: 'x'.repeat(size) }));
}

async function drain(stream: Stream, topic: string, group: string, count: number): Promise<number[]> {
  const stop = new AbortController();
  const offsets: number[] = [];
  for await (const delivery of stream.subscribe(topic, group, {
    maxMessages: 500,
    maxWaitMs: 0,
    signal: stop.signal,
  })) {
    offsets.push(...delivery.messages.map((message) => message.offset));
    await delivery.acknowledge();
    if (offsets.length >= count) stop.abort();
  }
  return offsets;
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 500) throw new Error('it did not happen within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeStreamContract('embedded', () => openHere());

describe('back-pressure of the embedded stream', () => {
  it('makes writers wait while a registered group is too far behind, and lets them on by itself', async () => {
    const { stream } = await openTemporary({ max_backlog_messages: 100 });
    await stream.createGroup('t', 'g');
    await stream.append('t', batch(100));
    let done = false;
    const waiting = stream.append('t', batch(1)).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(done).toBe(false);
    await drain(stream, 't', 'g', 100);
    await waiting;
    expect((await stream.lag('t', 'g')).messages).toBe(1);
  });

  it('lets waiting writers in in the order they came', async () => {
    const { stream } = await openTemporary({ max_backlog_messages: 1 });
    await stream.createGroup('t', 'g');
    await stream.append('t', [{ key: 'a', value: 0 }]);
    const waiting = [1, 2, 3, 4].map((value) => stream.append('t', [{ key: 'a', value }]));
    const stop = new AbortController();
    const values: unknown[] = [];
    for await (const delivery of stream.subscribe('t', 'g', { maxMessages: 1, maxWaitMs: 0, signal: stop.signal })) {
      values.push(delivery.messages[0]?.value);
      await delivery.acknowledge();
      if (values.length === 5) stop.abort();
    }
    await Promise.all(waiting);
    expect(values).toEqual([0, 1, 2, 3, 4]);
  });

  it('rejects a waiting append with the reason of its signal, and appends nothing of it', async () => {
    const { stream } = await openTemporary({ max_backlog_messages: 1 });
    await stream.createGroup('t', 'g');
    await stream.append('t', batch(1));
    const stop = new AbortController();
    const waiting = stream.append('t', batch(1), stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    expect((await stream.lag('t', 'g')).messages).toBe(1);
  });

  it('never makes writers of a topic without readers wait, such as dead letters', async () => {
    const { stream } = await openTemporary({ max_backlog_messages: 1 });
    for (let round = 0; round < 5; round += 1) await stream.append('documents.dead', batch(10));
  });

  it('ends waiting appends when the stream closes', async () => {
    const { stream } = await openTemporary({ max_backlog_messages: 1 });
    await stream.createGroup('t', 'g');
    await stream.append('t', batch(1));
    const waiting = stream.append('t', batch(1));
    waiting.catch(() => undefined);
    await stream.close();
    await expect(waiting).rejects.toMatchObject({ code: 'storage.unavailable' });
  });
});

describe('retention of the embedded stream', () => {
  it('removes acknowledged messages when over max_bytes, and never unread ones', async () => {
    const { stream } = await openTemporary({ max_bytes: 1_000_000 });
    await stream.createGroup('t', 'slow');
    for (let round = 0; round < 9; round += 1) await stream.append('t', batch(100, 1_000));
    await drain(stream, 't', 'fast', 900);
    let done = false;
    const more = stream
      .append('t', batch(200, 1_000))
      .then(() => stream.append('t', batch(1)))
      .then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(done).toBe(false);
    const offsets = await drain(stream, 't', 'slow', 1_100);
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, index) => index));
    await more;
    await until(async () => (await firstOffset(stream, 't')) > 0);
  });

  it('removes what is older than retention_hours once every group has acknowledged it', async () => {
    const clock = createReplayClock(Date.parse('2024-01-01T00:00:00Z'));
    const { stream } = await openTemporary({ retention_hours: 1, max_bytes: 1_000_000 }, clock);
    await stream.createGroup('t', 'slow');
    await stream.append('t', batch(10));
    await drain(stream, 't', 'fast', 10);
    clock.advanceTo(Date.parse('2024-01-01T02:00:00Z'));
    await stream.append('t', batch(10));
    // Filling another topic over the size makes retention run now.
    await stream.createGroup('big', 'g');
    const fill = async () => {
      await stream.append('big', batch(1_000, 1_500));
      await drain(stream, 'big', 'g', 1_000);
    };
    await fill();
    expect(await drain(stream, 't', 'slow', 20)).toHaveLength(20);
    await fill();
    await until(async () => (await firstOffset(stream, 't')) >= 10);
  });
});

/** Where a new group starts: the oldest message that is kept. */
let probes = 0;
async function firstOffset(stream: Stream, topic: string): Promise<number> {
  const group = `probe${(probes += 1)}`;
  const stop = new AbortController();
  for await (const delivery of stream.subscribe(topic, group, {
    maxMessages: 100_000,
    maxWaitMs: 0,
    signal: stop.signal,
  })) {
    stop.abort();
    await delivery.acknowledge();
    return delivery.messages[0]?.offset ?? 0;
  }
  throw new Error('the topic is empty');
}
