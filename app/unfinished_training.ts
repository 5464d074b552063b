/**
 * Work folders that fine-tunings left which were killed or failed (from_feedback.ts): besides a checkpoint they hold the texts
 * that people labelled. Whoever forgets removes them whole, whichever documents are in them: they are scratch, and the next run
 * writes them anew from what the store still has.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockUnlessRunning } from './data_folder.ts';

const WORK = '.work-';

/** Where a fine-tuning towards `version` works, in the folder of models. */
export function workFolder(models: string, version: string): string {
  return join(models, `${WORK}${version}`);
}

export interface Unfinished {
  /** Folders that were removed, or with `dryRun` would be. */
  readonly removed: readonly string[];
  /** Folders in which a training runs now. */
  readonly in_use: readonly string[];
}

/** @throws TidewatchError storage.* */
export async function removeUnfinished(models: string, { dryRun }: { readonly dryRun: boolean }): Promise<Unfinished> {
  const removed: string[] = [];
  const inUse: string[] = [];
  const names = existsSync(models) ? await readdir(models) : [];
  for (const name of names.filter((one) => one.startsWith(WORK)).toSorted()) {
    const folder = join(models, name);
    const unlock = await lockUnlessRunning(folder);
    if (unlock === null) inUse.push(folder);
    else {
      if (!dryRun) await rm(folder, { recursive: true, force: true });
      await unlock();
      removed.push(folder);
    }
  }
  return { removed, in_use: inUse };
}
