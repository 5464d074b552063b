import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChangelog, takeOver } from '../../../core/state/changelog.ts';
import { openState } from '../../../core/state/lmdb.ts';
import type { State } from '../../../core/state/state.ts';

let folder: string;
let state: State;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-changelog-'));
  state = await openState(folder);
});
afterEach(async () => {
  await state.close();
  await rm(folder, { recursive: true, force: true });
});

type Changes = Record<string, number | null>;
const open = () => openChangelog<number>(state, 'log');
const rows = (): Record<string, number> => Object.fromEntries(open().rows);
const batches = () => Array.from(state.table<[string, number | null][]>('log').entries(), ({ value }) => value);
const entries = (): number => batches().reduce((sum, batch) => sum + batch.length, 0);

async function write({ changelog }: ReturnType<typeof open>, changes: Changes): Promise<void> {
  await state.transaction(() => changelog.record(new Map(Object.entries(changes))));
  changelog.settle();
}

/** Numbers that look random and are the same each time. */
function draws(): () => number {
  let seed = 7;
  return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('rows kept as a log of changes', () => {
  it('are read back as they last stood, in the order in which they changed, over restarts', async () => {
    const log = open();
    await write(log, { a: 1, b: 2, c: 3 });
    await write(log, { a: 4, b: null });
    await write(log, {});
    await state.close();
    state = await openState(folder);
    expect([...open().rows]).toEqual([['c', 3], ['a', 4]]); // prettier-ignore
    await write(open(), { b: 5 });
    expect(rows()).toEqual({ a: 4, b: 5, c: 3 });
    expect(batches()).toHaveLength(3);
  });

  it('stay right while the log is tidied up, and it stays within twice the rows that live', async () => {
    const draw = draws();
    const expected = new Map<string, number>();
    let log = open();
    for (let batch = 0; batch < 400; batch += 1) {
      const changes: Changes = {};
      for (let change = 0; change < 60; change += 1) {
        // Some keys change all the time, most hardly ever, and a third of the changes is a removal.
        const key = `k${Math.floor(draw() ** 3 * 3_000)}`;
        const value = draw() < 0.33 ? null : batch;
        changes[key] = value;
        if (value === null) expected.delete(key);
        else expected.set(key, value);
      }
      await write(log, changes);
      if (batch % 90 === 89) log = open();
    }
    expect(rows()).toEqual(Object.fromEntries(expected));
    expect(expected.size).toBeGreaterThan(500);
    expect(entries()).toBeLessThanOrEqual(2 * (expected.size + 60) + 1_000);
  });

  it('are as before where the transaction was undone, and take the same changes once more', async () => {
    const log = open();
    await write(log, { a: 1 });
    const undone = state.transaction(() => {
      log.changelog.record(new Map([['a', 2]]));
      throw new Error('disk full');
    });
    await expect(undone).rejects.toThrow('disk full');
    expect(rows()).toEqual({ a: 1 });
    await write(log, { a: 2 });
    await write(log, { b: 3 });
    expect(rows()).toEqual({ a: 2, b: 3 });
    expect(batches()).toHaveLength(3);
  });

  it('leave no trace where a key is erased, not of its earlier values either', async () => {
    const log = open();
    await write(log, { a: 1, b: 1 });
    await write(log, { a: 2, c: 1 });
    await write(log, { a: null });
    await log.changelog.erase((key) => key === 'a');
    expect(JSON.stringify(batches())).not.toContain('"a"');
    expect(rows()).toEqual({ b: 1, c: 1 });
    await write(log, { a: 3 });
    expect(rows()).toEqual({ a: 3, b: 1, c: 1 });
  });

  it('take over a table that had a row a key, and leave nothing of it', async () => {
    const earlier = state.table<number>('earlier');
    const keys = Array.from({ length: 2_500 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key, index) => earlier.put(key, index)));
    await takeOver(state, 'earlier', 'log');
    await takeOver(state, 'earlier', 'log');
    expect(earlier.count()).toBe(0);
    expect(rows()).toEqual(Object.fromEntries(keys.map((key, index) => [key, index])));
    await write(open(), { k7: null });
    expect(Object.keys(rows())).toHaveLength(2_499);
  });
});
