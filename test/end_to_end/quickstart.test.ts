/** The newcomer's story: the quickstart without a network, its page's API, Ctrl-C, a second start. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, run, until } from './program.ts';
import { freePort } from '../free_port.ts';

interface AlertRow {
  alert_id: string;
  /** Its states, first to last. */
  history: { state: string }[];
  series: { kind: string; entity: string | null; topic: string | null };
}

describe('the quickstart', () => {
  let folder: string;
  let config: string;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-quickstart-'));
    port = await freePort();
    const source = await readFile(join(REPOSITORY, 'examples', 'quickstart.yaml'), 'utf8');
    config = join(folder, 'quickstart.yaml');
    await writeFile(
      config,
      source
        .replace('port: 8080', `port: ${port}`)
        .replace('path: feed.jsonl', `path: ${join(REPOSITORY, 'examples', 'feed.jsonl')}`)
        .replace('../ingest/watchlist/starter.yaml', join(REPOSITORY, 'ingest', 'watchlist', 'starter.yaml'))
        .replace('- watchlist.yaml', `- ${join(REPOSITORY, 'examples', 'watchlist.yaml')}`)
        .replaceAll(/https?:\/\/[^'"]+/g, 'http://feeds.invalid/rss'),
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const get = async <T>(path: string): Promise<T> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).json() as Promise<T>;

  it(
    'shows opinions, fires the three planted incidents and nothing else, and repeats nothing after a restart',
    { timeout: 420_000 },
    async () => {
      const incidents = JSON.parse(await readFile(join(REPOSITORY, 'examples', 'incidents.json'), 'utf8')) as {
        kind: string;
        entity: string;
      }[];
      const planted = incidents.filter(({ kind }) => kind === 'incident').map(({ entity }) => entity);
      const total = (await readFile(join(REPOSITORY, 'examples', 'feed.jsonl'), 'utf8')).trim().split('\n').length;

      const first = run(['up', '--config', config, '--data', join(folder, 'data')]);
      await first.seen(/The page is at http/);
      const opinions = await until(
        async () => {
          const rows = (await get<{ opinions: unknown[] }>('/api/opinions?limit=50')).opinions;
          return rows.length > 20 ? rows : null;
        },
        60_000,
        first.output,
      );
      expect(opinions.length).toBeGreaterThan(20);

      first.child.kill('SIGINT');
      expect(await first.exited, first.output()).toBe(0);

      const second = run(['up', '--config', config, '--data', join(folder, 'data')]);
      await second.seen(/The page is at http/);
      const fired = async (): Promise<AlertRow[]> =>
        // One that was pending and passed never fired: nobody was told of it.
        (await get<{ alerts: AlertRow[] }>('/api/alerts?limit=100')).alerts.filter(({ history }) =>
          history.some(({ state }) => state === 'firing'),
        );
      await until(
        async () => {
          const entities = new Set((await fired()).map(({ series }) => series.entity));
          return planted.every((entity) => entities.has(entity));
        },
        240_000,
        second.output,
      );
      await until(
        async () => (await get<{ opinions: number }>('/api/status')).opinions >= total - 60,
        120_000,
        second.output,
      );
      await new Promise((resolve) => setTimeout(resolve, 5000));
      const alerts = await fired();
      expect(alerts.map(({ series }) => series.entity ?? series.topic ?? series.kind).toSorted()).toEqual(
        planted.toSorted(),
      );
      second.child.kill('SIGINT');
      expect(await second.exited, second.output()).toBe(0);
    },
  );
});
