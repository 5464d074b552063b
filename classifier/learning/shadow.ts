/**
 * A candidate beside the model that labels: it reads what was just labelled and says what it would have said. Its labels go to
 * a table of their own and are counted nowhere else: an opinion's key is its document, and a document has one opinion. Nothing
 * waits for it. Where it is slower than the stream it skips (counted); where it fails, the stage never hears of it.
 */
import type { Clock } from '../../core/clock.ts';
import { explainError, toTidewatchError } from '../../core/errors.ts';
import { isoTime, stableId, type Opinion } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import type { StageMetrics } from '../../core/metrics.ts';
import type { Store } from '../../core/store/store.ts';
import { modelText } from '../../core/text.ts';
import type { Backend } from '../backend.ts';
import type { Labels } from '../labels.ts';

export interface Shadow {
  /** name@version of the candidate. */
  readonly model: string;
  /** Takes what was just labelled; answers at once. */
  see(opinions: readonly Opinion[]): void;
  /** Ends what is in hand, and closes the candidate. */
  close(): Promise<void>;
}

export interface ShadowDependencies {
  readonly store: Pick<Store, 'insert'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StageMetrics;
}

/** Documents that wait for the candidate at most; what comes beyond them is skipped. */
const MOST_WAITING = 2000;
const AT_ONCE = 64;

/** Starts it with an opened candidate, which it owns from now on. `share` of the documents are read, in (0, 1]. */
export function startShadow(candidate: Backend, share: number, deps: ShadowDependencies): Shadow {
  const { store, clock, log, metrics } = deps;
  const waiting: Opinion[] = [];
  let closing = false;
  let failing = false;
  let working: Promise<void> | null = null;

  async function label(batch: readonly Opinion[]): Promise<void> {
    const texts = batch.map(({ document }) => modelText(document.title, document.text));
    const labels = await candidate.classify(texts);
    const at = isoTime(clock.now());
    const rows = batch.flatMap((opinion, index) => {
      const own = labels[index];
      return own === undefined ? [] : [rowOf(opinion, own, candidate.model, at)];
    });
    const token = stableId('shadow', candidate.model, ...batch.map(({ document }) => document.id));
    await store.insert('shadow_labels', rows, token);
  }

  async function work(): Promise<void> {
    while (waiting.length > 0 && !closing) {
      const batch = waiting.splice(0, AT_ONCE);
      try {
        await label(batch);
        failing = false;
      } catch (thrown) {
        metrics.skipped('shadow_failed', batch.length);
        // Once, not every batch of a store that is away.
        if (!failing)
          log.warn(`${candidate.model} in shadow skips documents: ${explainError(toTidewatchError(thrown))}`);
        failing = true;
      }
    }
    working = null;
  }

  return {
    model: candidate.model,
    see(opinions) {
      if (closing) return;
      const drawn = opinions.filter(({ document }) => share >= 1 || chanceOf(document.id) < share);
      const room = Math.max(0, MOST_WAITING - waiting.length);
      waiting.push(...drawn.slice(0, room));
      if (drawn.length > room) metrics.skipped('shadow_behind', drawn.length - room);
      if (waiting.length > 0) working ??= work();
    },
    async close() {
      closing = true;
      await working;
      await candidate.close();
    },
  };
}

/** By the document, so that a document that is labelled again is drawn again, or again not. */
function chanceOf(id: string): number {
  return Number.parseInt(stableId('shadow', id).slice(0, 8), 16) / 2 ** 32;
}

function rowOf(opinion: Opinion, labels: Labels, model: string, at: string): object {
  const { negative, neutral, positive } = labels.sentiment_probabilities;
  return {
    document_id: opinion.document.id,
    published_at: opinion.document.published_at,
    labelled_at: at,
    model,
    against: opinion.model,
    sentiment: labels.sentiment,
    negative,
    neutral,
    positive,
    topic: labels.topic,
    current_sentiment: opinion.sentiment,
    current_topic: opinion.topic,
    current_negative: opinion.sentiment_probabilities.negative,
  };
}
