import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '../../../core/removal.ts';
import { openState } from '../../../core/state/lmdb.ts';
import { reviewState } from '../../../core/state/removal.ts';
import type { State } from '../../../core/state/state.ts';
import { mountSmallDisk } from '../stream/small_disk.ts';

let folder: string;
let state: State;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-state-'));
  state = await openState(folder);
});
afterEach(async () => {
  await state.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the state on disk', () => {
  it('keeps values over a restart, as the plain data that they were', async () => {
    const value = { etag: '"a"', list: [1, null, -0.5, Infinity], nested: { 名: '潮' }, big: 2 ** 53 - 1 };
    await state.table('sources').put('feed', value);
    await state.close();
    state = await openState(folder);
    expect(state.table('sources').get('feed')).toEqual(value);
    expect(state.table('sources').has('other')).toBe(false);
    expect(state.table('sources').get('other')).toBeUndefined();
  });

  it('lets reads see a put at once, before it is durable', async () => {
    const table = state.table<number>('t');
    const putting = table.put('a', 1);
    expect(table.get('a')).toBe(1);
    expect(table.has('a')).toBe(true);
    expect(table.count()).toBe(1);
    const removing = table.remove('a');
    expect(table.has('a')).toBe(false);
    expect([...table.entries()]).toEqual([]);
    await Promise.all([putting, removing]);
    expect(table.get('a')).toBeUndefined();
  });

  it('keeps what a put was given, not what its caller makes of it later', async () => {
    const value = { n: 1 };
    const putting = state.table('t').put('a', value);
    value.n = 2;
    expect(state.table('t').get('a')).toEqual({ n: 1 });
    await putting;
    expect(state.table('t').get('a')).toEqual({ n: 1 });
  });

  it('lists entries in bytewise key order, from inclusive, to exclusive, up to the limit', async () => {
    const table = state.table<number>('t');
    const keys = ['b', 'a', '中', 'B', 'a1', '\u{1f30a}', 'é'];
    await Promise.all(keys.map((key, index) => table.put(key, index)));
    const ordered = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...table.entries()].map((entry) => entry.key)).toEqual(ordered);
    expect([...table.entries({ from: 'a', to: 'b' })].map((entry) => entry.key)).toEqual(['a', 'a1']);
    expect([...table.entries({ from: 'a', limit: 3 })].map((entry) => entry.key)).toEqual(['a', 'a1', 'b']);
    expect(table.count()).toBe(keys.length);
  });

  it('keeps tables apart', async () => {
    await state.table('one').put('k', 1);
    await state.table('two').put('k', 2);
    expect(state.table('one').get('k')).toBe(1);
    expect(state.table('two').get('k')).toBe(2);
  });

  it('makes all writes of a transaction durable, or none', async () => {
    const table = state.table<number>('t');
    const before = table.put('before', 0);
    await state.transaction(() => {
      void table.put('a', 1);
      void table.put('b', (table.get('a') ?? 0) + 1);
      void table.remove('before');
      expect(table.get('before')).toBeUndefined();
    });
    await before;
    expect([...table.entries()]).toEqual([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    const failing = state.transaction(() => {
      void table.put('a', 9);
      throw new Error('not this time');
    });
    await expect(failing).rejects.toThrow(/^not this time$/);
    expect(table.get('a')).toBe(1);
  });

  it('undoes a transaction in which a put fails, awaited or not', async () => {
    const table = state.table<unknown>('t');
    const failing = state.transaction(() => {
      void table.put('a', 1);
      void table.put('', 2);
    });
    await expect(failing).rejects.toMatchObject({ code: 'internal' });
    expect(table.count()).toBe(0);
  });

  it('does not lose a put that waits when a transaction right after it fails', async () => {
    const table = state.table<number>('t');
    const putting = table.put('kept', 1);
    await state
      .transaction(() => {
        throw new Error('no');
      })
      .catch(() => undefined);
    await putting;
    expect(table.get('kept')).toBe(1);
  });

  it('fails a value that cannot be kept without failing the puts beside it', async () => {
    const table = state.table<unknown>('t');
    const outcomes = await Promise.allSettled([
      table.put('good', 1),
      table.put('function', () => 1),
      table.put('too big', 2n ** 70n),
      table.put('also good', 2),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect([...table.entries()].map((entry) => entry.key)).toEqual(['also good', 'good']);
  });

  it('takes keys of 1,900 bytes and refuses longer and empty ones', async () => {
    const table = state.table<number>('t');
    await table.put('k'.repeat(1_900), 1);
    expect(table.get('k'.repeat(1_900))).toBe(1);
    await expect(table.put('k'.repeat(1_901), 1)).rejects.toMatchObject({ code: 'internal' });
    await expect(table.put('', 1)).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses writes after it was closed', async () => {
    const table = state.table<number>('t');
    await state.close();
    await expect(table.put('a', 1)).rejects.toMatchObject({ code: 'storage.unavailable' });
  });

  it('opens no table within a transaction, which could be undone and take it along', async () => {
    await state.table('old').put('a', 1);
    const failing = state.transaction(() => void state.table('new'));
    await expect(failing).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('new') });
    await state.transaction(() => void state.table('old').put('a', 2));
    await state.table('new').put('b', 3);
    expect([state.table('old').get('a'), state.table('new').get('b')]).toEqual([2, 3]);
  });

  it('keeps each row in its own table after a removal that was undone', async () => {
    await state.table('notify.queue').put('q1', { id: 'd1', title: 'A notification', text: '亏损扩大' });
    await state.table('ingest_feeds').put('f1', 'a cursor');
    await state.close();
    state = await openState(folder);
    const broken: Target = {
      kind: 'document',
      outlet: null,
      get values(): string[] {
        throw new Error('undone');
      },
    };
    await expect(reviewState(state, [broken], { remove: true })).rejects.toThrow('undone');
    await state.table('opened later').put('o1', 'mine');
    await state.table('notify.queue').put('q2', 'another notification');
    await state.table('ingest_feeds').put('f2', 'another cursor');
    await state.close();
    state = await openState(folder);
    const rows = (name: string): string[] => Array.from(state.table(name).entries(), ({ key }) => key);
    expect([rows('notify.queue'), rows('ingest_feeds'), rows('opened later')]).toEqual([
      ['q1', 'q2'],
      ['f1', 'f2'],
      ['o1'],
    ]);
  });

  it('names a read-only data folder', async ({ skip }) => {
    const disk = mountSmallDisk(1);
    if (typeof disk === 'string') {
      console.warn(`skipped: the read-only folder, because ${disk}`);
      skip(disk);
      return;
    }
    try {
      disk.makeReadOnly();
      await expect(openState(disk.folder)).rejects.toMatchObject({ code: 'storage.read_only' });
      await expect(openState(join(disk.folder, 'below'))).rejects.toMatchObject({ code: 'storage.read_only' });
    } finally {
      disk.unmount();
    }
  });
});
