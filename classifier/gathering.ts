/**
 * Labelled deliveries on their way to the store, in the order of the stream: one insert at a time, of as many rows as the
 * store likes or of what there is after its waiting time, whichever comes first. Nothing is acknowledged before its insert,
 * so a longer wait costs seconds and no safety: what was not acknowledged comes again. The gathering is done here and not
 * in the store (or by its asynchronous inserts) because a repeated insert is recognised by a token that names all of the
 * rows, and a failed one has to be tried again with the same rows under the same token.
 */
import type { Clock } from '../core/clock.ts';
import type { Gather } from '../core/store/store.ts';

/** Each delivery as it comes. */
const AT_ONCE: Gather = { rows: 1, waitMs: 0 };

export interface Gathering<Item> {
  /** Takes an item; it is written with its neighbours, after those before it. */
  add(item: Item): void;
  /** Writes what is left without waiting for more. Resolves when all of it is written. @throws the first failure of `write` */
  finish(): Promise<void>;
}

/** `write` gets items in order, never two calls at once. After a failure nothing is written any more; `failed` hears of it. */
export function createGathering<Item>(
  { rows, waitMs }: Gather = AT_ONCE,
  parts: {
    readonly clock: Clock;
    readonly rowsOf: (item: Item) => number;
    readonly write: (items: readonly Item[]) => Promise<void>;
    readonly failed: (error: unknown) => void;
  },
): Gathering<Item> {
  const { clock, rowsOf, write, failed } = parts;
  const waiting: Item[] = [];
  let waitingRows = 0;
  let enough = new AbortController();
  let finishing = false;
  let failure: { readonly error: unknown } | undefined;
  let running: Promise<void> | undefined;

  function take(): Item[] {
    const taken: Item[] = [];
    let count = 0;
    while (waiting.length > 0 && (taken.length === 0 || count < rows)) {
      const item = waiting.shift() as Item;
      count += rowsOf(item);
      taken.push(item);
    }
    waitingRows -= count;
    return taken;
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 && failure === undefined) {
      if (waitMs > 0 && waitingRows < rows && !finishing) {
        enough = new AbortController();
        await clock.sleep(waitMs, enough.signal).catch(() => undefined);
      }
      try {
        await write(take());
      } catch (error) {
        failure = { error };
        failed(error);
      }
    }
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      // One that came after the last look.
      if (waiting.length > 0 && failure === undefined) start();
    });
  }

  return {
    add(item) {
      if (failure !== undefined) return;
      waiting.push(item);
      waitingRows += rowsOf(item);
      if (waitingRows >= rows) enough.abort();
      start();
    },
    async finish() {
      finishing = true;
      enough.abort();
      while (running !== undefined) await running;
      if (failure !== undefined) throw failure.error;
    },
  };
}

/** Deliveries to have in hand at once, so that a full insert can come together. */
export function inFlight(gather: Gather | undefined, rowsOfDelivery: number): number {
  return gather === undefined ? 2 : Math.max(2, Math.ceil(gather.rows / rowsOfDelivery) + 1);
}
