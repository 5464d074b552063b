/** Names as event lists and price files have them → ids of the watchlist: by id, ticker, code, or a whole name or alias. */
import type { WatchedEntity } from '../../ingest/watchlist.ts';

/** @returns a function that gives the id, or null where no entry is called so */
export function createResolver(watched: readonly WatchedEntity[]): (name: string) => string | null {
  const ids = new Map<string, string>();
  const add = (name: string | undefined, id: string): void => {
    const key = name?.normalize('NFKC').trim().toLowerCase() ?? '';
    if (key !== '' && !ids.has(key)) ids.set(key, id);
  };
  for (const { id } of watched) add(id, id);
  for (const { id, tickers, codes } of watched) for (const symbol of [...tickers, ...codes]) add(symbol, id);
  for (const { id, name, name_zh, aliases, aliases_zh, ambiguous, cased } of watched) {
    for (const one of [name, name_zh, ...aliases, ...aliases_zh, ...cased, ...ambiguous]) add(one, id);
  }
  return (name) => ids.get(name.normalize('NFKC').trim().toLowerCase().replace(/^\$/, '')) ?? null;
}
