import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { persist } from '../../core/persist.ts';

describe('work that goes on until the stop', () => {
  it('is begun again after each end and each failure, and tells of the failures', async () => {
    const stop = new AbortController();
    const told: unknown[] = [];
    let runs = 0;
    const work = (): Promise<void> => {
      runs += 1;
      if (runs === 4) stop.abort();
      return runs === 2 ? Promise.reject(new Error('broken')) : Promise.resolve();
    };
    const failed = (thrown: unknown): number => told.push(thrown);
    await persist(work, { clock: systemClock, signal: stop.signal, retryMs: 1, failed });
    expect(runs).toBe(4);
    expect(told).toEqual([new Error('broken')]);
  });

  it('ends at the stop, also while it waits for the next try, and does not call that a failure', async () => {
    const stop = new AbortController();
    let told = 0;
    const running = persist(() => Promise.reject(new Error('broken')), {
      clock: systemClock,
      signal: stop.signal,
      retryMs: 3_600_000,
      failed: () => (told += 1),
    });
    await systemClock.sleep(5);
    stop.abort();
    await running;
    expect(told).toBe(1);
    await persist(() => Promise.reject(stop.signal.reason as Error), {
      clock: systemClock,
      signal: stop.signal,
      retryMs: 1,
      failed: () => (told += 1),
    });
    expect(told).toBe(1);
  });
});
