/**
 * What somebody has typed into a form and not saved: kept in this tab, so that a link, Back, a key or a sign-in between loses nothing,
 * and offered again when the form is opened. A draft belongs to the version of what it changes: over another version it is
 * not put by itself, since saving it would undo what others did meanwhile.
 * In the tab's own storage, which ends with the tab: who edits the settings may type a secret. Rejected: localStorage, for that.
 */
import { useState } from 'preact/hooks';
import { useUnsaved } from './unsaved.ts';

const PREFIX = 'tidewatch.draft.';

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
  discard(): void;
  /** The server has it. */
  saved(): void;
}

export function useDraft<Value>(stored: Stored<Value>, kind: DraftKind<Value>): Draft<Value> {
  const key = `${PREFIX}${stored.name}`;
  const [kept] = useState(() => foundDraft(readKept(key), stored, kind));
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
      setState({ value: kept.older, found: 'restored', round: round + 1 });
    },
    discard() {
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
