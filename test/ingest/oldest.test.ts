/** The entry to give up first, of a map whose entries are moved to its end when they are used. */
import { describe, expect, it } from 'vitest';
import { oldestOf } from '../../ingest/oldest.ts';

describe('the oldest entry', () => {
  it('is the one that was used longest ago, whatever was added, used or removed meanwhile', () => {
    const map = new Map<string, number>();
    const oldest = oldestOf(map);
    expect(oldest.peek()).toBeUndefined();
    let state = 7;
    for (let turn = 0; turn < 20_000; turn += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const key = String((state >>> 8) % 300);
      map.delete(key);
      if ((state >>> 20) % 5 > 0) map.set(key, turn);
      oldest.moved(key);
      if (turn % 3 > 0) expect(oldest.peek()).toBe(map.keys().next().value);
    }
    map.clear();
    expect(oldest.peek()).toBeUndefined();
    map.set('new', 1);
    expect(oldest.peek()).toBe('new');
  });
});
