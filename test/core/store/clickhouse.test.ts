import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { clickhouseSettings, openClickHouseStore } from '../../../core/store/clickhouse.ts';
import { PATIENCE, READ_LIMIT_SECS } from '../../../core/store/clients.ts';
import { createLogger } from '../../../core/log.ts';
import { openStore, storeSettings, type StoreSettings } from '../../../core/store/registry.ts';
import { MIGRATIONS } from '../../../core/store/schema.ts';
import { startClickHouse } from '../../clickhouse_server.ts';
import { describeStoreContract, type OpenedStore } from '../../contracts/store.ts';
import { describeCountsContract } from '../../contracts/store_counts.ts';
import { until } from '../../end_to_end/program.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const server = await startClickHouse();
console.info(`the clickhouse store runs on ${server.kind}`);
afterAll(() => server.stop(), 60_000);

let databases = 0;
function aDatabase(changes: Partial<StoreSettings> = {}): StoreSettings {
  const { url, username, password } = server;
  databases += 1;
  const database = `tidewatch_test_${process.pid}_${databases}`;
  return storeSettings.parse({ type: 'clickhouse', url, username, password, database, ...changes });
}

async function open(): Promise<OpenedStore> {
  const settings = aDatabase();
  let store = await openStore(settings, { folder: '', log });
  return {
    store,
    async reopen() {
      await store.close();
      store = await openStore(settings, { folder: '', log });
      return store;
    },
    cleanup: () => store.close(),
  };
}

describeStoreContract('clickhouse', open);
describeCountsContract('clickhouse', open);

describe('the clickhouse store', () => {
  it('says storage.unavailable, to be retried, while no server answers', async () => {
    const settings = storeSettings.parse({ type: 'clickhouse', url: 'http://127.0.0.1:9' });
    const store = await openStore(settings, { folder: '', log });
    await expect(store.migrate()).rejects.toMatchObject({ code: 'storage.unavailable', retryable: true });
    await expect(store.insert('opinions', [{}], 't')).rejects.toMatchObject({ code: 'storage.unavailable' });
    await store.close();
  });

  it('waits for a statement as long as it takes, with signs of life asked for, and for a question only as long as one may last', async () => {
    const heard: URL[] = [];
    const late = createServer((request: IncomingMessage, response: ServerResponse) => {
      heard.push(new URL(request.url ?? '/', 'http://late'));
      request.resume();
      void sleep(1500).then(() => response.end());
    });
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve));
    const settings = clickhouseSettings.parse({ url: `http://127.0.0.1:${(late.address() as AddressInfo).port}` });
    const store = openClickHouseStore(settings, { log, patience: { readMs: 200, commandMs: 30_000 } });
    await store.command('ALTER TABLE opinions DELETE WHERE 1');
    expect(heard[0]?.searchParams.get('send_progress_in_http_headers')).toBe('1');
    expect(Number(heard[0]?.searchParams.get('http_headers_progress_interval_ms'))).toBeLessThan(60_000);
    await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: 'storage.unavailable', retryable: true });
    expect(heard[1]?.searchParams.has('send_progress_in_http_headers')).toBe(false);
    await store.close();
    late.closeAllConnections();
    await new Promise((resolve) => late.close(resolve));
  });

  it('logs in as the address says, where it has a user and a password, also one with a bare percent sign', async () => {
    let seen: string | undefined;
    const named = createServer((request, response) => {
      seen = request.headers.authorization;
      response.end();
    });
    await new Promise<void>((resolve) => named.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(named.address() as AddressInfo).port}`;
    for (const [url, login] of [
      [`http://u%40x:100%paint@${host}`, 'u@x:100%paint'],
      [`http://${host}`, 'reader:secret'],
    ]) {
      const settings = clickhouseSettings.parse({ url, username: 'reader', password: 'secret' });
      const store = openClickHouseStore(settings, { log });
      await store.command('SYSTEM FLUSH LOGS');
      expect(seen).toBe(`Basic ${Buffer.from(login ?? '').toString('base64')}`);
      await store.close();
    }
    await new Promise((resolve) => named.close(resolve));
  });

  it('waits longer for a question than the engine lets it last, and for a statement for hours', () => {
    expect(PATIENCE.readMs).toBeGreaterThan(READ_LIMIT_SECS * 1000);
    expect(PATIENCE.commandMs).toBeGreaterThan(3_600_000);
  });

  it('takes an http address only', () => {
    expect(() => storeSettings.parse({ type: 'clickhouse', url: 'ftp://host' })).toThrow();
    expect(storeSettings.parse(undefined)).toEqual({ type: 'chdb' });
  });

  it('likes ten thousand rows or what there is after a second, as set', async () => {
    const store = await openStore(aDatabase(), { folder: '', log });
    expect(store.gather).toEqual({ rows: 10_000, waitMs: 1000 });
    await store.close();
  });

  it.skipIf(server.statements === undefined)(
    'never lets the server gather: each insert is synchronous and has a token',
    async () => {
      const store = await openStore(aDatabase(), { folder: '', log });
      await store.migrate();
      await store.insert('feedback', [{ id: 'f', at: '2024-01-01T00:00:00.000Z', kind: 'verdict' }], 'a token');
      const inserts = server.statements?.filter(({ sql }) => sql.startsWith('INSERT INTO feedback')) ?? [];
      expect(inserts).toHaveLength(1);
      expect(inserts[0]?.settings).toMatchObject({ async_insert: '0', insert_deduplication_token: 'a token' });
      await store.close();
    },
  );

  it('sets, changes and lifts retention by settings, and leaves tables alone that have it', async () => {
    const settings = aDatabase();
    const ttl = async (retention?: Record<string, number>): Promise<string[]> => {
      const store = await openStore({ ...settings, ...(retention && { retention }) }, { folder: '', log });
      await store.migrate();
      const rows = await store.query<{ name: string; ttl: string }>(
        `SELECT name, extract(engine_full, ' TTL (.*?)(?: SETTINGS|$)') AS ttl FROM system.tables
         WHERE database = currentDatabase() AND name IN ('opinions', 'documents', 'opinion_counts', 'search') ORDER BY name`,
      );
      await store.close();
      return rows.map((row) => row.ttl);
    };
    expect(await ttl()).toEqual(['', '', '', '']);
    const both = await ttl({ opinions_days: 90, minute_counts_days: 7 });
    expect(both).toEqual([
      '',
      "at + toIntervalDay(7) WHERE grain = 'minute'",
      'toDateTime(published_at) + toIntervalDay(90)',
      'toDateTime(published_at) + toIntervalDay(90)',
    ]);
    const before = server.statements?.length ?? 0;
    expect(await ttl({ opinions_days: 90, minute_counts_days: 7 })).toEqual(both);
    expect(server.statements?.slice(before).filter(({ sql }) => /TTL (to|at)/.test(sql)) ?? []).toEqual([]);
    const month = 'toDateTime(published_at) + toIntervalDay(30)';
    expect(await ttl({ documents_days: 30 })).toEqual([month, '', '', month]);
    // What can be found is what can be shown: it goes with the first of the two.
    expect((await ttl({ documents_days: 30, opinions_days: 90 })).at(-1)).toBe(month);
  });
});

describe('migrations of a server', { timeout: 120_000 }, () => {
  const children: ChildProcess[] = [];
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

  function process_(settings: StoreSettings, leaseMs = 60_000): Promise<string> & { child: ChildProcess } {
    const program = fileURLToPath(new URL('./migrate_process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(settings), String(leaseMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<string>((resolve) => child.once('close', () => resolve(said.trim())));
    return Object.assign(ended, { child });
  }
  const ran = (database: string): string[] =>
    server.statements
      ?.filter(({ sql }) => /^\s*(CREATE TABLE IF NOT EXISTS (?!schema_mig|migration_)|ALTER TABLE)/.test(sql))
      .filter(({ sql }) => !sql.includes('migration'))
      .map(({ sql }) => sql.trim().slice(0, 60)) ?? [database];

  it('run once when four processes start at the same moment, and all of them find the schema there', async () => {
    const settings = aDatabase();
    const before = ran('').length;
    const said = await Promise.all([1, 2, 3, 4].map(() => process_(settings)));
    expect(said).toEqual(['migrated', 'migrated', 'migrated', 'migrated']);
    const store = await openStore(settings, { folder: '', log });
    expect(
      await store.query(
        'SELECT version, count() AS times FROM schema_migrations GROUP BY version ORDER BY version SETTINGS final = 0',
      ),
    ).toEqual(MIGRATIONS.map(({ version }) => ({ version, times: 1 })).sort((a, b) => a.version - b.version));
    const [claims] = await store.query<{ n: number }>(
      "SELECT count() AS n FROM migration_claims WHERE state = 'claimed'",
    );
    expect(claims?.n).toBe(1);
    await store.close();
    if (server.statements === undefined) return;
    const statements = ran('').slice(before);
    const wanted = MIGRATIONS.flatMap(({ statements }) => statements).filter((sql) =>
      /^\s*(CREATE TABLE|ALTER)/.test(sql),
    );
    expect(statements.length).toBe(wanted.length);
  });

  it('are taken over from a process that was killed in the middle, after its lease', async () => {
    const settings = aDatabase();
    const first = process_(settings, 3000);
    const store = await openStore(settings, { folder: '', log });
    await until(
      async () => (await store.query<{ n: number }>('SELECT count() AS n FROM schema_migrations'))[0]?.n,
      60_000,
      () => 'no migration has run',
    );
    first.child.kill('SIGKILL');
    const found = await store.query<{ n: number }>('SELECT count() AS n FROM schema_migrations');
    expect(await process_(settings, 3000)).toBe('migrated');
    const done = await store.query<{ n: number }>('SELECT count() AS n FROM schema_migrations');
    expect(done).toEqual([{ n: MIGRATIONS.length }]);
    expect(found[0]?.n).toBeLessThanOrEqual(MIGRATIONS.length);
    await store.close();
  });
});
