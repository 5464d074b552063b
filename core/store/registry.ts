/** The stores there are, and how settings choose one. Adding one is a file beside this, a line in each list, and a run of test/contracts/store.ts. */
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { chdbSettings, openChdbStore } from './chdb.ts';
import { clickhouseSettings, openClickHouseStore } from './clickhouse.ts';
import type { Store } from './store.ts';

export const storeComponents = [
  { name: 'chdb', summary: 'ClickHouse in this process (chdb), in the data folder.', settings: chdbSettings },
  { name: 'clickhouse', summary: 'A ClickHouse server or cluster, by HTTP.', settings: clickhouseSettings },
] as const;

export const storeSettings = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('chdb'), ...chdbSettings.shape }),
    z.strictObject({ type: z.literal('clickhouse'), ...clickhouseSettings.shape }),
  ])
  .prefault({ type: 'chdb' });

export type StoreSettings = z.output<typeof storeSettings>;

/**
 * Opens the store that `settings.type` names; `folder` is the embedded store's. Call `migrate()` next.
 * @throws TidewatchError library.missing, storage.read_only, storage.full, storage.unavailable
 */
export async function openStore(
  settings: StoreSettings,
  { folder, log }: { folder: string; log: Logger },
): Promise<Store> {
  if (settings.type === 'chdb') return openChdbStore(settings, { folder, log });
  return openClickHouseStore(settings, { log });
}
