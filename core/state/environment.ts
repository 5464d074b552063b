/**
 * One LMDB environment, opened and written to in the way that the state and the embedded stream both need.
 *
 * Commits are synchronous (LMDB's own fsync on commit, well under a millisecond a batch on an SSD) and are shared: all writes of one turn
 * of the event loop go into one transaction. Rejected: lmdb-js' asynchronous commits, which on a full disk raise
 * unhandled rejections that end the process and hide the system's error code; and noSync, which a power cut corrupts.
 */
import { statfsSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import { TidewatchError, toTidewatchError } from '../errors.ts';
import { createFolder } from './folder.ts';

/** LMDB reports a write that was cut short by a full disk as EIO; with less room than this, it was the disk. */
const ROOM_BYTES = 16 * 1024 * 1024;
const FULL_CODES = new Set<unknown>([28, 122]);

export interface Environment {
  readonly root: RootDatabase;
  /** Queues `work` for the next shared transaction. Resolves when durable; rejects when nothing of it was written. */
  write(work: () => void): Promise<void>;
  /** Commits what is queued, now. */
  flush(): void;
  /** Called after each shared transaction, before any of its promises settles. */
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
    try {
      root.transactionSync(() => {
        for (const work of works) work();
      });
    } catch (error) {
      throw storageError(error, folder);
    }
  }

  function flush(): void {
    if (scheduled !== undefined) clearImmediate(scheduled);
    scheduled = undefined;
    const batch = queue;
    queue = [];
    if (batch.length === 0) return;
    try {
      commit(batch.map((item) => item.work));
    } catch (error) {
      for (const listener of listeners) listener(false);
      for (const item of batch) item.reject(error);
      return;
    }
    for (const listener of listeners) listener(true);
    for (const item of batch) item.resolve();
  }

  return {
    root,
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

/** An LMDB or system error with the folder named; a full disk is recognised also where LMDB calls it EIO. */
export function storageError(thrown: unknown, folder: string): TidewatchError {
  const known = toTidewatchError(thrown, 'storage.unavailable');
  if (known.code !== 'storage.unavailable' || known === thrown) return known;
  const code = (thrown as { code?: unknown } | null)?.code;
  if (FULL_CODES.has(code) || (code === 5 && freeBytes(folder) < ROOM_BYTES)) {
    return new TidewatchError('storage.full', `The disk of ${folder} is full`, {
      cause: thrown,
      hint: 'Free some space or point data_dir at a larger disk; work goes on by itself.',
    });
  }
  return new TidewatchError('storage.unavailable', `${folder}: ${known.message}`, { cause: thrown });
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}
