import { describe, expect, it } from 'vitest';
import {
  expectReplays,
  forgetDays,
  hasLearnt,
  hear,
  passQuietly,
  watched,
  watermark,
  type Lanes,
  type WatermarkRules,
} from '../../alerting/lanes.ts';
import { DAY, HOUR, START } from './opinions.ts';

const NOW = START + 14 * DAY;
const rules: WatermarkRules = {
  mode: 'per_feed',
  latenessMs: HOUR,
  idleMs: 20_000,
  replayed: new Set(['example']),
};

describe('the watermark', () => {
  it('is the earliest of the feeds, less the allowed lateness', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'a', NOW - 10 * HOUR, NOW);
    hear(lanes, 'b', NOW - 3 * HOUR, NOW);
    hear(lanes, 'a', NOW - 12 * HOUR, NOW);
    expect(watermark(lanes, rules, NOW)).toBe(NOW - 11 * HOUR);
  });

  it('is not moved by live feeds before a replayed feed has spoken, nor past it', () => {
    const lanes: Lanes = new Map();
    expectReplays(lanes, rules);
    hear(lanes, 'rss', NOW, NOW);
    expect(watermark(lanes, rules, NOW)).toBeNull();
    hear(lanes, 'example', START, NOW);
    expect(watermark(lanes, rules, NOW)).toBe(START - HOUR);
    passQuietly(lanes, 60_000);
    hear(lanes, 'rss', NOW + 60_000, NOW + 60_000);
    expect(watermark(lanes, rules, NOW + 60_000)).toBe(START - HOUR);
  });

  it('goes on to the present when a replayed feed has been silent for ten minutes', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'example', START, NOW);
    passQuietly(lanes, 599_999);
    expect(watermark(lanes, rules, NOW)).toBe(START - HOUR);
    passQuietly(lanes, 1);
    expect(watermark(lanes, rules, NOW)).toBe(NOW - HOUR);
  });

  it('is not held back by a live feed that went silent', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'slow', NOW - 5 * DAY, NOW);
    hear(lanes, 'quick', NOW, NOW);
    expect(watermark(lanes, rules, NOW)).toBe(NOW - 5 * DAY - HOUR);
    passQuietly(lanes, 20_000);
    hear(lanes, 'quick', NOW + 20_000, NOW + 20_000);
    expect(watermark(lanes, rules, NOW + 20_000)).toBe(NOW + 20_000 - HOUR);
  });

  it('takes documents fetched much later as proof of silence when the pipeline is never empty', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'slow', NOW - 5 * DAY, NOW);
    hear(lanes, 'quick', NOW, NOW + 20_000);
    expect(watermark(lanes, rules, NOW + 20_000)).toBe(NOW - HOUR);
  });

  it('follows the clock when all feeds are idle', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'a', NOW - DAY, NOW);
    passQuietly(lanes, 20_000);
    expect(watermark(lanes, rules, NOW + 5 * HOUR)).toBe(NOW + 4 * HOUR);
  });

  it('is not carried into the future by a document from there', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'a', NOW + 100 * DAY, NOW);
    expect(watermark(lanes, rules, NOW)).toBe(NOW - HOUR);
  });

  it('is the newest document of all in a replay of one feed, without a clock', () => {
    const lanes: Lanes = new Map();
    const replay: WatermarkRules = { ...rules, mode: 'global' };
    expectReplays(lanes, replay);
    expect(watermark(lanes, replay, 0)).toBeNull();
    hear(lanes, 'a', START + 5 * HOUR, 0);
    hear(lanes, 'b', START, 0);
    expect(watermark(lanes, replay, 0)).toBe(START + 4 * HOUR);
  });
});

describe('the coverage of a feed', () => {
  it('is learnt after enough whole days on which it spoke', () => {
    const lanes: Lanes = new Map();
    for (let day = 0; day < 4; day += 1) hear(lanes, 'a', START + day * DAY + 5 * HOUR, NOW);
    const lane = lanes.get('a');
    if (lane === undefined) throw new Error('no lane');
    expect(hasLearnt(lane, START + 4 * DAY, 96)).toBe(true);
    expect(hasLearnt(lane, START + 4 * DAY - 1, 96)).toBe(false);
  });

  it('is learnt after having been fetched for as long, however seldom it spoke', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'weekly', START, START + HOUR);
    const lane = lanes.get('weekly');
    if (lane === undefined) throw new Error('no lane');
    expect(hasLearnt(lane, START + 97 * HOUR, 96)).toBe(true);
    expect(hasLearnt(lane, START + 96 * HOUR, 96)).toBe(false);
  });

  it('counts an old item that a new feed still lists as one day, not as weeks', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'a', START, NOW);
    hear(lanes, 'a', START + 10 * DAY, NOW);
    const lane = lanes.get('a');
    if (lane === undefined) throw new Error('no lane');
    expect(hasLearnt(lane, START + 13 * DAY, 96)).toBe(false);
    const hours = watched(lane, START - DAY, START + 13 * DAY).map(([from, to]) => (to - from) / HOUR);
    expect(hours).toEqual([24, 24]);
  });

  it('begins its first day with its first document', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'a', START + 18 * HOUR, NOW);
    hear(lanes, 'a', START + DAY + 18 * HOUR, NOW);
    const lane = lanes.get('a');
    if (lane === undefined) throw new Error('no lane');
    const hours = watched(lane, START, START + 2 * DAY).map(([from, to]) => (to - from) / HOUR);
    expect(hours).toEqual([6, 24]);
  });

  it('forgets days before the history, and feeds that are gone', () => {
    const lanes: Lanes = new Map();
    hear(lanes, 'gone', START, START);
    hear(lanes, 'here', START, START);
    hear(lanes, 'here', START + 3 * DAY, START + 3 * DAY);
    watermark(lanes, rules, START + 3 * DAY);
    forgetDays(lanes, START + 2 * DAY);
    expect([...lanes.keys()]).toEqual(['here']);
    expect(lanes.get('here')?.days.size).toBe(1);
  });
});
