/**
 * What is new since somebody last looked: where in the list the line stands, how many rows are above it, and when one has looked at
 * all. Pure. By event time, as the list is ordered and alerts are: what is told late stands below the line.
 */
import type { OpinionRow } from '../contract.ts';
import type { Address } from './address.ts';
import { newestFirst, type RowPlace } from './opinion_list.ts';

/** A glance at another window's page in passing is none. */
const LOOKED_MS = 10_000;

export interface Look {
  /** When the reader left, ISO. */
  readonly at: string;
  /** The newest opinion that was shown then. */
  readonly newest: RowPlace;
}

/** How long the list has been in sight, in epoch milliseconds and milliseconds. */
export interface Sight {
  /** Since when it is; null while it is not. */
  readonly since: number | null;
  readonly before: number;
}

export const UNSEEN: Sight = { since: null, before: 0 };

export function inSight(sight: Sight, now: number): Sight {
  return sight.since === null ? { ...sight, since: now } : sight;
}

export function outOfSight(sight: Sight, now: number): Sight {
  return { since: null, before: seenMs(sight, now) };
}

/** What to remember when the reader leaves; null where they have hardly looked. */
export function lookOf(sight: Sight, newest: RowPlace | null, now: number): Look | null {
  if (newest === null || seenMs(sight, now) < LOOKED_MS) return null;
  const { published_at, document_id } = newest;
  return { at: new Date(now).toISOString(), newest: { published_at, document_id } };
}

function seenMs({ since, before }: Sight, now: number): number {
  return before + (since === null ? 0 : now - since);
}

export interface NewSince {
  /** Rows above the line. */
  readonly rows: number;
  /** Whether there are more of them behind the last row that is loaded. */
  readonly isLeast: boolean;
}

/** The line in a list of rows, newest first; null where nothing is new. */
export function newSince(rows: readonly OpinionRow[], look: Look | null, hasMore: boolean): NewSince | null {
  if (look === null) return null;
  const { newest } = look;
  const seen = rows.findIndex((row) => row.document_id === newest.document_id || newestFirst(row, newest) > 0);
  const above = seen < 0 ? rows.length : seen;
  return above === 0 ? null : { rows: above, isLeast: seen < 0 && hasMore };
}

/** Whether a list shows all that comes, so that its newest row is the newest of all. */
export function isWholeList(address: Address): boolean {
  const { entity, topic, sentiment, language, source, q, from, list_from } = address;
  return [entity, topic, sentiment, language, source, q || null, from, list_from].every((one) => one === null);
}

/** What was kept as JSON; null for what is none. */
export function readLook(kept: string | null): Look | null {
  try {
    const { at, newest } = JSON.parse(kept ?? '{}') as Partial<Look>;
    const isTime = (time: unknown): boolean => typeof time === 'string' && !Number.isNaN(Date.parse(time));
    if (at === undefined || newest === undefined || !isTime(at) || !isTime(newest.published_at)) return null;
    return typeof newest.document_id === 'string' ? { at, newest } : null;
  } catch {
    return null;
  }
}
