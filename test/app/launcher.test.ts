import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isNodeEnough } from '../../app/node_version.ts';
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
  readonly engines: { readonly node: string };
}
const read = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(PACKAGE_ROOT, name), 'utf8')) as Manifest;

/** The command as a Node of that version would run it. */
const under = (version: string, command: string): Promise<unknown> =>
  execute(process.execPath, [
    '--import',
    `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${version}'})`,
    command,
  ]);

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

  it('says which Node it needs where it is started by an older one, before anything else is read', async () => {
    const command = join(folder, 'app', 'tidewatch.mjs');
    await mkdir(join(folder, 'dist', 'app'), { recursive: true });
    await mkdir(join(folder, 'app'));
    await cp(join(PACKAGE_ROOT, 'app', 'tidewatch.mjs'), command);
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'dist', 'app', 'cli.js'), 'throw new Error("a library broke");\n');
    const versions = ['16.20.2', '18.20.8', '20.9.0', '20.18.3', '20.19.0', '21.0.0', '22.12.0', '24.1.0', '100.0.0'];
    for (const version of versions) {
      const said = isNodeEnough(version)
        ? /a library broke/
        : new RegExp(`^tidewatch: this is Node ${version}; it needs 20\\.19 or newer \\(20, 22 or 24\\)\\n`);
      await expect(under(version, command)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(said) as string,
      });
    }
    expect(versions.filter(isNodeEnough)).toEqual(versions.slice(4));
    expect((await read('package.json')).engines.node).toBe('>=20.19');
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
