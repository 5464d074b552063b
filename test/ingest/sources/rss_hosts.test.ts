import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../core/clock.ts';
import { createHttpClient } from '../../../core/http.ts';
import { hostGate } from '../../../ingest/sources/rss_hosts.ts';

/** A clock whose sleeps take no time but move it on. */
function leapingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

const { signal } = new AbortController();
const open = (clock: Clock) => hostGate(createHttpClient({ userAgent: 'Test' }), clock);

describe('the gate of a host', () => {
  it('lets so many requests through at a time, and other hosts go on', async () => {
    const gate = open(systemClock);
    const limits = { connections: 2, requestsPerSecond: 1000 };
    let atOnce = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await systemClock.sleep(5);
      atOnce -= 1;
    };
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => gate.run(`http://e.com/${index}`, limits, signal, work)),
    );
    expect(most).toBe(2);
    most = 0;
    await Promise.all(Array.from({ length: 4 }, (_, index) => gate.run(`http://${index}.com/`, limits, signal, work)));
    expect(most).toBe(4);
  });

  it('spaces requests to one host, and gives its turn back when one fails', async () => {
    const clock = leapingClock();
    const gate = open(clock);
    const started: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      const work = async (): Promise<void> => {
        started.push(clock.now());
        throw new Error('down');
      };
      await gate.run('http://e.com/', { connections: 1, requestsPerSecond: 2 }, signal, work).catch(() => undefined);
    }
    expect(started).toEqual([0, 500, 1000, 1500]);
  });

  it('keeps everybody from a host that asked to be left alone', async () => {
    const clock = leapingClock();
    const gate = open(clock);
    gate.hold('http://e.com/a', 60_000);
    const limits = { connections: 1, requestsPerSecond: 2 };
    expect(await gate.run('http://other.com/', limits, signal, async () => clock.now())).toBe(0);
    expect(await gate.run('http://e.com/b', limits, signal, async () => clock.now())).toBe(60_000);
  });

  it('is left at once by who is asked to stop', async () => {
    const gate = open(systemClock);
    const limits = { connections: 1, requestsPerSecond: 1000 };
    const stop = new AbortController();
    const forever = gate.run('http://e.com/', limits, stop.signal, () => systemClock.sleep(60_000, stop.signal));
    const waiting = gate.run('http://e.com/', limits, stop.signal, async () => 'never');
    setTimeout(() => stop.abort(new Error('stopping')), 10);
    await expect(waiting).rejects.toThrow('stopping');
    await expect(forever).rejects.toThrow();
  });
});
