/**
 * Wakes readers and waiting writers the moment something changed, so that nobody polls: an idle stream costs no CPU.
 * Rejected: EventEmitter, whose listeners have to be removed by hand on every path.
 */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or when the signal aborts; never rejects. Look at what you wait for after it. */
  next(signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let waiting = new Set<() => void>();
  return {
    ring() {
      const woken = waiting;
      waiting = new Set();
      for (const wake of woken) wake();
    },
    next(signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
