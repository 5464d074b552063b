/**
 * How fast a notifier may be told: at most so many messages in any stretch of so long, as the chat platforms count. A
 * sliding window over the times of the last messages, so that the limit holds at every moment. Rejected: a token bucket,
 * which lets twice the limit through within one stretch.
 */
export interface Pace {
  /** From which on the next message may go, in milliseconds of uptime (notify_context.ts), as all times here. */
  freeAt(): number;
  note(at: number): void;
}

export function createPace(limit?: { readonly messages: number; readonly perMs: number }): Pace {
  let times: number[] = [];
  return {
    freeAt() {
      const oldest = limit === undefined ? undefined : times[times.length - limit.messages];
      return limit === undefined || oldest === undefined ? 0 : oldest + limit.perMs;
    },
    note(at) {
      if (limit !== undefined) times = [...times, at].slice(-limit.messages);
    },
  };
}
