/**
 * What was already taken in: by id, and by content from the same voice. The same words from another outlet or another
 * author are not a duplicate: they join the story (stories.ts), because how often a thing is repeated, and by whom, is
 * part of what is measured.
 *
 * Order, chosen for a crash at any point: the stage first appends to the stream, then records here, in one transaction
 * with the stories. A crash in between makes the batch come again and be appended again, with the same ids, stories and
 * novelty (nothing of it was recorded), and everything behind the stream is idempotent by id. The other order would
 * lose the batch. Rejected: a bloom filter (it would drop a small share of new documents without a trace).
 */
import { stableId, type Document } from '../core/event.ts';
import type { State } from '../core/state/state.ts';

export type DuplicateReason = 'duplicate_id' | 'duplicate_content';

export interface SeenDocuments {
  /** Why a document is a duplicate of one recorded or asked about since `begin`; null: it is new. */
  reason(document: DedupeKeys, now: number): DuplicateReason | null;
  /** Whether a document of this id was taken in, and is remembered. */
  knows(id: string, now: number): boolean;
  /** Starts a batch: forgets what was asked about but never recorded. */
  begin(): void;
  /** Writes the batch, and removes what has expired. Call within `State.transaction`. */
  record(now: number): void;
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

/** `hours`: how long after its last appearance a document is remembered. */
export function openSeenDocuments(state: State, hours: number): SeenDocuments {
  const lifetime = hours * 3_600_000;
  const expiries = state.table<number>('ingest_seen');
  // The same keys by the hour in which they expire, so that a sweep reads only what it removes.
  const byHour = state.table<true>('ingest_seen_by_hour');
  let batch = new Set<string>();

  const known = (key: string, now: number): boolean => {
    if (batch.has(key)) return true;
    const expiry = expiries.get(key);
    if (expiry === undefined || expiry <= now) return false;
    // Still in its feed after half its time: remembered anew, or a slow feed's old items would all come back as news.
    if (expiry - now < lifetime / 2) batch.add(key);
    return true;
  };

  return {
    knows: (id, now) => batch.has(`i${id}`) || (expiries.get(`i${id}`) ?? 0) > now,
    begin() {
      batch = new Set();
    },
    reason({ id, revision, contentId }, now) {
      const byId = revision === undefined ? `i${id}` : `i${stableId(id, revision)}`;
      const byContent = `c${contentId}`;
      const reason = known(byId, now) ? 'duplicate_id' : known(byContent, now) ? 'duplicate_content' : null;
      if (reason === null) batch.add(byContent);
      if (reason !== 'duplicate_id') batch.add(byId).add(`i${id}`);
      return reason;
    },
    record(now) {
      const expiry = now + lifetime;
      for (const key of batch) {
        void expiries.put(key, expiry);
        void byHour.put(`${hourKey(expiry)}:${key}`, true);
      }
      const due = [...byHour.entries({ to: hourKey(now), limit: 4 * batch.size + 100 })];
      for (const { key } of due) {
        void byHour.remove(key);
        const seen = key.slice(key.indexOf(':') + 1);
        if ((expiries.get(seen) ?? 0) <= now) void expiries.remove(seen);
      }
      batch = new Set();
    },
  };
}

function hourKey(epochMs: number): string {
  return String(Math.floor(epochMs / 3_600_000)).padStart(9, '0');
}
