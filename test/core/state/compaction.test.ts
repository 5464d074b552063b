import { mkdtemp, rm } from 'node:fs/promises';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { compactFolder } from '../../../core/state/compaction.ts';
import { openState } from '../../../core/state/lmdb.ts';

let folder: string;
/** What was made durable and what took a name, in order. */
const steps: string[] = [];
vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof Files>();
  return {
    ...actual,
    open: async (path: string, flags: string) => {
      const handle = await actual.open(path, flags);
      const own = handle.sync.bind(handle);
      handle.sync = async () => {
        await own();
        steps.push(`sync ${relative(folder, path)}`);
      };
      return handle;
    },
    rename: async (from: string, to: string) => {
      await actual.rename(from, to);
      steps.push(`rename ${relative(folder, from)} ${relative(folder, to)}`);
    },
  };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-compaction-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a folder that is rewritten', () => {
  it('holds its rows, and is on disk before it takes the place of the old one', async () => {
    const state = await openState(folder);
    await Promise.all(Array.from({ length: 50 }, (_, n) => state.table('t').put(`k${n}`, 'x'.repeat(2_000))));
    await state.close();
    await compactFolder(folder);
    expect(steps).toEqual([
      `sync ${join('compacted', 'data.mdb')}`,
      `rename ${join('compacted', 'data.mdb')} data.mdb`,
      'sync ',
    ]);
    const again = await openState(folder);
    expect(again.table('t').count()).toBe(50);
    await again.close();
  });
});
