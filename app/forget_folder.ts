/**
 * Forgetting in a data folder, as `tidewatch forget` does it. A stopped folder is opened here, cleaned, and its files
 * rewritten without the freed pages in which removed records could still be read. A folder in use is asked through its
 * door (forget_requests.ts), and the answer waited for.
 */
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { lockFolder } from '../core/lock.ts';
import { createLogger } from '../core/log.ts';
import type { Removal } from '../core/removal.ts';
import { compactFolder, findInFile } from '../core/state/compaction.ts';
import { openState } from '../core/state/lmdb.ts';
import { documentsOf } from '../core/store/removal.ts';
import { openStore } from '../core/store/registry.ts';
import { openStream } from '../core/stream/registry.ts';
import { TOPICS } from '../core/stream/stream.ts';
import { keptMemory } from '../ingest/memory.ts';
import type { Settings } from './config.ts';
import { lockUnlessAnswering, requireDataFolder } from './data_folder.ts';
import {
  audit,
  countAll,
  forget,
  removalOf,
  toldOthers,
  total,
  type Counts,
  type ForgetRequest,
  type Forgotten,
  type Planes,
} from './forgetting.ts';
import { answersOf, type Elsewhere } from './forget_answers.ts';
import { askToForget } from './forget_requests.ts';
import { processId } from './hearing.ts';
import { libraryOf } from './models.ts';
import { removeUnfinished, type Unfinished } from './unfinished_training.ts';

export interface ForgetReport {
  readonly data_dir: string;
  readonly dry_run: boolean;
  readonly before: Counts;
  readonly after: Counts;
  /** What a second look found, over all places. */
  readonly remaining: number;
  /** Other processes that share the stream: what they held and hold. */
  readonly elsewhere: readonly Elsewhere[];
  /** Names and ids found in the raw files after they were rewritten; null where they were not (a folder in use). */
  readonly raw: number | null;
  readonly audit: string | null;
  readonly kept: string | null;
  /** What killed trainings on feedback left beside the models: texts that people labelled. */
  readonly trainings: Unfinished;
}

const NEEDLES = 100;

/** @throws TidewatchError storage.*, input.invalid (no data folder) */
export async function forgetFolder(
  settings: Settings,
  request: ForgetRequest,
  { dryRun }: { readonly dryRun: boolean },
): Promise<ForgetReport> {
  const report = await forgetInData(settings, request, dryRun);
  return { ...report, trainings: await removeUnfinished(libraryOf(settings).folder, { dryRun }) };
}

type InData = Omit<ForgetReport, 'trainings'>;

async function forgetInData(settings: Settings, request: ForgetRequest, dryRun: boolean): Promise<InData> {
  const folder = settings.data_dir;
  requireDataFolder(folder);
  const unlock = dryRun ? await lockFolder(folder) : await lockUnlessAnswering(folder);
  if (unlock === null) {
    const done = await askToForget(folder, request);
    return { data_dir: folder, dry_run: false, ...done, remaining: total(done.after), raw: null };
  }
  try {
    return await forgetStopped(settings, request, dryRun);
  } finally {
    await unlock();
  }
}

async function forgetStopped(settings: Settings, request: ForgetRequest, dryRun: boolean): Promise<InData> {
  const folder = settings.data_dir;
  const log = createLogger({ level: 'warn', format: 'auto' });
  const closers: (() => Promise<void>)[] = [];
  let removal: Removal;
  let result: Forgotten;
  let ids: string[];
  let elsewhere: readonly Elsewhere[] = [];
  try {
    const state = await openState(join(folder, 'state'));
    closers.push(() => state.close());
    const stream = await openStream(settings.stream, { folder: join(folder, 'stream'), clock: systemClock, log });
    closers.push(() => stream.close());
    const store = await openStore(settings.store, { folder: join(folder, 'store'), log });
    closers.push(() => store.close());
    await store.migrate();
    const memory = keptMemory(state, settings.ingest.dedupe_hours);
    const planes: Planes = { stream, store, state, memory };
    removal = await removalOf(request, planes, settings.ingest, systemClock.now());
    if (dryRun) {
      const before = await countAll(planes, [removal]);
      return {
        data_dir: folder,
        dry_run: true,
        before,
        after: {},
        remaining: total(before),
        elsewhere: [],
        raw: null,
        audit: null,
        kept: null,
      };
    }
    ids = await documentsOf(store, [removal]);
    // Other processes of the same cluster keep memories of their own.
    const isShared = settings.stream.type === 'kafka';
    if (isShared) await stream.append(TOPICS.removals, toldOthers(removal, ids, settings.ingest));
    result = await forget(planes, [removal]);
    await audit(store, [removal], result, systemClock.now());
    if (isShared) elsewhere = await answersOf(stream, { removal: removal.id, self: await processId(state) });
  } finally {
    for (const close of closers.reverse()) await close();
  }
  const raw = await rewriteFiles(folder, removal, ids);
  const remaining = total(result.after);
  return { data_dir: folder, dry_run: false, ...result, remaining, elsewhere, raw, audit: removal.id };
}

/** Rewrites both files; how many of the names and ids can still be read off them. */
async function rewriteFiles(folder: string, { kind, values }: Removal, ids: readonly string[]): Promise<number> {
  for (const part of ['state', 'stream']) await compactFolder(join(folder, part));
  // As fields only: others may mention a name, and repeat an id.
  const documents = [...new Set([...(kind === 'document' ? values : []), ...ids])].slice(0, NEEDLES);
  const inStream = documents.map((id) => `"id":${JSON.stringify(id)}`);
  if (kind === 'author') inStream.push(...values.map((name) => `"author":${JSON.stringify(name)}`));
  const hashes = kind === 'author' ? values.filter((name) => /^u_[0-9a-f]{32}$/.test(name)) : [];
  return (await findInFile(join(folder, 'stream'), inStream)) + (await findInFile(join(folder, 'state'), hashes));
}
