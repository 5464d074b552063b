/** What the Dockerfile's images are told to run, as far as it goes without Docker: that it could run in them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../app/config.ts';
import { QUICKSTART } from '../../app/package_root.ts';
import { isLoopback } from '../../dashboards/settings.ts';
import { REPOSITORY } from '../end_to_end/program.ts';

const at = (...path: string[]): string => join(REPOSITORY, ...path);
const text = (...path: string[]): string => readFileSync(at(...path), 'utf8');
const dockerfile = text('Dockerfile');
const folder = mkdtempSync(join(tmpdir(), 'tidewatch-image-'));

beforeAll(() => {
  execFileSync(process.execPath, [at('deploy', 'secrets.mjs'), join(folder, 'secrets')], { stdio: 'ignore' });
  process.env['TIDEWATCH_SECRETS'] = join(folder, 'secrets', 'tidewatch');
});
afterAll(() => {
  delete process.env['TIDEWATCH_SECRETS'];
  rmSync(folder, { recursive: true, force: true });
});

/** Why a container could not do what it is told; null where it could. */
function obstacle(command: readonly string[], { hasEngine }: { hasEngine: boolean }): string | null {
  if (command.length === 1 && command[0] === '--help') return null;
  const named = command.includes('--config') ? (command[command.indexOf('--config') + 1] ?? '') : QUICKSTART;
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/src\/(\S+)/gm)].map(([, source = '']) => source);
  const path = named.replace(/^\/opt\/tidewatch\//, '');
  if (named !== QUICKSTART && !copied.some((source) => path.startsWith(`${source}/`))) return `${named} is not in it`;
  const settings = readSettings(named === QUICKSTART ? named : at(path));
  if (settings.store.type === 'chdb' && !hasEngine) return 'the engine of the store is not in it';
  const { host, token } = settings.dashboards;
  if (isLoopback(host)) return 'nobody outside of the container reaches the page';
  if (token === undefined) return 'anybody reaches the page';
  return settings.ingest.watchlists.every((file) => existsSync(file)) ? null : 'a watchlist is not there';
}

describe('the images', () => {
  it('run by themselves only what they can', () => {
    const commands = [...dockerfile.matchAll(/^CMD (\[.*\])$/gm)].map(([, json = '']) => JSON.parse(json) as string[]);
    expect(commands).toHaveLength(dockerfile.match(/^ENTRYPOINT/gm)?.length ?? 0);
    // The engine is left out unless a build asks for it.
    expect(dockerfile).toContain('ARG EMBEDDED=no');
    for (const command of commands) expect([command, obstacle(command, { hasEngine: false })]).toEqual([command, null]);
  });

  it('run what docs/deployment.md says of one container', () => {
    const sections = text('docs', 'deployment.md').split('```');
    const commands = sections.find((section) => section.includes('--build-arg EMBEDDED=yes .')) ?? '';
    const [, image = ''] = /docker build -t (\S+)/.exec(commands) ?? [];
    const runs = commands
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.startsWith('docker run '));
    const [makesSecrets = [], starts = []] = runs.map((line) => line.split(` ${image} `)[1]?.split(/\s+/) ?? []);
    expect(runs[0]).toContain('--entrypoint node');
    expect(existsSync(at(makesSecrets[0] ?? ''))).toBe(true);
    expect(obstacle(starts, { hasEngine: true })).toBeNull();
    // The settings look for the token where the first command has put it, and the data lie in the volume.
    delete process.env['TIDEWATCH_SECRETS'];
    expect(() => readSettings(at('deploy', 'single.yaml'))).toThrow(`${makesSecrets[1]}/tidewatch/dashboards_token`);
    process.env['TIDEWATCH_SECRETS'] = join(folder, 'secrets', 'tidewatch');
    expect(runs[1]).toContain(`:${readSettings(at('deploy', 'single.yaml')).data_dir} `);
  });
});
