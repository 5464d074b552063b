/**
 * When a feed is fetched next. Pure. Three voices: the settings give the bounds, the feed's own pace moves within them
 * (fetched twice as often after news, half as much again after none, as Atom and RSS readers do), and the publisher's
 * wishes (ttl, Cache-Control, Expires, skipHours, skipDays, Retry-After) come first, within bounds that keep a typo in a
 * header from stopping the watch.
 */

const FIRST_BACKOFF_MS = 30_000;
const LONGEST_BACKOFF_MS = 30 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface Pace {
  /** Shortest and longest time between two fetches, in milliseconds. */
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** The feed's own interval after a fetch: shorter after news, longer without. `intervalMs` is null before the first. */
export function adaptedMs(intervalMs: number | null, hasNews: boolean, { shortestMs, longestMs }: Pace): number {
  const adapted = intervalMs === null || hasNews ? (intervalMs ?? shortestMs * 2) / 2 : intervalMs * 1.5;
  return Math.round(Math.min(Math.max(longestMs, shortestMs), Math.max(shortestMs, adapted)));
}

export interface Wishes {
  readonly ttlSeconds: number | null;
  readonly skipHours: readonly number[];
  readonly skipDays: readonly number[];
  /** Headers of the answer, lower case. */
  readonly cacheControl: string | undefined;
  readonly expires: string | undefined;
}

/**
 * Milliseconds from `now` until the next fetch after one that worked. `random` in [0, 1) spreads feeds over a tenth of
 * the interval, so that ten thousand that started together do not stay together.
 */
export function nextFetchMs(intervalMs: number, pace: Pace, wishes: Wishes, now: number, random: number): number {
  const wished = Math.min(Math.max(pace.longestMs, pace.shortestMs), freshnessMs(wishes, now));
  const wait = Math.round(Math.max(intervalMs, wished) * (1 + random / 10));
  return afterSkips(now + wait, wishes, random) - now;
}

/** How long the publisher says that this copy stays fresh; max-age counts before Expires (RFC 9111 5.3). */
function freshnessMs({ ttlSeconds, cacheControl, expires }: Wishes, now: number): number {
  const ttl = (ttlSeconds ?? 0) * 1000;
  if (/(?:^|[\s,])no-(?:cache|store)/i.test(cacheControl ?? '')) return ttl;
  const maxAge = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  const expiry = maxAge === undefined ? Date.parse(expires ?? '') - now : Number(maxAge) * 1000;
  return Math.max(ttl, Number.isNaN(expiry) ? 0 : expiry);
}

/** The first moment from `at` on that is in no skipped hour or day (UTC, as RSS 2.0 says); `at` where all are skipped. */
function afterSkips(at: number, { skipHours, skipDays }: Wishes, random: number): number {
  if (skipHours.length >= 24 || skipDays.length >= 7) return at;
  let moment = at;
  for (let hours = 0; hours < 24 * 8; hours += 1) {
    const date = new Date(moment);
    const isDaySkipped = skipDays.includes(date.getUTCDay());
    if (!isDaySkipped && !skipHours.includes(date.getUTCHours())) break;
    const unit = isDaySkipped ? DAY_MS : HOUR_MS;
    // Spread over the first five minutes of the hour that is allowed again.
    moment = (Math.floor(moment / unit) + 1) * unit + Math.round(random * 300_000);
  }
  return moment;
}

/** Milliseconds until the next try after `failures` failed ones in a row (1 for the first): doubling, with jitter. */
export function backoffMs(failures: number, retryAfterMs: number | null, random: number): number {
  const doubled = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(20, failures - 1));
  const backoff = doubled * (0.75 + random / 4);
  return Math.round(Math.max(backoff, retryAfterMs ?? 0));
}
