/**
 * Waiting for storage that is full or away, and for one's turn, without outliving the signal. The one place where the
 * ingest stage retries a write: no source has to know that a disk can be full.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';

export interface InsistParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Tries until it works; says the first failure and the recovery.
 * @throws TidewatchError that no retry can help; the signal's reason when it aborts
 */
export async function insist(work: () => Promise<void>, { clock, log, metrics, signal }: InsistParts): Promise<void> {
  for (let failures = 0; ; failures += 1) {
    try {
      await work();
      if (failures > 0) log.info('The storage takes documents again');
      return;
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      const error = toTidewatchError(thrown, 'storage.unavailable');
      metrics.error(error.code);
      if (!error.retryable) throw error;
      log[failures === 0 ? 'error' : 'debug'](
        { code: error.code },
        `Documents wait: ${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`,
      );
      await clock.sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), signal);
    }
  }
}

/** The result, or the signal's reason: a batch may wait long behind another one that waits for room. */
export async function orAborted<Value>(result: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
