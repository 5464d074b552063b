import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { describeStoreContract, type OpenedStore } from '../../contracts/store.ts';
import { describeCountsContract } from '../../contracts/store_counts.ts';

const log = createLogger({ level: 'silent', format: 'json' });

async function open(): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-store-'));
  let store = await openStore({ type: 'chdb' }, { folder, log });
  return {
    store,
    async reopen() {
      await store.close();
      store = await openStore({ type: 'chdb' }, { folder, log });
      return store;
    },
    async cleanup() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeStoreContract('chdb', open);
describeCountsContract('chdb', open);
