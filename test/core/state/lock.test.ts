import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TidewatchError } from '../../../core/errors.ts';
import { holderOf, lockFolder } from '../../../core/lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-lock-'));
  path = join(folder, 'tidewatch.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lockModule = new URL('../../../core/lock.ts', import.meta.url).href;

async function startHolder() {
  const code = `const { lockFolder } = await import(${JSON.stringify(lockModule)});
    await lockFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function holder(changes: object): Promise<void> {
  const mine = await lockFolder(folder);
  const now = JSON.parse(await readFile(path, 'utf8')) as object;
  await mine();
  await writeFile(path, JSON.stringify({ ...now, ...changes }));
}

describe('the lock of the data folder', { timeout: 30_000 }, () => {
  it('is taken once at a time, and again after it was given back', async () => {
    const giveBack = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'storage.locked' });
    await giveBack();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lockFolder(folder)
    )();
  });

  it('creates the folder', async () => {
    await (
      await lockFolder(join(folder, 'a', 'b'))
    )();
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('names the other process and what to do, and is free right after a kill -9 of it', async () => {
    const child = await startHolder();
    const error = await lockFolder(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TidewatchError);
    expect(error).toMatchObject({ code: 'storage.locked' });
    expect((error as TidewatchError).message).toContain(`process ${child.pid}`);
    expect((error as TidewatchError).message).toContain(folder);
    expect((error as TidewatchError).hint).toContain('data_dir');
    child.kill('SIGKILL');
    await once(child, 'close');
    await (
      await lockFolder(folder)
    )();
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('is free when its pid now belongs to another process', async () => {
    await holder({ id: 'old', started: '1' });
    await (
      await lockFolder(folder)
    )();
  });

  it('is held by a process in another container or on another host while that one touches it', async () => {
    await holder({ id: 'far', place: 'elsewhere' });
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'storage.locked' });
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    await (
      await lockFolder(folder)
    )();
  });

  it.each(['{"id":', '', 'null', '{}', '[]'])('counts a damaged file (%s) as dead once it is old', async (text) => {
    await writeFile(path, text);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'storage.locked' });
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    await (
      await lockFolder(folder)
    )();
  });

  it('goes to exactly one of many that find a dead holder at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      await holder({ id: `dead ${round}`, started: '1', pid: 2 ** 22 + 1 });
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(won).toHaveLength(1);
      await won[0]?.value();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('says whether its holder may be told of changes by a signal', async () => {
    expect(await holderOf(folder)).toBeNull();
    for (const reloads of [false, true]) {
      const giveBack = await lockFolder(folder, { reloads });
      expect(await holderOf(folder)).toMatchObject({ pid: process.pid, reloads });
      await giveBack();
    }
  });

  it('does not remove the lock of a successor when it is given back late', async () => {
    const late = await lockFolder(folder);
    await rm(path);
    const successor = await lockFolder(folder);
    await late();
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'storage.locked' });
    await successor();
  });
});
