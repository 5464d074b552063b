/**
 * Whether a message of the stream is what somebody wants forgotten: a document, an opinion, an item that was sent back, or
 * a dead letter of one. Pure. A refused item says little of itself (a line of a file has no source of its own), so its
 * letter says which feed it came by and which document it would have been; what is older than that, by its key.
 */
import { concerns, isConcerned, type Provenance, type Target } from '../core/removal.ts';
import { TOPICS, type DeadLetter } from '../core/stream/stream.ts';
import { documentIdOf } from '../ingest/identity.ts';
import type { RawItem } from '../ingest/source.ts';

/** A name of this length or more is looked for within text that could not be read. */
const LEAST_NAME = 3;

export function isForgotten(topic: string, value: unknown, key: string, targets: readonly Target[]): boolean {
  if (isConcerned(value, targets)) return true;
  if (topic === TOPICS.items) return isForgottenItem(value, { feed: key }, targets);
  if (typeof value !== 'object' || value === null || !('value' in value)) return false;
  const { stage, value: inner, ...said } = value as DeadLetter;
  if (stage !== 'ingest') return isConcerned(inner, targets) || isWithin(inner, targets);
  // Who is forgotten at one outlet only is not looked for in what came by another.
  const { feed = key, source, id } = said;
  const here = targets.filter(({ outlet }) => outlet === null || outlet === feed || outlet === source);
  return isForgottenItem(inner, { feed, source, id: id ?? undefined }, targets) || isWithin(inner, here);
}

/** Of an item by what it says itself, and by what is known of it. */
function isForgottenItem(item: unknown, known: Provenance & { readonly feed: string }, targets: readonly Target[]) {
  const own = typeof item === 'object' && item !== null && !Array.isArray(item) ? (item as Partial<RawItem>) : {};
  const source = known.source ?? (typeof own.source === 'string' && own.source !== '' ? own.source : known.feed);
  const id = known.id ?? documentIdOf(source, own) ?? undefined;
  const author = typeof own.author === 'string' ? own.author : undefined;
  const url = typeof own.url === 'string' ? own.url : undefined;
  return targets.some((target) => concerns(target, { id, url, author, source, feed: known.feed }));
}

/** Whether an author's name is a field of a record that was no item, or stands in a line that could not be read. */
function isWithin(value: unknown, targets: readonly Target[]): boolean {
  const names = targets.flatMap(({ kind, values }) => (kind === 'author' ? values : []));
  if (names.length === 0) return false;
  if (typeof value === 'string') return names.some((name) => name.length >= LEAST_NAME && value.includes(name));
  return hasField(value, new Set(names));
}

function hasField(value: unknown, names: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return names.has(value) || names.has(value.replace(/^@/, ''));
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => hasField(inner, names));
}
