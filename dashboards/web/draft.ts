/**
 * What somebody has typed into a form and not saved: kept in this tab, so that a link, Back, a key or a sign-in between loses nothing,
 * and offered again when the form is opened. A draft belongs to the version of what it changes: over another version it is
 * not put by itself, since saving it would undo what others did meanwhile. It waits beside what is typed since, until it is put back or
 * discarded.
 * In the tab's own storage, which ends with the tab: who edits the settings may type a secret. Rejected: localStorage, for that.
 */
import { useState } from 'preact/hooks';
import { useUnsaved } from './unsaved.ts';

const PREFIX = 'tidewatch.draft.';
const OLDER_PREFIX = `${PREFIX}older.`;

export interface Stored<Value> {
  /** Such as the path that is written to: tells drafts apart. */
  readonly name: string;
  /** Of what the server has; null for what it does not have yet. */
  readonly version: string | null;
  readonly value: Value;
}

/** What a kind of draft is, and when it changes nothing. */
export interface DraftKind<Value> {
  isValue(kept: unknown): kept is Value;
  isSame(one: Value, other: Value): boolean;
}

export interface Draft<Value> {
  readonly value: Value;
  readonly isChanged: boolean;
  /** Of what is found from before: put there already, or waiting since it changes an older version. */
  readonly found: 'none' | 'restored' | 'older';
  /** Counts how often the value was exchanged as a whole, for fields that hold their own text. */
  readonly round: number;
  change(value: Value): void;
  putBack(): void;
  /** The one that waits, or what is typed where none does. */
  discard(): void;
  /** The server has it. */
  saved(): void;
}

export function useDraft<Value>(stored: Stored<Value>, kind: DraftKind<Value>): Draft<Value> {
  const key = `${PREFIX}${stored.name}`;
  const olderKey = `${OLDER_PREFIX}${stored.name}`;
  const [kept] = useState(() => {
    const drafts = foundDrafts(readKept(key), readKept(olderKey), stored, kind);
    // Out of the way of what is typed from now on.
    if (drafts.isOutdated) {
      writeKept(olderKey, readKept(key));
      writeKept(key, null);
    }
    return drafts;
  });
  const [{ value, found, round }, setState] = useState({ value: kept.value, found: kept.found, round: 0 });
  const isChanged = !kind.isSame(value, stored.value);
  useUnsaved(isChanged);
  const keep = (next: Value): void =>
    writeKept(key, kind.isSame(next, stored.value) ? null : JSON.stringify({ version: stored.version, value: next }));
  return {
    value,
    isChanged,
    found,
    round,
    change(next) {
      keep(next);
      setState((before) => ({ ...before, value: next }));
    },
    putBack() {
      if (kept.older === null) return;
      keep(kept.older);
      writeKept(olderKey, null);
      setState({ value: kept.older, found: 'restored', round: round + 1 });
    },
    discard() {
      if (found === 'older') {
        writeKept(olderKey, null);
        setState({ value, found: 'none', round });
        return;
      }
      writeKept(key, null);
      setState({ value: stored.value, found: 'none', round: round + 1 });
    },
    saved: () => writeKept(key, null),
  };
}

interface Found<Value> {
  readonly value: Value;
  readonly found: 'none' | 'restored' | 'older';
  readonly older: Value | null;
}

/** What a form begins with, by what was kept from before. Pure. */
export function foundDraft<Value>(
  kept: string | null,
  { version, value }: Stored<Value>,
  { isValue, isSame }: DraftKind<Value>,
): Found<Value> {
  const none = { value, found: 'none', older: null } as const;
  const draft = parsed(kept);
  if (draft === null || !isValue(draft.value) || isSame(draft.value, value)) return none;
  if (draft.version === version) return { value: draft.value, found: 'restored', older: null };
  return { value, found: 'older', older: draft.value };
}

/**
 * The same, with one that waits from an earlier time: it goes on waiting beside one that is put back. `isOutdated` where the one that was
 * typed last has to wait from now on. Pure.
 */
export function foundDrafts<Value>(
  kept: string | null,
  keptOlder: string | null,
  stored: Stored<Value>,
  kind: DraftKind<Value>,
): Found<Value> & { readonly isOutdated: boolean } {
  const last = foundDraft(kept, stored, kind);
  if (last.found === 'older') return { ...last, isOutdated: true };
  const before = foundDraft(keptOlder, stored, kind);
  // Of this very version where what changed was undone: it waits all the same, since something may be typed over it.
  const older = before.found === 'restored' ? before.value : before.older;
  return older === null
    ? { ...last, isOutdated: false }
    : { value: last.value, found: 'older', older, isOutdated: false };
}

function parsed(kept: string | null): { version?: unknown; value?: unknown } | null {
  try {
    const draft: unknown = JSON.parse(kept ?? 'null');
    return typeof draft === 'object' ? draft : null;
  } catch {
    return null;
  }
}

/** Whoever signs out leaves nothing of theirs to the next one at this browser. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // None allowed, none kept.
  }
}

function readKept(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeKept(key: string, draft: string | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, draft);
  } catch {
    // No room, or none allowed: it stands in the form, and the browser asks before it closes the page.
  }
}
