/**
 * How long a server asks to be left alone. Pure. Bounded where it is read, for all who wait by it: a typo in a header must
 * not stop the watch, and a timer set beyond 24.8 days rings at once.
 */

const LONGEST_RETRY_AFTER_MS = 6 * 3_600_000;

/**
 * Retry-After in milliseconds from `now`, six hours at most: seconds or an HTTP date (RFC 9110 10.2.3); null where it is
 * neither.
 */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(asked) ? null : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, asked));
}
