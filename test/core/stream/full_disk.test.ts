import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { openState } from '../../../core/state/lmdb.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';
import type { Message } from '../../../core/stream/stream.ts';
import { mountSmallDisk } from './small_disk.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const disk = mountSmallDisk(12);
if (typeof disk === 'string') console.warn(`skipped: the full-disk tests, because ${disk}`);

describe.skipIf(typeof disk === 'string')('on a full disk', () => {
  if (typeof disk === 'string') return;
  afterAll(() => disk.unmount());
  const messages = (from: number): Message[] =>
    Array.from({ length: 10 }, (_, index) => ({ key: 'k', value: { number: from + index, text: 'x'.repeat(9_000) } }));

  it('an append is refused as storage.full, leaves nothing half-written, and works once there is room', async () => {
    const ballast = join(disk.folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(6_000_000, 1));
    const folder = join(disk.folder, 'stream');
    const open = () => openEmbeddedStream(embeddedStreamSettings.parse({}), { folder, clock: systemClock, log });
    let stream = await open();
    await stream.createGroup('t', 'g');
    let appended = 0;
    let refusal: unknown;
    while (refusal === undefined && appended < 5_000) {
      await stream.append('t', messages(appended)).then(
        () => (appended += 10),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ code: 'storage.full', retryable: true });
    await expect(stream.append('t', messages(appended))).rejects.toMatchObject({ code: 'storage.full' });
    expect((await stream.lag('t', 'g')).messages).toBe(appended);

    await stream.close();
    stream = await open();
    expect((await stream.lag('t', 'g')).messages).toBe(appended);
    await expect(stream.append('t', messages(appended))).rejects.toMatchObject({ code: 'storage.full' });

    rmSync(ballast);
    await stream.append('t', messages(appended));
    appended += 10;
    const numbers: number[] = [];
    const stop = new AbortController();
    for await (const { messages: received, acknowledge } of stream.subscribe<{ number: number }>('t', 'g', {
      maxMessages: 50,
      maxWaitMs: 0,
      signal: stop.signal,
    })) {
      numbers.push(...received.map((message) => message.value.number));
      await acknowledge();
      if (numbers.length >= appended) stop.abort();
    }
    expect(numbers).toEqual(Array.from({ length: appended }, (_, index) => index));
    await stream.close();
  });

  it('a put is refused as storage.full, reads still work, and puts work once there is room', async () => {
    const ballast = join(disk.folder, 'ballast');
    rmSync(join(disk.folder, 'stream'), { recursive: true });
    writeFileSync(ballast, Buffer.alloc(8_000_000, 1));
    const state = await openState(join(disk.folder, 'state'));
    const table = state.table<string>('t');
    let kept = 0;
    let refusal: unknown;
    while (refusal === undefined && kept < 5_000) {
      await table.put(`k${kept}`, 'x'.repeat(9_000)).then(
        () => (kept += 1),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ code: 'storage.full' });
    expect(table.count()).toBe(kept);
    expect(table.get(`k${kept}`)).toBeUndefined();
    await expect(state.transaction(() => void table.put('more', 'x'.repeat(9_000)))).rejects.toMatchObject({
      code: 'storage.full',
    });
    rmSync(ballast);
    await table.put(`k${kept}`, 'now');
    expect(table.get(`k${kept}`)).toBe('now');
    await state.close();
  });
});
