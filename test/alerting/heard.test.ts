import { describe, expect, it } from 'vitest';
import { createHeard } from '../../alerting/heard.ts';
import { catchUp, hear, tooFarAhead, watermark, type Lanes, type WatermarkRules } from '../../alerting/lanes.ts';
import type { Lag } from '../../core/stream/stream.ts';
import { DAY, HOUR, START } from './opinions.ts';

const NOW = START + 14 * DAY;
const SECOND = 1000;
const rules: WatermarkRules = { mode: 'per_feed', latenessMs: HOUR, idleMs: 20_000, replayed: new Set() };

/** What waits in each partition; those not `here` are read by another process. */
function lagOf(waits: readonly number[], here: readonly number[] = waits.map((_, index) => index)): Lag {
  const partitions = new Map(waits.map((messages, index) => [index, { messages, here: here.includes(index) }]));
  return { messages: waits.reduce((sum, one) => sum + one, 0), seconds: 0, partitions };
}
const NOTHING = new Map<number, number>();

describe('how far the partitions were heard', () => {
  it('is without end where there is one partition: its order is the order of fetching', () => {
    const heard = createHeard();
    expect(heard.until()).toBe(-Infinity);
    heard.learn(NOW, lagOf([7]), lagOf([3]), NOTHING);
    expect(heard.until()).toBe(Infinity);
    expect(heard.slowest()).toBeNull();
  });

  it('is as far as the partition that is furthest behind', () => {
    const heard = createHeard();
    heard.learn(NOW, lagOf([0, 0]), lagOf([5, 5]), NOTHING);
    heard.note(0, NOW - HOUR);
    expect(heard.until()).toBe(-Infinity);
    heard.note(1, NOW - 3 * HOUR);
    expect(heard.until()).toBe(NOW - 3 * HOUR);
    expect(heard.slowest()).toEqual({ partition: 1, behindMs: 2 * HOUR });
    heard.note(1, NOW - 4 * HOUR);
    expect(heard.until()).toBe(NOW - 3 * HOUR);
  });

  it('is the present for a partition of which nothing waits, neither here nor before the classifiers', () => {
    const heard = createHeard();
    heard.note(0, NOW - HOUR);
    heard.learn(NOW, lagOf([0, 0]), lagOf([0, 4]), new Map([[1, 4]]));
    expect(heard.until()).toBe(NOW);
    heard.learn(NOW + SECOND, lagOf([0, 1]), lagOf([0, 0]), NOTHING);
    expect(heard.until()).toBe(NOW);
  });

  it('waits for all where the topics have different numbers of partitions and something waits before the classifiers', () => {
    const heard = createHeard();
    heard.learn(NOW, lagOf([0, 0]), lagOf([0, 0]), NOTHING);
    heard.learn(NOW + SECOND, lagOf([0, 0, 1]), lagOf([0, 0]), NOTHING);
    expect(heard.until()).toBe(NOW);
    heard.learn(NOW + SECOND, lagOf([0, 0, 0]), lagOf([0, 0]), NOTHING);
    expect(heard.until()).toBe(NOW + SECOND);
  });

  it('does not wait for partitions that another process reads', () => {
    const heard = createHeard();
    heard.learn(NOW, lagOf([0, 9]), lagOf([0, 9], [0]), NOTHING);
    expect(heard.until()).toBe(NOW);
    heard.learn(NOW + SECOND, lagOf([0, 0]), lagOf([0, 9], []), NOTHING);
    expect(heard.until()).toBe(-Infinity);
  });
});

describe('a feed that was heard further in one partition than in another', () => {
  it('carries the watermark only as far as all partitions were heard', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'wire', NOW - 10 * HOUR, NOW - 10 * HOUR, 1, HOUR, NOW - 9 * HOUR);
    hear(lanes, 'wire', NOW - 2 * HOUR, NOW - 2 * HOUR, 1, HOUR, NOW - 9 * HOUR);
    expect(watermark(lanes, rules, NOW, NOW - 9 * HOUR)).toBe(NOW - 11 * HOUR);
    catchUp(lanes, NOW - 2 * HOUR);
    expect(watermark(lanes, rules, NOW, NOW - 2 * HOUR)).toBe(NOW - 11 * HOUR);
    catchUp(lanes, NOW - 2 * HOUR + SECOND);
    expect(watermark(lanes, rules, NOW, NOW - 2 * HOUR + SECOND)).toBe(NOW - 3 * HOUR);
  });

  it('makes no other feed idle before the others have come as far', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'slow', NOW - 10 * HOUR, NOW - 10 * HOUR, 1, HOUR, Infinity);
    hear(lanes, 'wire', NOW, NOW, 1, HOUR, NOW - 10 * HOUR);
    hear(lanes, 'wire', NOW - 9 * HOUR, NOW - 10 * HOUR - SECOND, 1, HOUR, NOW - 10 * HOUR);
    expect(watermark(lanes, rules, NOW, NOW - 10 * HOUR)).toBe(NOW - 11 * HOUR);
  });

  it('is let go from where more documents wait than memory is meant for', () => {
    const lanes: Lanes = new Map();
    for (let second = 0; second < 10; second += 1) {
      for (const lane of ['wire', 'blog']) hear(lanes, lane, START, START + second * SECOND, 1, HOUR, START);
    }
    expect(tooFarAhead(lanes, 20)).toBeNull();
    expect(tooFarAhead(lanes, 15)).toBe(START + 3 * SECOND);
    catchUp(lanes, START + 3 * SECOND);
    expect(tooFarAhead(lanes, 15)).toBeNull();
  });
});
