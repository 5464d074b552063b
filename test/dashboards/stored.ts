/** A store of the embedded kind that holds documents and their opinions, for tests of what is asked of it. */
import type { Alert, Opinion } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { openStore } from '../../core/store/registry.ts';
import { alertRow, documentRow, opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';

export async function storeOf(
  folder: string,
  opinions: readonly Opinion[],
  alerts: readonly Alert[] = [],
): Promise<Store> {
  const log = createLogger({ level: 'silent', format: 'json' });
  const store = await openStore({ type: 'chdb' }, { folder, log });
  await store.migrate();
  await store.insert(
    'documents',
    opinions.map(({ document }) => documentRow(document)),
    'documents',
  );
  await store.insert('opinions', opinions.map(opinionRow), 'opinions');
  if (alerts.length > 0) await store.insert('alerts', alerts.map(alertRow), 'alerts');
  return store;
}
