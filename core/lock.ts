/**
 * One process a data folder. The lock is a small file, created exclusively, that says who holds it. Node has no flock(2),
 * so a holder that died by kill -9 leaves its file behind; the next process sees that nobody by that pid and start time
 * is alive and takes over. The start time (from /proc, where there is one) tells a recycled pid from the holder.
 *
 * Two processes that both find a dead holder must not both take over: who wants to replace lock N first needs the lock
 * "N's successor", taken in the same way. Holders on another host or in another container cannot be asked, so each
 * holder touches its file, and one untouched for 30 s counts as dead. Rejected: a port as a lock (firewalls, clashes);
 * LMDB's own lock (it allows several processes, and chdb has none that explains itself).
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TidewatchError, toTidewatchError } from './errors.ts';
import { createFolder, fullDiskError } from './state/folder.ts';

interface Holder {
  readonly id: string;
  readonly pid: number;
  /** Start of the process in clock ticks since boot, where /proc tells; a recycled pid has another. */
  readonly started: string | null;
  /** Boot and pid namespace: within one place a pid means the same process. */
  readonly place: string;
  /** Whether it takes up changes on SIGHUP; to any other process that signal is the end. */
  readonly reloads: boolean;
  /** Whether it answers what is asked through the folder (`forget`, `redrive`); a command that holds it for a moment does not. */
  readonly answers: boolean;
}

type Abilities = Partial<Pick<Holder, 'reloads' | 'answers'>>;

const FILE = 'tidewatch.lock';
const TOUCH_EVERY_MS = 5_000;
const DEAD_AFTER_MS = 30_000;

/**
 * Takes the folder for this process; creates it if it is absent. Resolves to the function that gives it back. Who `reloads` listens
 * for SIGHUP already; who `answers` will look for requests in the folder.
 * @throws TidewatchError storage.locked (another live process holds it), storage.read_only, storage.full
 */
export async function lockFolder(folder: string, abilities: Abilities = {}): Promise<() => Promise<void>> {
  const path = join(folder, FILE);
  try {
    await createFolder(folder);
    const holder = await take(path, folder, abilities);
    const touching = setInterval(() => {
      const now = new Date();
      utimes(path, now, now).catch(() => undefined);
    }, TOUCH_EVERY_MS).unref();
    return async () => {
      clearInterval(touching);
      const current = await readHolder(path);
      if (current?.id === holder.id) await unlink(path).catch(() => undefined);
    };
  } catch (error) {
    const known = toTidewatchError(error, 'storage.unavailable');
    throw known.code === 'storage.full' ? fullDiskError(folder, error) : known;
  }
}

/** The live holder of a folder that runs on this machine, as this process sees them; null where none does. */
export async function holderOf(folder: string): Promise<Pick<Holder, 'pid' | 'reloads'> | null> {
  const path = join(folder, FILE);
  const holder = await readHolder(path);
  if (holder === undefined || holder.place !== placeOfThisProcess()) return null;
  return (await isAlive(holder, path)) ? holder : null;
}

/** Whether whoever has the folder answers what is asked through it, on this host or another. */
export async function isAnswering(folder: string): Promise<boolean> {
  const holder = await readHolder(join(folder, FILE));
  // One of a version that does not say so may answer.
  return holder !== undefined && (holder.answers as boolean | undefined) !== false;
}

async function take(path: string, folder: string, abilities: Abilities): Promise<Holder> {
  const mine: Holder = {
    id: randomUUID(),
    pid: process.pid,
    started: startOf(process.pid),
    place: placeOfThisProcess(),
    reloads: abilities.reloads ?? false,
    answers: abilities.answers ?? false,
  };
  const draft = `${path}.${mine.id}`;
  await writeFile(draft, JSON.stringify(mine), { flag: 'wx' });
  try {
    // A few rounds: the holder may give the folder back, or another process may take over, between two looks.
    for (let round = 0; round < 10; round += 1) {
      if (await linkExclusively(draft, path)) return mine;
      const holder = await readHolder(path);
      if (holder === undefined) continue;
      if (await isAlive(holder, path)) throw lockedError(folder, holder);
      const successor = `${path}.after.${holder.id}`;
      await take(successor, folder, abilities);
      try {
        if ((await readHolder(path))?.id !== holder.id) continue;
        await rename(draft, path);
        return mine;
      } finally {
        await unlink(successor).catch(() => undefined);
      }
    }
    throw new TidewatchError('storage.locked', `The lock of ${folder} keeps changing hands`, {
      hint: 'Stop the other processes that use this data_dir, then start again.',
    });
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

/** Creates `path` with the draft's content in one step; false when it exists. */
async function linkExclusively(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
  // A file system without hard links (exFAT, some shares).
  try {
    await writeFile(path, await readFile(draft), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return (
    parseHolder(text) ?? { id: 'unreadable', pid: 0, started: null, place: 'unknown', reloads: false, answers: false }
  );
}

/** Null where the text was cut short by a crash or a full disk: nobody can be asked, so only the file's age tells. */
function parseHolder(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder | null;
    return typeof holder?.id === 'string' ? holder : null;
  } catch {
    return null;
  }
}

async function isAlive(holder: Holder, path: string): Promise<boolean> {
  if (holder.place !== placeOfThisProcess()) {
    const age = await stat(path).then(
      (file) => Date.now() - file.mtimeMs,
      () => Infinity,
    );
    return age < DEAD_AFTER_MS;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold blanks and brackets. */
function startOf(pid: number): string | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function placeOfThisProcess(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function lockedError(folder: string, holder: Holder): TidewatchError {
  const here = holder.place === placeOfThisProcess();
  const who = here ? `process ${holder.pid}` : 'a process on another host or in another container';
  return new TidewatchError('storage.locked', `The data folder ${folder} is in use by ${who}`, {
    hint: here
      ? `Stop it first (kill ${holder.pid}), or give this one its own data_dir.`
      : 'Stop it first, or give this one its own data_dir. If it crashed, its lock is void 30 s after its last sign of life.',
  });
}
