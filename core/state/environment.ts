/**
 * One LMDB environment, opened and written to in the way that the state and the embedded stream both need.
 *
 * Commits are synchronous (LMDB's own fsync on commit, well under a millisecond a batch on an SSD) and are shared: all writes of one turn
 * of the event loop go into one transaction. Rejected: lmdb-js' asynchronous commits, which on a full disk raise
 * unhandled rejections that end the process and hide the system's error code; and noSync, which a power cut corrupts.
 */
import { open, type Database, type DatabaseOptions, type Key, type RootDatabase } from 'lmdb';
import { TidewatchError, toTidewatchError } from '../errors.ts';
import { createFolder, fullDiskError, isOutOfRoom } from './folder.ts';

/** ENOSPC and EDQUOT; LMDB also reports EIO, for a write that a full disk cut short. */
const FULL_CODES = new Set<unknown>([28, 122]);
const EIO = 5;
/**
 * MDB_BAD_TXN. LMDB as lmdb-js has it loses its way in its own list of free pages, once in some thousands of large commits
 * ("reserved freelist had a data entry with zero-size", seen with 3.5.6): the transaction is undone, the list is read anew, and
 * the same writes then succeed.
 */
const BAD_TRANSACTION = -30_782;
const ATTEMPTS = 5;

export interface Environment {
  /**
   * Opens (or creates) one of the environment's databases; not within a transaction.
   * @throws TidewatchError storage.full, storage.unavailable
   */
  open<Value, DatabaseKey extends Key>(options: DatabaseOptions & { name: string }): Database<Value, DatabaseKey>;
  /** Names of the databases that there are. */
  names(): string[];
  /** Commits `work` now, by itself; an error of `work` undoes it and is thrown as it is. It may be run again, after being undone. */
  commit(work: () => void): void;
  /** Queues `work` for the next shared transaction. Resolves when durable; rejects when nothing of it was written. */
  write(work: () => void): Promise<void>;
  /** Commits what is queued, now. */
  flush(): void;
  /** Called after each transaction, before any of its promises settles. */
  onSettled(listener: (committed: boolean) => void): void;
  close(): Promise<void>;
}

interface Queued {
  readonly work: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Opens (or creates) the environment in `folder`.
 * @throws TidewatchError storage.read_only, storage.full, storage.unavailable
 */
export async function openEnvironment(folder: string, maxDatabases: number): Promise<Environment> {
  let root: RootDatabase;
  await createFolder(folder);
  try {
    root = open({ path: folder, noSubdir: false, overlappingSync: false, maxDbs: maxDatabases, encoding: 'binary' });
  } catch (error) {
    throw storageError(error, folder);
  }
  let queue: Queued[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let closed = false;
  const listeners: ((committed: boolean) => void)[] = [];

  function commit(works: readonly (() => void)[]): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        root.transactionSync(() => {
          for (const work of works) work();
        });
        break;
      } catch (error) {
        for (const listener of listeners) listener(false);
        if (attempt < ATTEMPTS && (error as { code?: unknown } | null)?.code === BAD_TRANSACTION) continue;
        throw isFromLmdb(error) ? storageError(error, folder) : error;
      }
    }
    for (const listener of listeners) listener(true);
  }

  function settle(batch: readonly Queued[]): void {
    try {
      commit(batch.map((item) => item.work));
    } catch (error) {
      // A defect in one work must not fail its neighbours; the disk fails all alike.
      if (batch.length > 1 && !isFromLmdb(error)) for (const item of batch) settle([item]);
      else for (const item of batch) item.reject(error);
      return;
    }
    for (const item of batch) item.resolve();
  }

  function flush(): void {
    if (scheduled !== undefined) clearImmediate(scheduled);
    scheduled = undefined;
    const batch = queue;
    queue = [];
    if (batch.length > 0) settle(batch);
  }

  return {
    open(options) {
      try {
        return root.openDB(options);
      } catch (error) {
        throw storageError(error, folder);
      }
    },
    names: () => [...root.getKeys()].map((key) => (Buffer.isBuffer(key) ? key.toString() : String(key))),
    commit: (work) => commit([work]),
    write(work) {
      if (closed) return Promise.reject(new TidewatchError('storage.unavailable', `${folder} is closed`));
      scheduled ??= setImmediate(flush);
      return new Promise((resolve, reject) => queue.push({ work, resolve, reject }));
    },
    flush,
    onSettled: (listener) => void listeners.push(listener),
    async close() {
      if (closed) return;
      flush();
      closed = true;
      await root.close();
    },
  };
}

/** LMDB's own errors, and those this file made of them. */
function isFromLmdb(error: unknown): boolean {
  return error instanceof TidewatchError
    ? error.code.startsWith('storage.')
    : typeof (error as { code?: unknown } | null)?.code === 'number';
}

/** An LMDB or system error with the folder named; a full disk is recognised also where LMDB calls it EIO. */
export function storageError(thrown: unknown, folder: string): TidewatchError {
  const known = toTidewatchError(thrown, 'storage.unavailable');
  if (known.code !== 'storage.unavailable' || known === thrown) return known;
  const code = (thrown as { code?: unknown } | null)?.code;
  if (FULL_CODES.has(code) || (code === EIO && isOutOfRoom(folder))) return fullDiskError(folder, thrown);
  return new TidewatchError('storage.unavailable', `${folder}: ${known.message}`, { cause: thrown });
}
