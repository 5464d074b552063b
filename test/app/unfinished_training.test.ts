import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { sayTrainings } from '../../app/commands/forget.ts';
import { removeUnfinished, workFolder } from '../../app/unfinished_training.ts';
import { lockFolder } from '../../core/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-unfinished-'));
  return () => rm(folder, { recursive: true, force: true });
});
const SECRET = '{"id":"d","text":"利润下滑"}\n';

async function leave(models: string, version: string): Promise<string> {
  const work = workFolder(models, version);
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'feedback.jsonl'), SECRET);
  return work;
}

it('removes what trainings left that did not end, and leaves the models and a training that runs', async () => {
  const [left, runs] = [await leave(folder, '1-learned.1'), await leave(folder, '1-learned.2')];
  await mkdir(join(folder, 'small@1-learned.0'));
  const giveBack = await lockFolder(runs);
  expect(await removeUnfinished(folder, { dryRun: true })).toEqual({ removed: [left], in_use: [runs] });
  expect(existsSync(join(left, 'feedback.jsonl'))).toBe(true);
  const trainings = await removeUnfinished(folder, { dryRun: false });
  expect(trainings).toEqual({ removed: [left], in_use: [runs] });
  expect(existsSync(left)).toBe(false);
  expect(existsSync(join(folder, 'small@1-learned.0'))).toBe(true);
  expect(sayTrainings({ trainings, dry_run: false })).toEqual([
    `Removed ${left}: texts that people labelled, left by a training that did not end.`,
    `A training works in ${runs} and holds texts that people labelled: run this again when it has ended.`,
  ]);
  await giveBack();
  expect(await removeUnfinished(join(folder, 'absent'), { dryRun: false })).toEqual({ removed: [], in_use: [] });
});
