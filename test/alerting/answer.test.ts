import { describe, expect, it } from 'vitest';
import { retryAfter } from '../../alerting/answer.ts';
import { DAY, HOUR, START } from './opinions.ts';

describe('a Retry-After', () => {
  it('is read as seconds and as a date', () => {
    expect(retryAfter('90', START)).toBe(90_000);
    expect(retryAfter(new Date(START + 90_000).toUTCString(), START)).toBe(90_000);
    expect(retryAfter(new Date(START - DAY).toUTCString(), START)).toBe(0);
    expect([retryAfter(undefined, START), retryAfter('', START), retryAfter('soon', START)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('holds a notifier for an hour at most, whatever the other side says', () => {
    expect(retryAfter('31536000', START)).toBe(HOUR);
    expect(retryAfter(new Date(START + 365 * DAY).toUTCString(), START)).toBe(HOUR);
  });
});
