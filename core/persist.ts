/** Work that goes on until it is told to stop, whatever fails in between: a reader, a look that is taken every second. */
import type { Clock } from './clock.ts';

export interface Persistence {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds between a failure and the next try. */
  readonly retryMs: number;
  /** Says and counts a failure that the stop did not cause. */
  readonly failed: (thrown: unknown) => void;
}

/** Runs `work` again and again until the signal aborts. */
export async function persist(
  work: () => Promise<void>,
  { clock, signal, retryMs, failed }: Persistence,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (thrown) {
      if (signal.aborted) return;
      failed(thrown);
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}
