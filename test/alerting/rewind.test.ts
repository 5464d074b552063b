import { describe, expect, it } from 'vitest';
import type { Life } from '../../alerting/lifecycle.ts';
import { newWatchState, nothingTouched } from '../../alerting/memory.ts';
import { observe } from '../../alerting/observation.ts';
import { rewind } from '../../alerting/rewind.ts';
import { closeThrough, newRecord, windowAt } from '../../alerting/window.ts';
import { seriesKey } from '../../core/event.ts';
import { DAY, HOUR, START, opinionOf } from './opinions.ts';

const rules = { bucketMs: HOUR, windowMs: 8 * HOUR, authorCap: 2, halfLifeMs: 14 * DAY };
const AHEAD = START + 365 * DAY;
const NOW = START + 5 * HOUR;
const SERIES = { kind: 'entity', entity: 'acme', topic: null } as const;

describe('event time that is set back', () => {
  it('leaves nothing of the future in a series, in its window, its past and its weekly swing', () => {
    const state = newWatchState();
    const touched = nothingTouched();
    const record = newRecord(SERIES);
    state.records.set(seriesKey(SERIES), record);
    const hear = (from: number, count: number): void => {
      for (let index = 0; index < count; index += 1) {
        record.waiting.push(observe(opinionOf({ id: `${from} ${index}`, time: from + index * 60_000 })));
      }
      closeThrough(record, from + 4 * HOUR, rules);
    };
    hear(START, 50);
    hear(AHEAD, 70);
    expect(record.past.hours).not.toBeNull();
    state.closed = AHEAD + 4 * HOUR;
    rewind(state, touched, NOW, rules);
    expect(state.closed).toBe(NOW);
    expect(windowAt(record, NOW, rules, () => true).stories).toBe(0);
    expect([...record.past.stories.subarray(0, record.past.size)]).toEqual([50]);
    expect([record.past.hours, record.past.heard]).toEqual([null, 0]);
    expect([...touched.records]).toEqual([seriesKey(SERIES)]);
  });

  it('lets an alert’s rest and an incident begin now, not when the future comes', () => {
    const state = newWatchState();
    const touched = nothingTouched();
    const firing = { state: 'firing', anomalous: true, alertId: 'a', revision: 2, severity: 'warning' } as const;
    const lives: Record<string, Life> = {
      ended: { state: 'inactive', anomalous: false, resolvedAt: AHEAD },
      'ended before': { state: 'inactive', anomalous: false, resolvedAt: START },
      'never alarmed': { state: 'inactive', anomalous: true, resolvedAt: null },
      alive: { ...firing, startedAt: AHEAD - HOUR, clearSince: AHEAD },
      'alive before': { ...firing, startedAt: START, clearSince: null },
    };
    for (const [key, life] of Object.entries(lives)) state.courses.set(key, { life, peak: null });
    state.incidents.set('i', { id: 'i', stories: [], at: AHEAD });
    rewind(state, touched, NOW, rules);
    expect([...state.courses].map(([key, { life }]) => [key, life])).toEqual([
      ['ended', { ...lives['ended'], resolvedAt: NOW }],
      ['ended before', lives['ended before']],
      ['never alarmed', lives['never alarmed']],
      ['alive', { ...lives['alive'], startedAt: NOW, clearSince: NOW }],
      ['alive before', lives['alive before']],
    ]);
    expect(state.incidents.get('i')?.at).toBe(NOW);
    expect(touched.courses.size).toBe(5);
  });
});
