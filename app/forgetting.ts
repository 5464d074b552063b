/**
 * Forgetting, everywhere at once: the stream, the store, the small state, and what ingest remembers of texts and authors.
 * The same steps serve a stopped folder (commands/forget.ts) and a running process (removing.ts): count, remove, count
 * again. What stays by design: hashes of ids and words by which a document is known and not taken in again, counts in
 * which it is one of many, and an audit row that says that something was removed, not what.
 */
import { isoTime, SCHEMA_VERSION, stableId } from '../core/event.ts';
import { isConcerned, type Removal, type Target } from '../core/removal.ts';
import { reviewState } from '../core/state/removal.ts';
import type { State } from '../core/state/state.ts';
import { countInStore, documentsOf, removeFromStore } from '../core/store/removal.ts';
import type { Store } from '../core/store/store.ts';
import type { Message, Stream } from '../core/stream/stream.ts';
import { openAuthors, type AuthorSettings } from '../ingest/authors.ts';
import { createStoryIndex, type StoryValue } from '../ingest/stories.ts';

export interface Planes {
  readonly stream: Stream;
  readonly store: Store;
  readonly state: State;
}

export interface ForgetRequest {
  readonly kind: Removal['kind'];
  /** A document's id or address, an author's name, a source's name. */
  readonly value: string;
  /** Of an author: only there. */
  readonly outlet: string | null;
}

/** How much is where, by place: `store documents`, `stream documents`, `state notify.queue`. */
export type Counts = Record<string, number>;

export interface Forgotten {
  readonly before: Counts;
  readonly after: Counts;
  /** What could not be removed, in a sentence; null where everything was. */
  readonly kept: string | null;
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

/** The message for the other stages: of an author only the form in which they know it, not the name. */
export function toldOthers(removal: Removal, { authors }: AuthorSettings): Message<Removal> {
  const [first = removal.id, ...rest] = removal.values;
  const values = removal.kind === 'author' && authors !== 'plain' ? [first] : [first, ...rest];
  return { key: first, value: { ...removal, values } };
}

/** Counts, removes, counts again. Idempotent. @throws TidewatchError storage.* */
export async function forget(planes: Planes, removals: readonly Removal[]): Promise<Forgotten> {
  const shown = await withDocuments(planes.store, removals);
  const before = await count(planes, removals, shown);
  const { kept } = await planes.stream.erase((_, value) => isOf(value, shown));
  await removeFromStore(planes.store, removals, shown);
  await reviewState(planes.state, shown, { remove: true });
  await forgetStories(planes.state, shown);
  return { before, after: await count(planes, removals, shown), kept };
}

/** How much there is of what the removals name. @throws TidewatchError storage.* */
export async function countAll(planes: Planes, removals: readonly Removal[]): Promise<Counts> {
  return count(planes, removals, await withDocuments(planes.store, removals));
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
    remaining: Object.values(after).reduce((sum, rest) => sum + rest, 0),
  }));
  await store.insert('removals', rows, stableId('removals', ...removals.map(({ id }) => id), isoTime(now)));
}

/** The targets, and by their ids the documents that the store knows of them: evidence does not say which feed it is of. */
async function withDocuments(store: Store, removals: readonly Removal[]): Promise<Target[]> {
  const ids = removals.some(({ kind }) => kind !== 'document') ? await documentsOf(store, removals) : [];
  return ids.length === 0 ? [...removals] : [...removals, { kind: 'document', values: ids, outlet: null }];
}

async function count(
  { stream, store, state }: Planes,
  removals: readonly Removal[],
  shown: readonly Target[],
): Promise<Counts> {
  const counts: Counts = {};
  for (const [table, rows] of Object.entries(await countInStore(store, removals, shown)))
    counts[`store ${table}`] = rows;
  await stream.erase((topic, value) => {
    if (isOf(value, shown)) counts[`stream ${topic}`] = (counts[`stream ${topic}`] ?? 0) + 1;
    return false;
  });
  const inState = await reviewState(state, shown, { remove: false });
  for (const [table, things] of Object.entries(inState)) counts[`state ${table}`] = things;
  return counts;
}

/** Of a message: a document, an opinion, or a dead letter that holds one or is the beginning of one. */
function isOf(value: unknown, targets: readonly Target[]): boolean {
  if (isConcerned(value, targets)) return true;
  const inner = (value as { value?: unknown } | null)?.value;
  if (inner === undefined) return false;
  if (typeof inner === 'string') {
    return targets.some(
      ({ kind, values }) => kind === 'author' && values.some((name) => name.length >= 3 && inner.includes(name)),
    );
  }
  return isConcerned(inner, targets);
}

async function idsOf(store: Store, written: string): Promise<string[]> {
  if (!/^https?:\/\//i.test(written)) return [written];
  const rows = await store.query<{ id: string }>('SELECT id FROM documents WHERE url = {url:String}', { url: written });
  return rows.length === 0 ? [written] : rows.map(({ id }) => id);
}

/** Sketches of stories that had this one document: 32-bit hashes of word groups, of use to nobody now. */
async function forgetStories(state: State, targets: readonly Target[]): Promise<void> {
  const ids = targets.filter(({ kind }) => kind === 'document').flatMap(({ values }) => values);
  const table = state.table<StoryValue>('ingest_story_index');
  if (ids.length === 0 || !ids.some((id) => table.has(`s${id}`))) return;
  const index = createStoryIndex();
  index.restore(table.entries());
  index.changes();
  for (const id of ids) index.forget(id);
  await state.transaction(() => {
    for (const [key, value] of index.changes()) if (value === null) void table.remove(key);
  });
}
