/**
 * What every source that asks or listens again and again does the same way: attempt, pause, attempt, with a growing and
 * jittered pause after failures, the condition kept, each failure counted by its code. The sources differ in what an
 * attempt is: one poll, or one connection for as long as it lasts.
 */
import type { Context } from '../../core/component.ts';
import { toTidewatchError } from '../../core/errors.ts';
import type { ConditionKeeper } from '../condition.ts';

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** For services that are asked every minute or so. */
export const POLL_BACKOFF: Backoff = { firstMs: 15_000, longestMs: 30 * 60_000 };
/** For connections that are meant to last; servers restart, and a gap is short while it is young. */
export const CONNECTION_BACKOFF: Backoff = { firstMs: 1000, longestMs: 2 * 60_000 };

/** A connection that lasted this long was a good one: the pauses begin anew. An attempt without one may have waited for time-outs. */
const LASTING_MS = 60_000;

/**
 * Attempts until the signal aborts. An attempt returns the milliseconds until the next one; it calls `connected` where
 * it goes on for long after the origin answered. Pauses follow the context's clock. Never rejects.
 */
export async function repeat(
  context: Context,
  condition: ConditionKeeper,
  backoff: Backoff,
  attempt: (connected: () => void) => Promise<number>,
): Promise<void> {
  const { clock, metrics, signal } = context;
  let failures = 0;
  while (!signal.aborted) {
    let connectedAt = Infinity;
    let wait: number;
    try {
      wait = await attempt(() => {
        connectedAt = performance.now();
        condition.succeeded();
      });
      failures = 0;
      condition.succeeded(clock.now() + wait);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toTidewatchError(thrown);
      failures = performance.now() - connectedAt > LASTING_MS ? 1 : failures + 1;
      metrics.stage('ingest').error(error.code);
      wait = pauseMs(backoff, failures, error, Math.random());
      condition.failed(error, clock.now() + wait);
    }
    await clock.sleep(wait, signal).catch(() => undefined);
  }
}

/**
 * Milliseconds until the next attempt after `failures` in a row (1 for the first): doubling, between half and all of it
 * by `random` in [0, 1), and no sooner than the server asks. What no retry will change waits longest at once.
 */
export function pauseMs(
  { firstMs, longestMs }: Backoff,
  failures: number,
  error: { readonly retryable: boolean; readonly retryAfterMs?: number | undefined },
  random: number,
): number {
  const doubled = error.retryable ? Math.min(longestMs, firstMs * 2 ** Math.min(20, failures - 1)) : longestMs;
  return Math.round(Math.max(doubled * (0.5 + random / 2), error.retryAfterMs ?? 0));
}
