import { describe, expect, it } from 'vitest';
import { acknowledgedBelow, backlog, expiredBelow } from '../../../core/stream/retention.ts';

const topic = { first: 10, next: 50, bytes: 0 };

describe('retention', () => {
  it('lets go what the slowest group has acknowledged, everything without groups, nothing below what is kept', () => {
    expect(
      acknowledgedBelow(
        topic,
        new Map([
          ['a', 40],
          ['b', 20],
        ]),
      ),
    ).toBe(20);
    expect(acknowledgedBelow(topic, new Map())).toBe(50);
    expect(acknowledgedBelow(topic, new Map([['a', 0]]))).toBe(10);
  });

  it('counts as backlog what the slowest group has still to acknowledge', () => {
    expect(
      backlog(
        topic,
        new Map([
          ['a', 40],
          ['b', 20],
        ]),
      ),
    ).toBe(30);
    expect(backlog(topic, new Map())).toBe(0);
  });

  it('finds the first message that is young enough, among those acknowledged', () => {
    const takenAt = (offset: number): number => offset * 100;
    const groups = new Map([['a', 40]]);
    for (let cutoff = 900; cutoff <= 5_200; cutoff += 50) {
      const expected = Math.min(40, Math.max(10, Math.ceil(cutoff / 100)));
      expect(expiredBelow(topic, groups, cutoff, takenAt)).toBe(expected);
    }
    expect(expiredBelow({ first: 5, next: 5, bytes: 0 }, new Map(), Infinity, takenAt)).toBe(5);
  });
});
