/**
 * The state port on LMDB: one named database a table, values as MessagePack, keys as UTF-8 bytes. Puts of one turn of the
 * event loop share a commit, and are seen by reads at once: a caller that marks an id and asks for it in the same turn
 * gets the right answer. Rejected: SQLite (a native build more, and no faster for single keys), JSON files (not atomic).
 */
import type { Database } from 'lmdb';
import { TidewatchError } from '../errors.ts';
import { openEnvironment, storageError, type Environment } from './environment.ts';
import type { State, StateTable } from './state.ts';

const MAX_TABLES = 256;
const MAX_KEY_BYTES = 1_900;
const REMOVED = Symbol('removed');

type Pending = Map<string, { readonly value: unknown }>;

/**
 * Opens the state in `folder`, creating it if absent. The caller holds the data folder's lock (core/lock.ts).
 * @throws TidewatchError storage.read_only, storage.full, storage.unavailable
 */
export async function openState(folder: string): Promise<State> {
  const environment = await openEnvironment(folder, MAX_TABLES);
  const tables = new Map<string, StateTable<unknown>>();
  const mode = { direct: false };
  return {
    table<Value>(name: string) {
      let table = tables.get(name);
      if (table === undefined) {
        table = openTable(environment, name, folder, mode);
        tables.set(name, table);
      }
      return table as StateTable<Value>;
    },
    async transaction(work) {
      if (mode.direct) throw new TidewatchError('internal', 'State.transaction within State.transaction.');
      // What was put before comes first, in its own commit, so that a failing `work` takes nothing else down.
      environment.flush();
      mode.direct = true;
      try {
        environment.root.transactionSync(work);
      } catch (error) {
        throw storageError(error, folder);
      } finally {
        mode.direct = false;
      }
    },
    close: () => environment.close(),
  };
}

function openTable(
  environment: Environment,
  name: string,
  folder: string,
  mode: { readonly direct: boolean },
): StateTable<unknown> {
  let database: Database<unknown, Buffer>;
  try {
    database = environment.root.openDB<unknown, Buffer>({ name, encoding: 'msgpack', keyEncoding: 'binary' });
  } catch (error) {
    throw storageError(error, folder);
  }
  const pending: Pending = new Map();

  function change(key: string, value: unknown): Promise<void> {
    let bytes: Buffer;
    try {
      bytes = keyBytes(name, key);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const apply = (stored: unknown): void => {
      if (stored === REMOVED) database.removeSync(bytes);
      else database.putSync(bytes, stored);
    };
    if (mode.direct) {
      apply(value);
      return Promise.resolve();
    }
    // Copied: the caller may go on changing its object before the commit.
    const entry = { value: value === REMOVED ? REMOVED : structuredClone(value) };
    pending.set(key, entry);
    return environment.write(() => {
      if (pending.get(key) === entry) pending.delete(key);
      apply(entry.value);
    });
  }

  return {
    get(key) {
      const waiting = pending.get(key);
      if (waiting !== undefined) return waiting.value === REMOVED ? undefined : structuredClone(waiting.value);
      return database.get(keyBytes(name, key));
    },
    has(key) {
      const waiting = pending.get(key);
      if (waiting !== undefined) return waiting.value !== REMOVED;
      return database.doesExist(keyBytes(name, key));
    },
    *entries(range = {}) {
      if (pending.size > 0) environment.flush();
      const found = database.getRange({
        ...(range.from === undefined ? {} : { start: Buffer.from(range.from) }),
        ...(range.to === undefined ? {} : { end: Buffer.from(range.to) }),
        ...(range.limit === undefined ? {} : { limit: range.limit }),
      });
      for (const { key, value } of found) yield { key: key.toString('utf8'), value };
    },
    count() {
      if (pending.size > 0) environment.flush();
      return (database.getStats() as { entryCount: number }).entryCount;
    },
    put: (key, value) => change(key, value),
    remove: (key) => change(key, REMOVED),
  };
}

function keyBytes(table: string, key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES) {
    throw new TidewatchError(
      'internal',
      `A key of the state table ${table} must have 1 to ${MAX_KEY_BYTES} bytes; "${key.slice(0, 40)}" has ${bytes.length}.`,
    );
  }
  return bytes;
}
