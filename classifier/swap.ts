/**
 * A swap of models without a gap. The new model is opened and checked beside the old one, which labels on; from then on
 * each new delivery is labelled by the new one, while deliveries in hand are finished by the model that began them, so
 * that one delivery never mixes two. The old one is closed after its last delivery. A model that fails its checksum or
 * cannot be loaded changes nothing but a log line and a metric. Two models are in memory meanwhile.
 *
 * It is asked for by SIGHUP, which reads the settings file again (the way of nginx, Prometheus and Alertmanager). Rejected:
 * watching the model's folder, which sees a copy half made, and cannot tell a trial from a decision.
 */
import { explainError, toTidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { ModelMetrics } from '../core/metrics.ts';
import type { Backend } from './backend.ts';

export interface Held {
  readonly backend: Backend;
  /** To be called once what it was held for is labelled. */
  release(): void;
}

export interface ModelSwap {
  /** The model that labels now. */
  current(): Backend;
  /** The same, kept open until it is released. */
  hold(): Held;
  /**
   * Puts what `open` resolves to in the place of the current model. One swap at a time; a second waits for the first.
   * Resolves to false, with the old model kept, where `open` failed. Never rejects.
   */
  swap(open: () => Promise<Backend>): Promise<boolean>;
  /** Closes every model that is open. */
  close(): Promise<void>;
}

/** A model that is never swapped, asked in the same way as one that may be. */
export function asServed(served: Backend | ModelSwap): Pick<ModelSwap, 'current' | 'hold'> {
  if ('hold' in served) return served;
  return { current: () => served, hold: () => ({ backend: served, release: () => undefined }) };
}

interface Seat {
  readonly backend: Backend;
  holds: number;
  retired: boolean;
}

export function createModelSwap(first: Backend, { log, metrics }: { log: Logger; metrics: ModelMetrics }): ModelSwap {
  let seat: Seat = { backend: first, holds: 0, retired: false };
  const open = new Set<Seat>([seat]);
  let last: Promise<unknown> = Promise.resolve();
  metrics.current(first.model);

  const close = async (own: Seat): Promise<void> => {
    if (!open.delete(own)) return;
    await own.backend.close();
  };
  const closeRetired = (own: Seat): void => {
    if (!own.retired || own.holds > 0) return;
    close(own).catch((error: unknown) => log.warn(`Closing ${own.backend.model} failed: ${explainError(error)}`));
  };
  const replace = async (create: () => Promise<Backend>): Promise<boolean> => {
    const old = seat;
    try {
      const backend = await create();
      seat = { backend, holds: 0, retired: false };
      open.add(seat);
    } catch (thrown) {
      const error = toTidewatchError(thrown);
      log.error({ code: error.code }, `${old.backend.model} is kept: ${explainError(error)}`);
      metrics.swap('refused');
      return false;
    }
    log.info(`From here on ${seat.backend.model} labels, in the place of ${old.backend.model}`);
    metrics.current(seat.backend.model);
    metrics.swap('done');
    old.retired = true;
    closeRetired(old);
    return true;
  };

  return {
    current: () => seat.backend,
    hold() {
      const own = seat;
      own.holds += 1;
      let released = false;
      return {
        backend: own.backend,
        release() {
          if (released) return;
          released = true;
          own.holds -= 1;
          closeRetired(own);
        },
      };
    },
    swap(create) {
      const done = last.then(() => replace(create));
      last = done;
      return done;
    },
    async close() {
      await last;
      for (const own of open) await close(own);
    },
  };
}
