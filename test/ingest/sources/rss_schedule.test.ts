import { describe, expect, it } from 'vitest';
import { adaptedMs, backoffMs, nextFetchMs } from '../../../ingest/sources/rss_schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const pace = { shortestMs: 5 * MINUTE, longestMs: HOUR };
/** A Tuesday. */
const NOW = Date.UTC(2026, 2, 10, 8, 10);
const none = { ttlSeconds: null, skipHours: [], skipDays: [], cacheControl: undefined, expires: undefined };
const next = (over: object, random = 0): number => nextFetchMs(5 * MINUTE, pace, { ...none, ...over }, NOW, random);
const at = (wait: number): string => new Date(NOW + wait).toISOString();

describe('the feed’s own pace', () => {
  it('starts at the shortest interval, doubles its rate after news, slows after none, and stays within its bounds', () => {
    expect(adaptedMs(null, true, pace)).toBe(5 * MINUTE);
    expect(adaptedMs(40 * MINUTE, true, pace)).toBe(20 * MINUTE);
    expect(adaptedMs(20 * MINUTE, false, pace)).toBe(30 * MINUTE);
    expect(adaptedMs(6 * MINUTE, true, pace)).toBe(5 * MINUTE);
    expect(adaptedMs(55 * MINUTE, false, pace)).toBe(HOUR);
    expect(adaptedMs(HOUR, false, { shortestMs: 2 * HOUR, longestMs: HOUR })).toBe(2 * HOUR);
  });
});

describe('the next fetch', () => {
  it('comes at the feed’s pace, spread by up to a tenth', () => {
    expect(next({})).toBe(5 * MINUTE);
    expect(next({}, 0.999)).toBeGreaterThan(5.4 * MINUTE);
    expect(next({}, 0.999)).toBeLessThanOrEqual(5.5 * MINUTE);
  });

  it('comes later where the publisher asks for it, by the longest interval at most, never sooner than the pace', () => {
    expect(next({ ttlSeconds: 900 })).toBe(15 * MINUTE);
    expect(next({ cacheControl: 'public, max-age=1200' })).toBe(20 * MINUTE);
    expect(next({ cacheControl: 'max-age=99999999' })).toBe(HOUR);
    expect(next({ cacheControl: 's-maxage=1200, no-cache' })).toBe(5 * MINUTE);
    expect(next({ cacheControl: 'no-cache, max-age=1200' })).toBe(5 * MINUTE);
    expect(next({ ttlSeconds: 1, cacheControl: 'max-age=0' })).toBe(5 * MINUTE);
    expect(next({ expires: new Date(NOW + 30 * MINUTE).toUTCString() })).toBe(30 * MINUTE);
    expect(next({ expires: new Date(NOW + 30 * MINUTE).toUTCString(), cacheControl: 'max-age=60' })).toBe(5 * MINUTE);
    expect(next({ expires: '0' })).toBe(5 * MINUTE);
  });

  it('does not come in an hour or on a day that the publisher leaves out, unless that is all of them', () => {
    expect(at(next({ skipHours: [8, 9] }))).toBe('2026-03-10T10:00:00.000Z');
    expect(at(next({ skipHours: [8, 9] }, 0.5))).toBe('2026-03-10T10:02:30.000Z');
    expect(at(next({ skipDays: [2, 3] }))).toBe('2026-03-12T00:00:00.000Z');
    expect(at(next({ skipDays: [2], skipHours: [0, 1] }))).toBe('2026-03-11T02:00:00.000Z');
    expect(next({ skipHours: [9] })).toBe(5 * MINUTE);
    expect(next({ skipHours: Array.from({ length: 24 }, (_, hour) => hour) })).toBe(5 * MINUTE);
    expect(next({ skipDays: [0, 1, 2, 3, 4, 5, 6] })).toBe(5 * MINUTE);
  });
});

describe('the next try after a failure', () => {
  it('doubles from half a minute to half an hour, with jitter', () => {
    expect([1, 2, 3, 7, 50].map((failures) => backoffMs(failures, null, 0.9999) / MINUTE)).toEqual(
      [0.5, 1, 2, 30, 30].map((minutes) => expect.closeTo(minutes, 1) as number),
    );
    expect(backoffMs(50, null, 0)).toBeLessThan(30 * MINUTE);
  });
  it('waits as long as the server asks', () => {
    expect(backoffMs(1, 120 * MINUTE, 0)).toBe(120 * MINUTE);
    expect(backoffMs(9, 1000, 0.5)).toBeGreaterThan(20 * MINUTE);
  });
});
