/**
 * What a mail server put off for some receivers (4xx: greylisting, a full mailbox) while others have the mail: tried again for a
 * quarter of an hour, to them alone. Beside the queue, so that later messages of the group wait for nobody's mailbox; so it is kept
 * in memory, and a kill loses it. Rejected: the queue, whose next message waits for this one, and one message a receiver in
 * it (a hundred of them for one alert, each with its own claim).
 */
import type { Clock } from '../../core/clock.ts';

const WAITS_MS = [60_000, 120_000, 240_000, 480_000];

export interface Owed {
  /** Tries again until `send` names nobody any more, and tells `leave` who is left when the time or the process ends. */
  owe(
    receivers: readonly string[],
    send: (receivers: readonly string[]) => Promise<readonly string[]>,
    leave: (receivers: readonly string[]) => void,
  ): void;
  /** Ends the waiting. */
  close(): Promise<void>;
}

export function createOwed(clock: Pick<Clock, 'sleep'>): Owed {
  const abort = new AbortController();
  const open = new Set<Promise<void>>();
  return {
    owe(receivers, send, leave) {
      async function pay(): Promise<void> {
        let left = receivers;
        for (const waitMs of WAITS_MS) {
          await clock.sleep(waitMs, abort.signal).catch(() => undefined);
          if (abort.signal.aborted) break;
          left = await send(left);
          if (left.length === 0) return;
        }
        leave(left);
      }
      const paying = pay().finally(() => open.delete(paying));
      open.add(paying);
    },
    async close() {
      abort.abort();
      await Promise.all(open);
    },
  };
}
