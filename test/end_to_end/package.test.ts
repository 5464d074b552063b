/**
 * The built package as a stranger gets it: `npm pack`, installed in an empty folder, a feed in, a signed alert out at a
 * real receiver, and a kill -9 in the middle.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, run, until } from './program.ts';
import { openReceiver, type Receiver } from './webhook_receiver.ts';
import { freePort } from '../free_port.ts';

const execute = promisify(execFile);
const SECRET = `whsec_${Buffer.from('a secret of this test, 24+').toString('base64')}`;

describe('the installed package', () => {
  let folder: string;
  let cli: string;
  let receiver: Receiver;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-package-'));
    await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: REPOSITORY });
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), '{"name":"empty","private":true}');
    const install = [
      'install',
      join(folder, tarball ?? ''),
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
    ];
    await execute('npm', install, { cwd: folder });
    cli = join(folder, 'node_modules', 'tidewatch', 'dist', 'app', 'cli.js');
    receiver = await openReceiver(SECRET);
  }, 300_000);
  afterAll(async () => {
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('ships the model, the example and the page, and no tests or training data', () => {
    const root = join(folder, 'node_modules', 'tidewatch');
    for (const path of [
      'classifier/models',
      'examples/feed.jsonl',
      'dist/dashboards/web/index.html',
      'README.md',
      'LICENSE',
    ]) {
      expect(existsSync(join(root, path)), path).toBe(true);
    }
    for (const path of ['test', 'classifier/train/corpus', 'bench'])
      expect(existsSync(join(root, path)), path).toBe(false);
  });

  it('delivers each alert and stores each document exactly once across a kill -9', { timeout: 300_000 }, async () => {
    const port = await freePort();
    const config = join(folder, 'tidewatch.yaml');
    const examples = join(folder, 'node_modules', 'tidewatch', 'examples');
    const settings = {
      data_dir: 'data',
      ingest: {
        watchlists: [join(examples, 'watchlist.yaml')],
        sources: [{ type: 'file', name: 'feed', path: join(examples, 'feed.jsonl') }],
      },
      // The whole feed is read at once: an alert must be told before its end comes, moments later.
      alerting: { group_wait_secs: 0, notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }] },
      dashboards: { port },
    };
    await writeFile(config, JSON.stringify(settings));
    const status = async (): Promise<{ opinions: number }> =>
      (await fetch(`http://127.0.0.1:${port}/api/status`)).json() as Promise<{ opinions: number }>;

    const first = run(['up', '--config', config], { cli, cwd: folder });
    await first.seen(/The page is at/);
    await until(async () => (await status()).opinions > 100, 60_000, first.output);
    first.child.kill('SIGKILL');
    expect(await first.exited).toBe('SIGKILL');

    const second = run(['up', '--config', config], { cli, cwd: folder });
    await second.seen(/The page is at/);
    const incidents = JSON.parse(await readFile(join(examples, 'incidents.json'), 'utf8')) as {
      kind: string;
      entity: string;
    }[];
    const planted = incidents.filter(({ kind }) => kind === 'incident').map(({ entity }) => entity);
    const fired = () => receiver.received.filter(({ alert }) => alert.state === 'firing');
    await until(
      () => planted.every((entity) => fired().some(({ alert }) => alert.series.entity === entity)),
      120_000,
      second.output,
    );

    const total = (await readFile(join(examples, 'feed.jsonl'), 'utf8')).trim().split('\n').length;
    const finished = await until(
      async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/sources`);
        const { sources } = (await answer.json()) as { sources: { status: string }[] };
        return sources.every(({ status: state }) => state === 'finished') ? sources : null;
      },
      60_000,
      second.output,
    );
    expect(finished).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const { opinions: documents } = await status();
    expect(documents).toBeLessThanOrEqual(total);
    expect(documents).toBeGreaterThan(total * 0.9);
    expect(new Set(fired().map(({ alert }) => alert.alert_id)).size).toBe(planted.length);
    expect(receiver.refused).toEqual([]);

    second.child.kill('SIGTERM');
    expect(await second.exited, second.output()).toBe(0);
  });
});
