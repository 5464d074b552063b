/** What is asked of a data folder that somebody has: at once refused where nobody will answer, taken back where nobody took it. */
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsSchema, type Settings } from '../../app/config.ts';
import { forgetFolder } from '../../app/forget_folder.ts';
import { askToForget } from '../../app/forget_requests.ts';
import { askToRedrive, redriveFolder, type RedriveRequest } from '../../app/redriving.ts';
import { systemClock } from '../../core/clock.ts';
import { lockFolder } from '../../core/lock.ts';

const wanted = { kind: 'document', value: '文档', outlet: null } as const;
const letters: RedriveRequest = { topics: ['documents'], stages: [], codes: [], since: null, dry_run: true };
let folder: string;
let settings: Settings;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-held-'));
  settings = settingsSchema.parse({ data_dir: folder, stream: { type: 'embedded' }, store: { type: 'chdb' } });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const filesIn = async (part: string): Promise<string[]> => readdir(join(folder, part)).catch(() => []);

describe('a folder that another command holds', () => {
  it('is refused at once, with who holds it, and nothing is left there to be done later', async () => {
    const unlock = await lockFolder(folder);
    const locked = { code: 'storage.locked', message: expect.stringContaining(`process ${process.pid}`) as string };
    await expect(forgetFolder(settings, wanted, { dryRun: false })).rejects.toMatchObject(locked);
    await expect(redriveFolder(settings, letters)).rejects.toMatchObject(locked);
    expect([await filesIn('forget'), await filesIn('redrive')]).toEqual([[], []]);
    await unlock();
  });
});

describe('a process that has the folder and does not come to it', () => {
  const untaken = { code: 'storage.unavailable', message: expect.stringContaining('was withdrawn') as string };

  it('does not forget or send back at some later start what was asked of it', async () => {
    await expect(askToForget(folder, wanted, 300)).rejects.toMatchObject(untaken);
    await expect(askToRedrive(folder, letters, 300)).rejects.toMatchObject(untaken);
    expect([await filesIn('forget'), await filesIn('redrive')]).toEqual([[], []]);
  });

  it('keeps what it has taken, and who asked is told where the answer will be', async () => {
    const asked = askToRedrive(folder, letters, 1_000);
    const told = expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('took the request') as string,
    });
    let request: string | undefined;
    while (request === undefined) {
      await systemClock.sleep(10);
      request = (await filesIn('redrive')).find((name) => name.endsWith('.request.json'));
    }
    const taken = request.replace('.request.', '.taken.');
    await rename(join(folder, 'redrive', request), join(folder, 'redrive', taken));
    await told;
    expect(await filesIn('redrive')).toEqual([taken]);
  });
});
