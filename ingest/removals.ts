/** What an origin took back, as the message that every stage acts on. Pure. */
import { isoTime, SCHEMA_VERSION, stableId } from '../core/event.ts';
import type { Removal as RemovalMessage } from '../core/removal.ts';
import type { Authors } from './authors.ts';
import { outletOf } from './identity.ts';
import type { Removal } from './source.ts';

export type { RemovalMessage };

export interface RemovalContext {
  /** Name of the source instance. */
  readonly feed: string;
  readonly authors: Authors;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The message; an item's id is made as `normalize` makes it. */
export function removalMessage(removal: Removal, { feed, authors, now }: RemovalContext): RemovalMessage {
  const outlet = outletOf(removal.source, feed);
  const isAuthor = removal.author !== undefined;
  const values = isAuthor ? [authors.stored(removal.author)] : [stableId(outlet, 'guid', removal.guid?.trim() ?? '')];
  return {
    schema_version: SCHEMA_VERSION,
    id: stableId('removal', isAuthor ? 'author' : 'document', outlet, ...values, isoTime(now)),
    kind: isAuthor ? 'author' : 'document',
    values,
    outlet: isAuthor ? outlet : null,
    by: 'origin',
    reason: removal.reason,
    requested_at: isoTime(now),
  };
}
