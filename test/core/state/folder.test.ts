/** Why a data folder cannot be had, by the name of the folder that is the reason. The disk is a table: root may write on any real one. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createFolder } from '../../../core/state/folder.ts';

const refusals = vi.hoisted(() => new Map<string, string>());
vi.mock('node:fs/promises', () => {
  const refuse = (call: string, path: string): Promise<void> => {
    const code = refusals.get(path);
    const error = Object.assign(new Error(`${code}: no, ${call} '${path}'`), { code });
    return code === undefined ? Promise.resolve() : Promise.reject(error);
  };
  return {
    constants: { W_OK: 2 },
    access: (path: string) => refuse('access', path),
    // As Node's recursive one: what it says is not of the folder that is the reason.
    mkdir: (path: string) => (refusals.get(path) === 'ENOENT' ? refuse('mkdir', path) : Promise.resolve()),
  };
});
beforeEach(() => refusals.clear());

describe('a data folder that cannot be written', () => {
  it('is named itself where it is there, not the one that it lies in', async () => {
    refusals.set('/srv/tide', 'EACCES').set('/srv', 'EACCES');
    await expect(createFolder('/srv/tide')).rejects.toMatchObject({
      code: 'storage.read_only',
      message: expect.stringContaining("access '/srv/tide'") as string,
    });
  });

  it('is told by the nearest folder that is there where it is not', async () => {
    refusals.set('/srv/tide/a/b', 'ENOENT').set('/srv/tide/a', 'ENOENT').set('/srv/tide', 'EROFS').set('/srv', 'EROFS');
    await expect(createFolder('/srv/tide/a/b')).rejects.toMatchObject({
      code: 'storage.read_only',
      message: expect.stringContaining("access '/srv/tide'") as string,
    });
  });
});
