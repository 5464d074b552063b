/**
 * A ClickHouse to test on, from the first of: CLICKHOUSE_URL (CLICKHOUSE_USER, CLICKHOUSE_PASSWORD); a container, where Docker
 * answers and has the image; the in-process engine behind HTTP (test/core/store/http_engine.ts). The run prints which.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startHttpEngine } from './core/store/http_engine.ts';

const run = promisify(execFile);
export const CLICKHOUSE_IMAGE = process.env['CLICKHOUSE_IMAGE'] ?? 'clickhouse/clickhouse-server:25.8';

export interface ClickHouseServer {
  /** What serves, and why not what stands before it. */
  readonly kind: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** What arrived there; undefined where the server is not ours to look into. */
  readonly statements?: readonly { readonly sql: string; readonly settings: Readonly<Record<string, string>> }[];
  stop(): Promise<void>;
}

export async function startClickHouse(): Promise<ClickHouseServer> {
  const given = process.env['CLICKHOUSE_URL'];
  if (given !== undefined && given !== '') {
    const username = process.env['CLICKHOUSE_USER'] ?? 'default';
    const password = process.env['CLICKHOUSE_PASSWORD'] ?? '';
    return { kind: `CLICKHOUSE_URL ${given}`, url: given, username, password, stop: () => Promise.resolve() };
  }
  try {
    await run('docker', ['image', 'inspect', CLICKHOUSE_IMAGE], { timeout: 10_000 });
  } catch {
    const folder = await mkdtemp(join(tmpdir(), 'tidewatch-clickhouse-'));
    const { url, statements, stop } = await startHttpEngine(folder);
    return {
      kind: `the in-process engine behind HTTP (no CLICKHOUSE_URL; Docker does not answer or has no image ${CLICKHOUSE_IMAGE})`,
      url,
      username: 'default',
      password: '',
      statements,
      async stop() {
        await stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
  const { ClickHouseContainer } = await import('@testcontainers/clickhouse');
  const container = await new ClickHouseContainer(CLICKHOUSE_IMAGE).start();
  return {
    kind: `container ${CLICKHOUSE_IMAGE}`,
    url: container.getHttpUrl(),
    username: container.getUsername(),
    password: container.getPassword(),
    async stop() {
      await container.stop();
    },
  };
}
