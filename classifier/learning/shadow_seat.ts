/** The place beside the model that labels: empty, or a candidate in shadow, exchanged while the stage runs. */
import { explainError } from '../../core/errors.ts';
import type { Opinion } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import type { Shadow } from './shadow.ts';

export interface ShadowSeat {
  /** name@version of the candidate; null while the seat is empty. */
  model(): string | null;
  see(opinions: readonly Opinion[]): void;
  /** Takes what `open` resolves to (null: nobody) in the place of who sits there. Never rejects: the seat stays empty then. */
  replace(open: () => Promise<Shadow | null>): Promise<void>;
  close(): Promise<void>;
}

export function createShadowSeat(log: Logger): ShadowSeat {
  let shadow: Shadow | null = null;
  let last: Promise<void> = Promise.resolve();
  const exchange = async (open: () => Promise<Shadow | null>): Promise<void> => {
    const before = shadow;
    shadow = null;
    await before?.close();
    try {
      shadow = await open();
      if (shadow !== null) log.info(`${shadow.model} reads along in shadow; its labels count nowhere`);
    } catch (error) {
      log.error(`No candidate reads along in shadow: ${explainError(error)}`);
    }
  };
  return {
    model: () => shadow?.model ?? null,
    see: (opinions) => shadow?.see(opinions),
    replace(open) {
      last = last.then(() => exchange(open));
      return last;
    },
    async close() {
      await last;
      await shadow?.close();
      shadow = null;
    },
  };
}
