/** The data folder of a process that may be running: whoever wants to work on it locks it, or asks the one that has it. */
import { existsSync } from 'node:fs';
import { TidewatchError } from '../core/errors.ts';
import { isAnswering, lockFolder } from '../core/lock.ts';
import type { Settings } from './config.ts';

/** @throws TidewatchError input.invalid where there is none */
export function requireDataFolder(folder: string): void {
  if (existsSync(folder)) return;
  throw new TidewatchError('input.invalid', `There is no data folder ${folder}`, {
    hint: 'Give the folder with --data, or the settings that name it with --config.',
  });
}

/**
 * Locks the folder where the store lies in it: an embedded store is one process' own, a server of ClickHouse takes many.
 * @throws TidewatchError input.invalid where there is no folder; storage.locked while a process holds it; storage.*
 */
export async function lockStore({
  store,
  data_dir,
}: Pick<Settings, 'store' | 'data_dir'>): Promise<() => Promise<void>> {
  if (store.type !== 'chdb') return () => Promise.resolve();
  requireDataFolder(data_dir);
  return lockFolder(data_dir);
}

/** What unlocks it again; null where a running process has it. @throws TidewatchError storage.* */
export async function lockUnlessRunning(folder: string): Promise<(() => Promise<void>) | null> {
  try {
    return await lockFolder(folder);
  } catch (error) {
    if (error instanceof TidewatchError && error.code === 'storage.locked') return null;
    throw error;
  }
}

/**
 * What unlocks it again; null where a process has it that can be asked to do the work.
 * @throws TidewatchError storage.locked where one has it that answers nothing, such as another command; storage.*
 */
export async function lockUnlessAnswering(folder: string): Promise<(() => Promise<void>) | null> {
  const unlock = await lockUnlessRunning(folder);
  // Taken once more for the error that says who has it, or, where that one has gone meanwhile, for good.
  return unlock === null && !(await isAnswering(folder)) ? lockFolder(folder) : unlock;
}
