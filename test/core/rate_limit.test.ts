import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerOf, createRateLimit } from '../../core/rate_limit.ts';

describe('a rate limit', () => {
  it('lets a minute’s worth pass at once, then one in each interval, and says how long to wait', () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    expect(Array.from({ length: 60 }, () => limit.take('a'))).toEqual(Array.from({ length: 60 }, () => 0));
    expect(limit.take('a')).toBe(1_000);
    expect(limit.take('b')).toBe(0);
    now += 999;
    expect(limit.take('a')).toBe(1);
    now += 1;
    expect(limit.take('a')).toBe(0);
    expect(limit.wait('a')).toBe(1_000);
  });

  it('never lets more pass in any time than the rate and the burst allow, and refusals cost nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 }),
        (perMinute, pauses) => {
          let now = 0;
          const limit = createRateLimit(perMinute, () => now);
          const passed: number[] = [];
          for (const pause of pauses) {
            now += pause;
            if (limit.take('a') === 0) passed.push(now);
          }
          for (const [index, start] of passed.entries()) {
            const most = (time: number): number => perMinute + ((time - start) * perMinute) / 60_000 + 1e-6;
            passed
              .slice(index)
              .forEach((time, later) => expect(later + 1).toBeLessThanOrEqual(Math.max(1, most(time))));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes all addresses of an IPv6 network as one caller, and IPv4 in IPv6 as IPv4', () => {
    expect(callerOf('2001:db8:0:1::1')).toBe(callerOf('2001:0db8:0000:0001:ffff:ffff:ffff:ffff'));
    expect(callerOf('2001:db8:0:1::1')).not.toBe(callerOf('2001:db8:0:2::1'));
    expect(callerOf('::ffff:192.0.2.1')).toBe(callerOf('192.0.2.1'));
    expect(callerOf('192.0.2.1')).not.toBe(callerOf('192.0.2.2'));
    expect(callerOf('fe80::1%eth0')).toBe(callerOf('fe80::2'));
  });
});
