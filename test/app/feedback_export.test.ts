/** `tidewatch feedback export`, where its file cannot be written. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTraining } from '../../app/commands/feedback.ts';
import type { Door } from '../../app/door.ts';
import { TidewatchError } from '../../core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const doorTo = (get: () => Promise<unknown>): Door => ({ get, post: get, close: () => Promise.resolve() }) as Door;

describe('an export of corrections that cannot be written', () => {
  it('is refused in words where the output is a folder, and leaves nothing behind', async () => {
    const output = join(folder, 'outdir');
    mkdirSync(output);
    const door = doorTo(() => Promise.resolve({ rows: [{ id: 'a' }], next: null }));
    await expect(writeTraining(door, null, output)).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringMatching(/^--output: .*outdir cannot be written: /) as string,
    });
    expect(existsSync(`${output}.part`)).toBe(false);
  });

  it('leaves nothing half-written where the server goes away', async () => {
    const output = join(folder, 'rows.jsonl');
    let pages = 0;
    const door = doorTo(() => {
      pages += 1;
      if (pages === 1) return Promise.resolve({ rows: [{ id: 'a' }], next: 'a' });
      return Promise.reject(new TidewatchError('http.unavailable', 'It is gone'));
    });
    await expect(writeTraining(door, null, output)).rejects.toMatchObject({ code: 'http.unavailable' });
    expect([existsSync(output), existsSync(`${output}.part`)]).toEqual([false, false]);
  });
});
