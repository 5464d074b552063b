/**
 * Names as event lists and price files have them → ids of the watchlist: by id, ticker, code in the forms of exchanges and terminals,
 * or a whole name or alias, in traditional and in simplified characters, as the feed itself is matched.
 */
import { simplified } from '../../core/simplified.ts';
import { codeForms } from '../../ingest/entity_patterns.ts';
import type { WatchedEntity } from '../../ingest/watchlist.ts';

/** @returns a function that gives the id, or null where no entry is called so */
export function createResolver(watched: readonly WatchedEntity[]): (name: string) => string | null {
  const ids = new Map<string, string>();
  const add = (name: string | undefined, id: string): void => {
    const key = keyOf(name ?? '');
    if (key !== '' && !ids.has(key)) ids.set(key, id);
  };
  for (const { id } of watched) add(id, id);
  for (const { id, tickers, codes } of watched) for (const symbol of [...tickers, ...codes]) add(symbol, id);
  for (const { id, name, name_zh, aliases, aliases_zh, ambiguous, cased } of watched) {
    for (const one of [name, name_zh, ...aliases, ...aliases_zh, ...cased, ...ambiguous]) add(one, id);
  }
  // Last: what somebody wrote down is meant before what follows from it.
  for (const { id, tickers, codes } of watched) {
    for (const symbol of [...tickers, ...codes]) for (const form of otherForms(symbol)) add(form, id);
  }
  return (name) => {
    const key = keyOf(name).replace(/^\$/, '');
    return [key, ...codeForms(key).map(keyOf)].flatMap((form) => ids.get(form) ?? [])[0] ?? null;
  };
}

/** In a column of symbols bare digits are a code, which in a text they need not be: 700 is 0700.HK. */
function otherForms(symbol: string): string[] {
  const forms = codeForms(HONG_KONG_DIGITS.test(symbol) ? `${symbol}.HK` : symbol);
  const digits = forms.flatMap((form) => /^(\d{1,5})\.HK$/.exec(form)?.[1] ?? []);
  return [...forms, ...digits];
}

/** Codes of Hong Kong have five digits, those of the mainland six. */
const HONG_KONG_DIGITS = /^\d{5}$/;

function keyOf(name: string): string {
  return simplified(name.normalize('NFKC')).trim().toLowerCase();
}
