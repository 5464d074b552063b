/**
 * Takes in once more what had been refused and was sent back by `tidewatch redrive`, after a setting or a rule was mended:
 * the same way as any source's items, so that what was taken in meanwhile is a duplicate and what is refused again gets a
 * new dead letter. The key of a message is the feed that the item came by; its author is what the dead letter kept.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { explainError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import type { Intake } from './intake.ts';
import type { RawItem } from './source.ts';

const GROUP = 'ingest';
const AGAIN_MS = 5_000;

export interface RedrivenParts {
  readonly stream: Stream;
  readonly intake: Pick<Intake, 'take'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Until the signal aborts or the subscription ends. */
export async function takeRedriven({ stream, intake, log, signal }: RedrivenParts): Promise<void> {
  while (!signal.aborted) {
    try {
      const options = { maxMessages: 100, maxWaitMs: 200, signal };
      for await (const { messages, acknowledge } of stream.subscribe<RawItem>(TOPICS.items, GROUP, options)) {
        const feeds = new Set(messages.map(({ key }) => key));
        for (const feed of feeds) {
          await intake.take(
            feed,
            messages.filter(({ key }) => key === feed).map(({ value }) => value),
            { isRedriven: true },
          );
        }
        await acknowledge();
      }
      // The stream was closed, or a newer reader took over: asking again would take it from that one, for ever.
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.error(`Items that were sent back wait: ${explainError(error)}`);
      await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
