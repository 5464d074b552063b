import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../core/log.ts';
import { openStore, storeSettings } from '../../../core/store/registry.ts';
import { describeStoreContract } from '../../contracts/store.ts';
import { startHttpEngine } from './http_engine.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const server = process.env['CLICKHOUSE_URL'];
console.info(
  `the clickhouse store runs on ${server === undefined ? 'the in-process engine behind HTTP' : 'CLICKHOUSE_URL'}`,
);

describeStoreContract('clickhouse', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-clickhouse-'));
  const engine = server === undefined ? await startHttpEngine(folder) : undefined;
  const settings = storeSettings.parse({
    type: 'clickhouse',
    url: server ?? engine?.url,
    username: process.env['CLICKHOUSE_USER'] ?? 'default',
    password: process.env['CLICKHOUSE_PASSWORD'] ?? '',
    database: `tidewatch_test_${process.pid}`,
  });
  let store = await openStore(settings, { folder, log });
  return {
    store,
    async reopen() {
      await store.close();
      store = await openStore(settings, { folder, log });
      return store;
    },
    async cleanup() {
      await store.close();
      await engine?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

describe('the clickhouse store', () => {
  it('says storage.unavailable, to be retried, while no server answers', async () => {
    const settings = storeSettings.parse({ type: 'clickhouse', url: 'http://127.0.0.1:9' });
    const store = await openStore(settings, { folder: '', log });
    await expect(store.migrate()).rejects.toMatchObject({ code: 'storage.unavailable', retryable: true });
    await expect(store.insert('opinions', [{}], 't')).rejects.toMatchObject({ code: 'storage.unavailable' });
    await store.close();
  });

  it('takes an http address only', () => {
    expect(() => storeSettings.parse({ type: 'clickhouse', url: 'ftp://host' })).toThrow();
    expect(storeSettings.parse(undefined)).toEqual({ type: 'chdb' });
  });
});
