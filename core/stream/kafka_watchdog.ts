/**
 * Notices a reader that is silent though messages wait for it. kafkajs readers have stopped without an error in the
 * field (a lost coordinator, a rebalance that never ends); nothing but the lag tells.
 */
export interface WatchdogOptions {
  readonly afterMs: number;
  /** True while the reader would take messages if it got any. */
  readonly isHungry: () => boolean;
  /** Messages that wait for it, as the brokers say. */
  readonly waiting: () => Promise<number>;
  readonly stalled: (waiting: number, seconds: number) => void;
}

export interface Watchdog {
  start(): void;
  /** The reader got something. */
  fed(): void;
  stop(): void;
}

export function createWatchdog({ afterMs, isHungry, waiting, stalled }: WatchdogOptions): Watchdog {
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let asking = false;

  async function look(): Promise<void> {
    const silentMs = performance.now() - since;
    if (asking || !isHungry() || silentMs < afterMs) {
      if (!isHungry()) since = performance.now();
      return;
    }
    asking = true;
    try {
      const began = since;
      const count = await waiting();
      if (timer === undefined || began !== since) return;
      since = performance.now();
      if (count > 0) stalled(count, silentMs / 1000);
    } catch {
      // Brokers that do not answer are reported by whoever asks them something; a restart would not help.
    } finally {
      asking = false;
    }
  }

  return {
    start() {
      since = performance.now();
      timer ??= setInterval(() => void look(), Math.max(250, afterMs / 6)).unref();
    },
    fed() {
      since = performance.now();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
