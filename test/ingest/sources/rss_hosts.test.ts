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

/** A clock that several can wait on; it moves when it is told to. */
function steppedClock(): Clock & { runTo(end: number): Promise<void> } {
  let now = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  const settle = async (): Promise<void> => systemClock.sleep(0);
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ at: now + ms, wake });
      }),
    async runTo(end) {
      for (;;) {
        await settle();
        const [first] = sleepers.sort((a, b) => a.at - b.at);
        if (first === undefined || first.at > end) break;
        sleepers.shift();
        now = first.at;
        first.wake();
      }
      now = end;
    },
  };
}

/** Four connections, two requests a second; `starts(n)` asks n times more and says when each has started. */
function waitingGate() {
  const clock = steppedClock();
  const gate = open(clock);
  const started: number[] = [];
  const starts = (more: number): readonly number[] => {
    for (let count = 0; count < more; count += 1) {
      void gate.run('http://e.com/', { connections: 4, requestsPerSecond: 2 }, signal, async () => {
        started.push(clock.now());
      });
    }
    return started;
  };
  return { clock, gate, starts };
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

  it('spaces requests after such a time as well: they do not all come at its end', async () => {
    const { clock, gate, starts } = waitingGate();
    gate.hold('http://e.com/a', 60_000);
    starts(4);
    await clock.runTo(62_000);
    expect(starts(0)).toEqual([60_000, 60_500, 61_000, 61_500]);
  });

  it('keeps those away, too, who were waiting for their turn when it asked', async () => {
    const { clock, gate, starts } = waitingGate();
    starts(4);
    await clock.runTo(600);
    expect(starts(0)).toEqual([0, 500]);
    gate.hold('http://e.com/a', 30_000);
    await clock.runTo(32_000);
    const [, , third = 0, fourth = 0] = starts(0);
    expect(third).toBeGreaterThanOrEqual(30_000);
    expect(fourth).toBeGreaterThanOrEqual(third + 500);
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
