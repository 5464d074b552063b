/**
 * When a feed is fetched next. Pure. A publisher's wish (ttl, Cache-Control, Retry-After) counts, within bounds that
 * keep a typo in a header from stopping the watch.
 */

/** Longest a publisher may make us wait by saying that its copy stays fresh. */
const LONGEST_FRESHNESS_MS = 3_600_000;
/** Longest a server may make us wait by Retry-After. */
const LONGEST_RETRY_AFTER_MS = 6 * 3_600_000;
const FIRST_BACKOFF_MS = 30_000;
const LONGEST_BACKOFF_MS = 30 * 60_000;

export interface Freshness {
  readonly everyMs: number;
  readonly ttlSeconds: number | null;
  readonly cacheControl: string | undefined;
}

/** Milliseconds until the next fetch after one that worked; `random` in [0, 1) spreads feeds by up to a tenth. */
export function nextFetchMs({ everyMs, ttlSeconds, cacheControl }: Freshness, random: number): number {
  const maxAge = Number(/(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})/i.exec(cacheControl ?? '')?.[1] ?? 0) * 1000;
  const wished = Math.min(LONGEST_FRESHNESS_MS, Math.max((ttlSeconds ?? 0) * 1000, maxAge));
  return Math.round(Math.max(everyMs, wished) * (1 + random / 10));
}

/** Milliseconds until the next try after `failures` failed ones in a row (1 for the first): doubling, with jitter. */
export function backoffMs(failures: number, retryAfterMs: number | null, random: number): number {
  const doubled = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(20, failures - 1));
  const backoff = doubled * (0.75 + random / 4);
  return Math.round(Math.max(backoff, Math.min(LONGEST_RETRY_AFTER_MS, retryAfterMs ?? 0)));
}

/** Retry-After in milliseconds from `now`: seconds or an HTTP date (RFC 9110 10.2.3); null where it is neither. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = text === '' ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
