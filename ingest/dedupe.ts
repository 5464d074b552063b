/**
 * What was already taken in: by id, and by content from the same voice; and what was refused. The same words from another
 * outlet or another author are not a duplicate: they join the story (stories.ts), because how often a thing is repeated,
 * and by whom, is part of what is measured.
 *
 * Order, chosen for a crash at any point: the stage first appends to the stream, then records here, in one transaction
 * with the stories. A crash in between makes the batch come again and be appended again, with the same ids, stories and
 * novelty (nothing of it was recorded), and everything behind the stream is idempotent by id and published_at. Only what
 * has no time of its own is dated anew by the second try, and is a second row. The other order would lose the batch.
 * Rejected: a bloom filter (it would drop a small share of new documents without a trace).
 */
import { createHash } from 'node:crypto';
import { stableId, type Document } from '../core/event.ts';
import type { State } from '../core/state/state.ts';
import { createSeenKeys, type KeyHash } from './seen_keys.ts';

export type DuplicateReason = 'duplicate_id' | 'duplicate_content';

export interface SeenDocuments {
  /** Why a document is a duplicate of one recorded or asked about since `begin`; null: it is new. */
  reason(document: DedupeKeys, now: number): DuplicateReason | null;
  /** Whether this refusal was recorded or asked about since `begin`; from now on it is known. */
  refusedBefore(refusal: string, now: number): boolean;
  /** Whether a document of this id was taken in, and is remembered. */
  knows(id: string, now: number): boolean;
  /** Starts a batch: forgets what was asked about but never recorded. */
  begin(): void;
  /** Writes the batch, and removes what has expired. Call within `State.transaction`; again where that is. */
  record(now: number): void;
  /** To be called once what was recorded is durable. */
  settle(): void;
}

export interface DedupeKeys {
  readonly id: string;
  /** Of an edit, which comes under the same id to take the first one's place: it is new where this edit is. */
  readonly revision?: string | undefined;
  readonly contentId: string;
}

/**
 * The words of a text from one voice (outlet and author) on one day in UTC. Punctuation, case, links and emoji make no
 * difference. The day is part of it, because a weekly column or a fixed headline is a new document each time.
 */
export function contentIdOf(
  document: Pick<Document, 'source' | 'author' | 'text' | 'published_at'>,
  words: readonly string[],
): string {
  const content = words.length > 0 ? words.join(' ') : document.text;
  return stableId(document.source, document.author ?? '', document.published_at.slice(0, 10), content);
}

/** `hours`: how long after its last appearance a document is remembered. @throws TidewatchError storage.* */
export async function openSeenDocuments(state: State, hours: number): Promise<SeenDocuments> {
  const lifetime = Math.ceil(hours * 3_600);
  await takeOverSeen(state);
  // A row a batch, in the order in which they expire. The keys are in memory as well: ids are random, and looked up one by one on
  // disk each would be on a page of its own, which the commit writes.
  const rows = state.table<Uint8Array>(TABLE);
  const keys = createSeenKeys();
  for (const { key, value } of rows.entries()) {
    const expiry = Number(key.slice(0, EXPIRY_DIGITS));
    for (const hash of unpacked(value)) keys.set(hash, expiry, 0);
  }
  let batch = new Map<string, KeyHash>();
  let recorded: { readonly expiry: number; readonly now: number } | null = null;

  const remember = (key: string): void => void batch.set(key, hashOf(key));
  const known = (key: string, now: number): boolean => {
    if (batch.has(key)) return true;
    const left = keys.expiry(hashOf(key)) - now / 1000;
    if (left <= 0) return false;
    // Still in its feed after half its time: remembered anew, or a slow feed's old items would all come back as news.
    if (left < lifetime / 2) remember(key);
    return true;
  };

  return {
    knows: (id, now) => batch.has(`i${id}`) || keys.expiry(hashOf(`i${id}`)) > now / 1000,
    refusedBefore(refusal, now) {
      const key = `r${refusal}`;
      if (known(key, now)) return true;
      remember(key);
      return false;
    },
    begin() {
      batch = new Map();
    },
    reason({ id, revision, contentId }, now) {
      const byId = revision === undefined ? `i${id}` : `i${stableId(id, revision)}`;
      const byContent = `c${contentId}`;
      const reason = known(byId, now) ? 'duplicate_id' : known(byContent, now) ? 'duplicate_content' : null;
      if (reason === null) remember(byContent);
      if (reason !== 'duplicate_id') for (const key of [byId, `i${id}`]) remember(key);
      return reason;
    },
    record(now) {
      const seconds = Math.max(0, Math.floor(now / 1000));
      recorded = { expiry: seconds + lifetime, now: seconds };
      const [first] = batch.keys();
      if (first !== undefined) void rows.put(rowKey(recorded.expiry, first), packed([...batch.values()]));
      const due = [...rows.entries({ to: expiryKey(seconds), limit: SWEPT_ROWS })];
      for (const { key } of due) void rows.remove(key);
    },
    settle() {
      if (recorded === null) return;
      for (const hash of batch.values()) keys.set(hash, recorded.expiry, recorded.now);
      batch = new Map();
      recorded = null;
    },
  };
}

/** What versions before this one kept: a row a key, and the keys again by the hour in which they expire. */
async function takeOverSeen(state: State): Promise<void> {
  const expiries = state.table<number>('ingest_seen');
  if (expiries.count() === 0) return;
  const byHour = state.table<unknown>('ingest_seen_by_hour');
  const rows = state.table<Uint8Array>(TABLE);
  const batches = new Map<number, string[]>();
  for (const { key, value } of expiries.entries()) {
    const expiry = Math.ceil(value / 1000);
    const batch = batches.get(expiry);
    if (batch === undefined) batches.set(expiry, [key]);
    else batch.push(key);
  }
  const hours = Array.from(byHour.entries(), ({ key }) => key);
  await state.transaction(() => {
    for (const [expiry, batch] of batches) {
      void rows.put(rowKey(expiry, batch[0] ?? ''), packed(batch.map(hashOf)));
      for (const key of batch) void expiries.remove(key);
    }
    for (const key of hours) void byHour.remove(key);
  });
}

const TABLE = 'ingest_seen_batches';
const EXPIRY_DIGITS = 12;
/** More than the one that a batch adds, so that what expired while nothing ran goes soon. */
const SWEPT_ROWS = 20;
const HASH_BYTES = 8;

function hashOf(key: string): KeyHash {
  const digest = createHash('sha256').update(key).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

function packed(hashes: readonly KeyHash[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(hashes.flat()).buffer);
}

function unpacked(bytes: Uint8Array): KeyHash[] {
  const copy = new Uint32Array(Uint8Array.from(bytes).buffer);
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, at) => [copy[2 * at] ?? 0, copy[2 * at + 1] ?? 0]);
}

/** Seconds, so that keys are in the order of time also as text. */
function expiryKey(seconds: number): string {
  return String(seconds).padStart(EXPIRY_DIGITS, '0');
}

function rowKey(expiry: number, first: string): string {
  return `${expiryKey(expiry)}:${first}`;
}
