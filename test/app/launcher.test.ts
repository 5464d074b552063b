import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../app/package_root.ts';

const execute = promisify(execFile);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-launcher-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}
const read = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(PACKAGE_ROOT, name), 'utf8')) as Manifest;

describe('the command of the package', () => {
  it('is a file of the sources that can be run, and is in the package', async () => {
    const { bin, files } = await read('package.json');
    const command = bin['tidewatch'] ?? '';
    expect(command.startsWith('dist/')).toBe(false);
    expect((await stat(join(PACKAGE_ROOT, command))).mode & 0o111).toBe(0o111);
    expect(files).toContain(command);
    const lock = (await read('package-lock.json')) as unknown as { packages: Readonly<Record<string, Manifest>> };
    expect(lock.packages['']?.bin).toEqual(bin);
  });

  it('says how to build it before the first build, and is the built program after it', async () => {
    const { bin } = await read('package.json');
    const command = join(folder, bin['tidewatch'] ?? '');
    await mkdir(join(command, '..'), { recursive: true });
    await cp(join(PACKAGE_ROOT, bin['tidewatch'] ?? ''), command);
    // As npm links it.
    const linked = join(folder, 'tidewatch');
    await symlink(command, linked);
    await expect(execute(linked, ['list'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not built yet\nRun npm run build first, in .*tidewatch-launcher/) as string,
    });

    await mkdir(join(folder, 'dist', 'app'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(
      join(folder, 'dist', 'app', 'cli.js'),
      'console.log(process.argv.slice(2).join());process.exitCode = 3;\n',
    );
    await expect(execute(linked, ['list', '--json'])).rejects.toMatchObject({ code: 3, stdout: 'list,--json\n' });
  });
});
