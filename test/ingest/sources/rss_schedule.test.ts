import { describe, expect, it } from 'vitest';
import { backoffMs, nextFetchMs, retryAfterMs } from '../../../ingest/sources/rss_schedule.ts';

const MINUTE = 60_000;
const next = (over: object) =>
  nextFetchMs({ everyMs: 5 * MINUTE, ttlSeconds: null, cacheControl: undefined, ...over }, 0);

describe('the next fetch', () => {
  it('comes at the set pace, spread by up to a tenth', () => {
    expect(next({})).toBe(5 * MINUTE);
    expect(nextFetchMs({ everyMs: 5 * MINUTE, ttlSeconds: null, cacheControl: undefined }, 0.999)).toBeLessThanOrEqual(
      5.5 * MINUTE,
    );
  });
  it('comes later where the publisher asks for it, by an hour at most, never sooner than set', () => {
    expect(next({ ttlSeconds: 900 })).toBe(15 * MINUTE);
    expect(next({ cacheControl: 'public, max-age=1200' })).toBe(20 * MINUTE);
    expect(next({ cacheControl: 'max-age=99999999' })).toBe(60 * MINUTE);
    expect(next({ cacheControl: 's-maxage=1200, no-cache' })).toBe(5 * MINUTE);
    expect(next({ ttlSeconds: 1, cacheControl: 'max-age=0' })).toBe(5 * MINUTE);
  });
});

describe('the next try after a failure', () => {
  it('doubles from half a minute to half an hour, with jitter', () => {
    expect([1, 2, 3, 7, 50].map((failures) => backoffMs(failures, null, 0.9999) / MINUTE)).toEqual(
      [0.5, 1, 2, 30, 30].map((minutes) => expect.closeTo(minutes, 1) as number),
    );
    expect(backoffMs(50, null, 0)).toBeLessThan(30 * MINUTE);
  });
  it('waits as long as the server asks, within six hours', () => {
    expect(backoffMs(1, 120 * MINUTE, 0)).toBe(120 * MINUTE);
    expect(backoffMs(1, 1e12, 0)).toBe(360 * MINUTE);
    expect(backoffMs(9, 1000, 0.5)).toBeGreaterThan(20 * MINUTE);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 2, 10, 8);
  it.each([
    ['120', 120_000], ['Tue, 10 Mar 2026 08:01:00 GMT', 60_000], ['Tue, 10 Mar 2026 07:00:00 GMT', 0], ['soon', null], [undefined, null],
  ])('%j is %j milliseconds', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  }); // prettier-ignore
});
