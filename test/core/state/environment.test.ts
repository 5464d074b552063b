import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Lmdb from 'lmdb';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { openState } from '../../../core/state/lmdb.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';

/** How many transactions from now on LMDB loses its way in, as their last step. */
let badTransactions = 0;
let tried = 0;
vi.mock('lmdb', async (original) => {
  const actual = await original<typeof Lmdb>();
  return {
    ...actual,
    open: (options: never) => {
      const root = actual.open(options);
      const own = root.transactionSync.bind(root);
      root.transactionSync = (<Result>(work: () => Result) =>
        own(() => {
          const result = work();
          tried += 1;
          if (badTransactions > 0) {
            badTransactions -= 1;
            throw Object.assign(new Error('MDB_BAD_TXN: reserved freelist had a data entry'), { code: -30_782 });
          }
          return result;
        })) as typeof root.transactionSync;
      return root;
    },
  };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-environment-'));
});
afterEach(async () => {
  badTransactions = 0;
  await rm(folder, { recursive: true, force: true });
});

describe('a transaction in which LMDB loses its way', () => {
  it('is done again: puts and transactions of the state are kept once', async () => {
    const state = await openState(folder);
    const table = state.table<number>('numbers');
    badTransactions = 2;
    await Promise.all([table.put('a', 1), table.put('b', 2)]);
    badTransactions = 4;
    tried = 0;
    await state.transaction(() => {
      void table.put('a', (table.get('a') ?? 0) + 10);
      void table.remove('b');
    });
    expect(tried).toBe(5);
    expect(Array.from(table.entries())).toEqual([{ key: 'a', value: 11 }]);
    await state.close();
  });

  it('appends to the stream once, with the offsets that follow', async () => {
    const log = pino({ level: 'silent' });
    const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), { folder, clock: systemClock, log });
    await stream.append('t', [{ key: 'k', value: 0 }]);
    badTransactions = 3;
    await Promise.all([stream.append('t', [{ key: 'k', value: 1 }]), stream.append('t', [{ key: 'k', value: 2 }])]);
    const found: unknown[] = [];
    for await (const messages of stream.scan<number>('t', new AbortController().signal)) {
      found.push(...messages.map(({ offset, value }) => [offset, value]));
    }
    expect(found).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    await stream.close();
  });

  it('again and again is said, and nothing of it is kept', async () => {
    const state = await openState(folder);
    const table = state.table<number>('numbers');
    badTransactions = 5;
    const failing = state.transaction(() => void table.put('a', 1));
    await expect(failing).rejects.toMatchObject({ code: 'storage.unavailable', retryable: true });
    expect(table.has('a')).toBe(false);
    await state.transaction(() => void table.put('a', 2));
    expect(table.get('a')).toBe(2);
    await state.close();
  });
});
