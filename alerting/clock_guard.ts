/**
 * Event time held against the machine's clock, in live work; a replay asks no clock.
 *
 * - Where nobody listened for a while, because the process was down or the machine slept, no feed was silent: they are woken, so
 *   that what happened meanwhile is judged when they bring it, and not overtaken at the first tick. A gap within the allowed
 *   lateness makes nothing late and is none.
 * - Where the clock says less than was believed before, it was ahead then or is behind now (a machine that starts before it has asked
 *   for the time, a copy of a machine that is woken). Which of the two nobody can tell at once, and setting back forgets
 *   what was learnt. So nothing is done for as long as a clock takes to be set right; only then was it ahead. All that
 *   comes would be too old until then, so event time is set back, and so is who is told when.
 */
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { Dispatch } from './dispatch.ts';
import { keepWithin, wake } from './lanes.ts';
import type { Rules, Watch } from './watch.ts';

export interface ClockGuardContext {
  readonly watch: Pick<Watch, 'state' | 'rewind'>;
  readonly dispatch: Pick<Dispatch, 'keepWithin' | 'toldAt'>;
  readonly rules: Pick<Rules, 'watermark' | 'window'>;
  /** The clock that event time follows, and the machine's, by which people are told. */
  readonly clock: Clock;
  readonly wallClock: Clock;
  /** Milliseconds that no setting of a clock moves. */
  readonly uptime: () => number;
  readonly log: Logger;
}

/** Ticks may take long: that much between two of them is no sleep. */
const LEAST_SLEEP_MS = 60_000;
/** A clock that is behind is set right by then, as soon as the network is there. */
const BELIEVED_AFTER_MS = 900_000;

export function createClockGuard({ watch, dispatch, rules, clock, wallClock, uptime, log }: ClockGuardContext) {
  const { lanes } = watch.state;
  const { mode, idleMs, latenessMs } = rules.watermark;
  const { bucketMs } = rules.window;
  const sleepMs = Math.max(LEAST_SLEEP_MS, idleMs, latenessMs);
  let checkedAt = -Infinity;
  /** The latest moment that was taken for the present. */
  let believed = Math.max(
    watch.state.closed ?? -Infinity,
    dispatch.toldAt(),
    ...Array.from(lanes.values(), ({ fetched }) => fetched),
  );
  /** Since when the clock says less, by `uptime`. */
  let doubtedSince: number | null = null;

  function setBack(now: number): void {
    const { closed } = watch.state;
    const to = Math.floor((now - latenessMs) / bucketMs) * bucketMs;
    if (closed !== null && closed > now + bucketMs) watch.rewind(to);
    keepWithin(lanes, now);
    dispatch.keepWithin(wallClock.now());
    log.error(
      { event: 'alerting.clock_was_ahead', believed: isoTime(believed), to: isoTime(to) },
      `Alerting had reached ${isoTime(believed)}, and it is ${isoTime(now)}: a clock was ahead. It goes on from ` +
        `${isoTime(to)}; what came meanwhile may have been taken for too old. Check that the machine keeps its time by NTP.`,
    );
  }

  return {
    /** At the start and at each tick, before event time goes on. */
    check(): void {
      if (mode === 'global') return;
      const now = clock.now();
      if (now < believed - bucketMs) {
        if (doubtedSince === null) {
          doubtedSince = uptime();
          log.warn(
            { event: 'alerting.clock_in_doubt' },
            `The clock says ${isoTime(now)}, and it was ${isoTime(believed)} before: nothing is done about it for ` +
              `${BELIEVED_AFTER_MS / 60_000} minutes, in which it may be set right. Check that the machine keeps its time by NTP.`,
          );
        }
        if (uptime() - doubtedSince < BELIEVED_AFTER_MS) return;
        setBack(now);
        believed = now;
      }
      doubtedSince = null;
      believed = Math.max(believed, now);
      if (now - checkedAt > sleepMs) wake(lanes, rules.watermark, now);
      checkedAt = now;
    },
  };
}
