/**
 * The embedded store: chdb, which is ClickHouse as a library, behind @clickhouse/client. One process a folder, one
 * statement at a time. Statements run on a thread of their own; the event loop only builds and parses their text.
 * Rejected: a child process for the engine (a copy of every row more, and one more thing that can die unnoticed).
 */
import { createRequire } from 'node:module';
import type { createChdbConnection } from 'chdb/connection';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createFolder, fullDiskError, isOutOfRoom } from '../state/folder.ts';
import { createStore } from './clickhouse.ts';
import { CLIENT } from './clients.ts';
import { retentionSettings } from './retention.ts';
import type { Store } from './store.ts';
import { createTurns } from './turns.ts';

export const chdbSettings = z.object({
  retention: retentionSettings.describe('How long rows are kept; for ever by default.'),
});
export type ChdbSettings = z.output<typeof chdbSettings>;

interface ConnectionModule {
  readonly createChdbConnection: typeof createChdbConnection;
}
type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/**
 * Opens the store in `folder`, creating it if absent. The caller holds the data folder's lock (core/lock.ts).
 * @throws TidewatchError library.missing, storage.read_only, storage.full, storage.unavailable
 */
export async function openChdbStore(
  { retention = {} }: ChdbSettings,
  { folder, log }: { folder: string; log: Logger },
): Promise<Store> {
  await createFolder(folder);
  const chdb = loadChdb();
  let client: ClickHouseClient;
  try {
    // chdb's declarations lag behind the client's; at run time the shapes agree (the contract suite runs on it).
    const connection = chdb.createChdbConnection({ path: folder }) as unknown as ClientConnection;
    client = createClient({ ...CLIENT, connection });
  } catch (error) {
    if (isOutOfRoom(folder)) throw fullDiskError(folder, error);
    const text = error instanceof Error ? error.message : String(error);
    throw new TidewatchError('storage.unavailable', `The store in ${folder} does not open: ${text}`, {
      cause: error,
      hint: 'One process has one embedded store in one folder. Otherwise the engine said why on stderr; moving the folder aside starts an empty store.',
      retryable: false,
    });
  }
  const turns = createTurns();
  // The folder is this process's alone: a claim to migrate that is there was left by one that was killed.
  const store = createStore(client, { log, turns, retention, leaseMs: 1000 });
  return {
    ...store,
    async close() {
      await store.close();
      await turns.idle();
    },
  };
}

function loadChdb(): ConnectionModule {
  try {
    return createRequire(import.meta.url)('chdb/connection') as ConnectionModule;
  } catch (error) {
    throw new TidewatchError('library.missing', `The embedded store needs the package chdb: ${String(error)}`, {
      cause: error,
      hint: 'chdb has binaries for Linux and macOS (on Windows use WSL2). Reinstall with npm ci, or set store.type to clickhouse.',
    });
  }
}
