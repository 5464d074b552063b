/**
 * What is taken back, and what it concerns: the message of the topic `removals`, and the one test that every place which
 * keeps content asks. Who takes something back is its origin (a post was deleted) or the operator (`tidewatch forget`).
 * Effects are idempotent: a removal may be delivered and carried out any number of times.
 */
import { z } from 'zod';
import { SCHEMA_VERSION } from './event.ts';

export const removalSchema = z.object({
  schema_version: z.literal(SCHEMA_VERSION),
  id: z.string().min(1),
  kind: z.enum(['document', 'author', 'source']),
  /** Document ids, and addresses where that is how it was named; an author in every form in which the name may be stored; names of sources. */
  values: z.array(z.string()).min(1),
  /** Of an author: only at this outlet or feed; null: everywhere. */
  outlet: z.string().nullable(),
  by: z.enum(['origin', 'operator']),
  reason: z.string(),
  requested_at: z.iso.datetime({ precision: 3 }),
});
export type Removal = z.output<typeof removalSchema>;

/** What a removal names. */
export type Target = Pick<Removal, 'kind' | 'values' | 'outlet'>;

/** What of a kept thing says whose it is; absent where it does not say. */
export interface Provenance {
  readonly id?: string | undefined;
  readonly url?: string | null | undefined;
  readonly author?: string | null | undefined;
  readonly source?: string | undefined;
  readonly feed?: string | undefined;
}

/**
 * Targets of one kind and outlet as one, each value once: what is asked once a target is then asked once a kind, however many
 * removals are open together.
 */
export function joinTargets(targets: readonly Target[]): Target[] {
  const joined = new Map<string, { kind: Target['kind']; outlet: string | null; values: Set<string> }>();
  for (const { kind, outlet, values } of targets) {
    const place = JSON.stringify([kind, outlet]);
    const one = joined.get(place) ?? { kind, outlet, values: new Set() };
    for (const value of values) one.values.add(value);
    joined.set(place, one);
  }
  return [...joined.values()].map(({ kind, outlet, values }) => ({ kind, outlet, values: [...values] }));
}

export function concerns(removal: Target, kept: Provenance): boolean {
  const { values, outlet } = removal;
  if (removal.kind === 'document') return holds(values, kept.id ?? '') || holds(values, kept.url ?? '');
  if (removal.kind === 'source') return holds(values, kept.source ?? '\n') || holds(values, kept.feed ?? '\n');
  if (kept.author === undefined || kept.author === null || !holds(values, kept.author)) return false;
  return outlet === null || kept.source === outlet || kept.feed === outlet;
}

/** Lists of documents and authors may be long: each is made a Set once. */
const SETS = new WeakMap<readonly string[], ReadonlySet<string>>();

function holds(values: readonly string[], value: string): boolean {
  if (values.length < 10) return values.includes(value);
  let set = SETS.get(values);
  if (set === undefined) SETS.set(values, (set = new Set(values)));
  return set.has(value);
}

/**
 * Takes out of plain data (objects, lists, Maps; in place) what the removals concern, and says how much that was. Objects
 * that are a document, an opinion, an alert's evidence or an observation of one are known by their fields.
 */
export function removeWithin(value: unknown, removals: readonly Target[]): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  if (Array.isArray(value)) {
    const kept = (value as unknown[]).filter((item) => !isConcerned(item, removals));
    let removed = value.length - kept.length;
    if (removed > 0) value.splice(0, value.length, ...kept);
    for (const item of kept) removed += removeWithin(item, removals);
    return removed;
  }
  let removed = 0;
  if (value instanceof Map) {
    for (const [key, inner] of value) {
      if (isConcerned(inner, removals)) {
        value.delete(key);
        removed += 1;
      } else removed += removeWithin(inner, removals);
    }
    return removed;
  }
  for (const inner of Object.values(value)) removed += removeWithin(inner, removals);
  return removed;
}

/** Whether an object is a document, or something said of one, that a removal concerns. */
export function isConcerned(item: unknown, removals: readonly Target[]): boolean {
  if (typeof item !== 'object' || item === null) return false;
  const { id, document_id, guid, url, document, shown, author, source, feed, lane, text, title, story } =
    item as Record<string, unknown>;
  if (typeof document === 'object' && isConcerned(document, removals)) return true;
  if (typeof shown === 'object' && shown !== null && isConcerned({ id, ...shown, feed: lane }, removals)) return true;
  const isDocument = [text, title, story, guid, document_id].some((field) => typeof field === 'string');
  if (!isDocument) return false;
  const written = textOf(author);
  // An observation keeps its author as outlet, line feed, name.
  const signed = written?.slice(written.lastIndexOf('\n') + 1);
  const kept = {
    id: textOf(document_id) ?? textOf(id),
    url: textOf(url),
    author: signed === '' ? undefined : signed,
    source: textOf(source) ?? (written?.includes('\n') === true ? written.slice(0, written.indexOf('\n')) : undefined),
    feed: textOf(feed) ?? textOf(lane),
  };
  return removals.some((removal) => concerns(removal, kept));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
