import type { WatchedEntity } from '../../ingest/watchlist.ts';

/** An entry of a watchlist that says no more than `over` does. */
export function watched(id: string, over: Partial<WatchedEntity> = {}): WatchedEntity {
  return {
    id,
    name: id,
    kind: 'company',
    tickers: [],
    codes: [],
    aliases: [],
    aliases_zh: [],
    ambiguous: [],
    cased: [],
    context: [],
    not: [],
    ...over,
  };
}
