/**
 * Time as a thing that is passed in. Live, it is the machine's clock; in a replay it is the newest event time seen, so
 * the same code runs under both. Rejected: mocking Date globally, which libraries underneath would see too.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms` of real time; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
};

export interface ReplayClock extends Clock {
  /** Moves time forward to `epochMs`; earlier times are ignored, so time never runs back. */
  advanceTo(epochMs: number): void;
}

/** Whether items drive it. */
export function isReplayClock(clock: Clock): clock is ReplayClock {
  return 'advanceTo' in clock;
}

/** A clock that stands at `start` until it is advanced. Sleeping waits real time: only I/O back-off sleeps. */
export function createReplayClock(start: number): ReplayClock {
  let current = start;
  return {
    now: () => current,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    advanceTo(epochMs) {
      if (epochMs > current) current = epochMs;
    },
  };
}
