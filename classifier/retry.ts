/**
 * Trying again until it works or the stage stops. Errors that say they pass (a store that restarts, a full disk) are
 * tried again soon; the others (a read-only disk, a defect) at longer intervals, because giving up would stop the stage
 * without a sound and an operator may mend them meanwhile. Nothing is lost by waiting: the stream keeps the documents.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const LASTING_WAIT_MS = 30_000;

export interface RetryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** When it aborts, one last try is made. */
  readonly signal: AbortSignal;
}

/**
 * What `action` resolves to, after as many tries as it takes. Says the first failure and the recovery.
 * @throws the last error, once the signal has aborted
 */
export async function retryUntilStopped<Result>(
  what: string,
  action: () => Promise<Result>,
  { clock, log, metrics, signal }: RetryOptions,
): Promise<Result> {
  for (let failures = 0; ;) {
    const last = signal.aborted;
    try {
      const result = await action();
      if (failures > 0) log.info(`${what} works again after ${failures} failed tries`);
      return result;
    } catch (thrown) {
      const error = toTidewatchError(thrown);
      failures += 1;
      metrics.error(error.code);
      if (last) throw error;
      const wait = error.retryable
        ? Math.min(error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS)
        : LASTING_WAIT_MS;
      log[failures > 1 ? 'debug' : error.retryable ? 'warn' : 'error'](
        { code: error.code, hint: error.hint },
        `${what} failed: ${error.message}; the next try is in ${wait / 1000} s; nothing is lost, and it is quiet until it works`,
      );
      await clock.sleep(wait, signal).catch(() => undefined);
    }
  }
}
