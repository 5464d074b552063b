/**
 * Event time held against the machine's clock, in live work; a replay asks no clock.
 *
 * - Where nobody listened for a while, because the process was down or the machine slept, no feed was silent: they are woken, so
 *   that what happened meanwhile is judged when they bring it, and not overtaken at the first tick. A gap within the allowed
 *   lateness makes nothing late and is none.
 * - Where event time lies beyond the clock, a clock was ahead (a machine that starts before it has asked for the time). All that
 *   comes would be too old until then, so it is set back. A leap of a moment does not come so far: it looks like a sleep. Who is
 *   told when goes by the clock itself, so what was put off until then is brought back in any case.
 */
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { Dispatch } from './dispatch.ts';
import { keepWithin, wake } from './lanes.ts';
import type { Rules, Watch } from './watch.ts';

export interface ClockGuardContext {
  readonly watch: Pick<Watch, 'state' | 'rewind'>;
  readonly dispatch: Pick<Dispatch, 'keepWithin'>;
  readonly rules: Pick<Rules, 'watermark' | 'window'>;
  /** The clock that event time follows, and the machine's, by which people are told. */
  readonly clock: Clock;
  readonly wallClock: Clock;
  readonly log: Logger;
}

/** Ticks may take long: that much between two of them is no sleep. */
const LEAST_SLEEP_MS = 60_000;

export function createClockGuard({ watch, dispatch, rules, clock, wallClock, log }: ClockGuardContext) {
  const { lanes } = watch.state;
  const { mode, idleMs, latenessMs } = rules.watermark;
  const { bucketMs } = rules.window;
  const sleepMs = Math.max(LEAST_SLEEP_MS, idleMs, latenessMs);
  let checkedAt = -Infinity;

  function setBack(closed: number, now: number): void {
    const to = Math.floor((now - latenessMs) / bucketMs) * bucketMs;
    watch.rewind(to);
    log.error(
      { event: 'alerting.clock_was_ahead', closed: isoTime(closed), to: isoTime(to) },
      `Alerting had closed everything up to ${isoTime(closed)}, and it is ${isoTime(now)}: a clock was ahead. It goes on from ` +
        `${isoTime(to)}; what came meanwhile may have been taken for too old. Check that the machine keeps its time by NTP.`,
    );
  }

  return {
    /** At the start and at each tick, before event time goes on. */
    check(): void {
      if (mode === 'global') return;
      const now = clock.now();
      const { closed } = watch.state;
      if (closed !== null && closed > now + bucketMs) setBack(closed, now);
      keepWithin(lanes, now);
      dispatch.keepWithin(wallClock.now());
      if (now - checkedAt > sleepMs) wake(lanes, rules.watermark, now);
      checkedAt = now;
    },
  };
}
