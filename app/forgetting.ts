/**
 * Forgetting, everywhere at once: the stream, the store, the small state, and what ingest remembers of texts and authors.
 * The same steps serve a stopped folder (commands/forget.ts) and a running process (removing.ts): count, remove, count
 * again. What stays by design: hashes of ids and words by which a document is known and not taken in again, counts in
 * which it is one of many, and an audit row that says that something was removed, not what.
 */
import { z } from 'zod';
import { isoTime, SCHEMA_VERSION, stableId } from '../core/event.ts';
import { removalSchema, type Removal, type Target } from '../core/removal.ts';
import { reviewState } from '../core/state/removal.ts';
import type { State } from '../core/state/state.ts';
import { countInStore, removeFromStore, withDocuments } from '../core/store/removal.ts';
import type { Store } from '../core/store/store.ts';
import type { Message, Stream } from '../core/stream/stream.ts';
import { openAuthors, type AuthorSettings } from '../ingest/authors.ts';
import { webAddress } from '../ingest/identity.ts';
import type { Forgetful } from '../ingest/memory.ts';
import { isForgotten } from './forgotten_message.ts';

export interface Planes {
  readonly stream: Stream;
  readonly store: Store;
  readonly state: State;
  /** What ingest remembers of texts and authors, of the same state. */
  readonly memory: Forgetful;
}

export const forgetRequestSchema = z.strictObject({
  kind: removalSchema.shape.kind,
  /** A document's id or address, an author's name, a source's name. */
  value: z.string().min(1),
  /** Of an author: only there. */
  outlet: z.string().nullable(),
});
export type ForgetRequest = Readonly<z.output<typeof forgetRequestSchema>>;

/** How much is where, by place: `store documents`, `stream documents`, `state notify.queue`. */
export type Counts = Record<string, number>;

export interface Forgotten {
  readonly before: Counts;
  readonly after: Counts;
  /** What could not be removed, in a sentence; null where everything was. */
  readonly kept: string | null;
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The removal that an operator asks for. @throws TidewatchError storage.* */
export async function removalOf(
  request: ForgetRequest,
  { store, state }: Pick<Planes, 'store' | 'state'>,
  settings: AuthorSettings,
  now: number,
): Promise<Removal> {
  const { kind, value, outlet } = request;
  const values =
    kind === 'author'
      ? [...openAuthors(settings, state).forms(value)]
      : kind === 'document'
        ? await idsOf(store, value)
        : [value];
  return {
    schema_version: SCHEMA_VERSION,
    id: stableId('removal', kind, ...values, isoTime(now)),
    kind,
    values,
    outlet,
    by: 'operator',
    reason: 'forget',
    requested_at: isoTime(now),
  };
}

/** Reason of what is told of a removal besides the removal: nobody carries that out anew. */
export const TOLD = 'again';
const IDS_A_MESSAGE = 500;

/**
 * The messages for other stages and processes, in one order: the documents that the store has of it, which nobody finds there
 * afterwards, then the removal. Of an author only the form in which they know it, not the name.
 */
export function toldOthers(
  removal: Removal,
  documents: readonly string[],
  { authors }: AuthorSettings,
): Message<Removal>[] {
  const [first = removal.id, ...rest] = removal.values;
  const values = removal.kind === 'author' && authors !== 'plain' ? [first] : [first, ...rest];
  return [...toldDocuments(removal, documents), { key: removal.id, value: { ...removal, values } }];
}

export function toldDocuments(removal: Removal, documents: readonly string[]): Message<Removal>[] {
  return Array.from({ length: Math.ceil(documents.length / IDS_A_MESSAGE) }, (_, at) => {
    const values = documents.slice(at * IDS_A_MESSAGE, (at + 1) * IDS_A_MESSAGE);
    const id = stableId(removal.id, 'documents', ...values);
    return { key: removal.id, value: { ...removal, id, kind: 'document', values, outlet: null, reason: TOLD } };
  });
}

/** Whether somebody waits to hear from each process that has forgotten it. */
export function isAnswered({ by, reason }: Removal): boolean {
  return by === 'operator' && reason !== TOLD;
}

/** Forgets what a process holds by itself; how much that was, and is. Idempotent. @throws TidewatchError storage.* */
export async function forgetHere(
  { state, memory }: Pick<Planes, 'state' | 'memory'>,
  targets: readonly Target[],
): Promise<{ readonly found: number; readonly left: number }> {
  const found = await countHere({ state, memory }, targets);
  await reviewState(state, targets, { remove: true });
  await memory.forget(targets);
  return { found: total(found), left: total(await countHere({ state, memory }, targets)) };
}

/** Counts, removes, counts again. Idempotent. @throws TidewatchError storage.* */
export async function forget(planes: Planes, removals: readonly Removal[]): Promise<Forgotten> {
  const shown = await withDocuments(planes.store, removals);
  const before = await countKept(planes, removals, shown);
  const { counts, kept } = await eraseFromStream(planes.stream, removals, shown);
  await removeFromStore(planes.store, removals, shown);
  await forgetHere(planes, shown);
  const after = await countKept(planes, removals, shown);
  // Where nothing can be erased there is as much as before.
  const left = planes.stream.isErasable ? await countInStream(planes.stream, shown) : counts;
  return { before: { ...before, ...counts }, after: { ...after, ...left }, kept };
}

/** How much there is of what the removals name. @throws TidewatchError storage.* */
export async function countAll(planes: Planes, removals: readonly Removal[]): Promise<Counts> {
  const shown = await withDocuments(planes.store, removals);
  return { ...(await countKept(planes, removals, shown)), ...(await countInStream(planes.stream, shown)) };
}

/** One row a removal, without what was removed. @throws TidewatchError storage.* */
export async function audit(
  store: Store,
  removals: readonly Removal[],
  { before, after }: Forgotten,
  now: number,
): Promise<void> {
  const rows = removals.map((removal) => ({
    id: removal.id,
    kind: removal.kind,
    // The first form of an author is the salted one.
    target: removal.kind === 'author' ? stableId(removal.values[0] ?? '') : (removal.values[0] ?? ''),
    taken_by: removal.by,
    reason: removal.reason,
    requested_at: removal.requested_at,
    done_at: isoTime(now),
    removed: before,
    remaining: total(after),
  }));
  await store.insert('removals', rows, stableId('removals', ...removals.map(({ id }) => id), isoTime(now)));
}

/** In store and state. */
async function countKept(
  { store, state, memory }: Planes,
  removals: readonly Removal[],
  shown: readonly Target[],
): Promise<Counts> {
  const counts: Counts = {};
  for (const [table, rows] of Object.entries(await countInStore(store, removals, shown)))
    counts[`store ${table}`] = rows;
  return { ...counts, ...(await countHere({ state, memory }, shown)) };
}

async function countHere(
  { state, memory }: Pick<Planes, 'state' | 'memory'>,
  targets: readonly Target[],
): Promise<Counts> {
  const held = { ...(await reviewState(state, targets, { remove: false })), ...(await memory.count(targets)) };
  return Object.fromEntries(Object.entries(held).map(([table, things]) => [`state ${table}`, things]));
}

/**
 * Erases, and counts what it met. What origins take back is not looked for in a log that cannot be rewritten: there are
 * many such removals, each would read all of it, and nobody waits for the count.
 */
async function eraseFromStream(
  stream: Stream,
  removals: readonly Removal[],
  shown: readonly Target[],
): Promise<{ counts: Counts; kept: string | null }> {
  if (!stream.isErasable && removals.every(({ by }) => by === 'origin')) {
    return { counts: {}, kept: 'The log cannot be rewritten: its copies go with the retention of their topics.' };
  }
  const counts: Counts = {};
  const { kept } = await stream.erase((topic, value, key) => {
    const isHit = isForgotten(topic, value, key, shown);
    if (isHit) counts[`stream ${topic}`] = (counts[`stream ${topic}`] ?? 0) + 1;
    return isHit;
  });
  return { counts, kept };
}

async function countInStream(stream: Stream, shown: readonly Target[]): Promise<Counts> {
  const counts: Counts = {};
  await stream.erase((topic, value, key) => {
    if (isForgotten(topic, value, key, shown)) counts[`stream ${topic}`] = (counts[`stream ${topic}`] ?? 0) + 1;
    return false;
  });
  return counts;
}

/** Ids of documents at an address, and the address itself: what was refused, or is on its way, is not in the store. */
async function idsOf(store: Store, written: string): Promise<string[]> {
  if (!/^https?:\/\//i.test(written)) return [written];
  const urls = [...new Set([written, webAddress(written) ?? written])];
  const sql = 'SELECT DISTINCT id FROM documents WHERE url IN {urls:Array(String)}';
  const rows = await store.query<{ id: string }>(sql, { urls });
  return [...rows.map(({ id }) => id), ...urls];
}
