/**
 * The state port on LMDB: one named database a table, values as MessagePack, keys as UTF-8 bytes. Puts of one turn of the
 * event loop share a commit, and are seen by reads at once: a caller that marks an id and asks for it in the same turn
 * gets the right answer. Rejected: SQLite (a native build more, and no faster for single keys), JSON files (not atomic).
 */
import { TidewatchError } from '../errors.ts';
import { openEnvironment, type Environment } from './environment.ts';
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
        // A transaction that is undone closes what it opened: the next table would get its handle, and its rows.
        if (mode.direct) {
          throw new TidewatchError('internal', `The state table ${name} must be opened before State.transaction.`);
        }
        table = openTable(environment, name, mode);
        tables.set(name, table);
      }
      return table as StateTable<Value>;
    },
    tables: () => environment.names(),
    async transaction(work) {
      if (mode.direct) throw new TidewatchError('internal', 'State.transaction within State.transaction.');
      // What was put before comes first, in its own commit, so that a failing `work` takes nothing else down.
      environment.flush();
      mode.direct = true;
      try {
        environment.commit(work);
      } finally {
        mode.direct = false;
      }
    },
    close: () => environment.close(),
  };
}

function openTable(environment: Environment, name: string, mode: { readonly direct: boolean }): StateTable<unknown> {
  const database = environment.open<unknown, Buffer>({ name, encoding: 'msgpack', keyEncoding: 'binary' });
  const pending: Pending = new Map();

  function apply(bytes: Buffer, value: unknown): void {
    if (value === REMOVED) database.removeSync(bytes);
    else database.putSync(bytes, value);
  }

  async function queue(key: string, value: unknown): Promise<void> {
    const bytes = keyBytes(name, key);
    // Copied: the caller may go on changing its object before the commit.
    const entry = { value: value === REMOVED ? REMOVED : structuredClone(value) };
    pending.set(key, entry);
    await environment.write(() => {
      if (pending.get(key) === entry) pending.delete(key);
      apply(bytes, entry.value);
    });
  }

  function change(key: string, value: unknown): Promise<void> {
    if (!mode.direct) return queue(key, value);
    // Thrown at once, not as a promise that nobody awaits: it has to undo the transaction.
    apply(keyBytes(name, key), value);
    return Promise.resolve();
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
