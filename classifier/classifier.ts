/**
 * The classifier stage: documents from the stream, labels from the backend, rows to the store, opinions to the stream.
 * A delivery is acknowledged, and its opinions appended in the same step, only after the store has its rows; so a kill
 * at any point repeats work and loses none, and each document is handed on exactly once. While one delivery is being
 * written the next is being labelled (the model has its own thread); writes keep the order of the deliveries, gathered as
 * the store likes them (gathering.ts).
 *
 * A failing store or model makes the stage wait and try again, for as long as it takes: the stream keeps what waits, and
 * holds the sources back when it is full. What no retry can mend, a document that is none or that the model cannot take,
 * goes to the dead letters with its reason (labelling.ts).
 */
import type { Context } from '../core/component.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { stableId } from '../core/event.ts';
import type { Service } from '../core/lifecycle.ts';
import { searchRow } from '../core/search/row.ts';
import { documentRow, opinionRow } from '../core/store/rows.ts';
import type { Store } from '../core/store/store.ts';
import { fetchedAt } from '../core/stream/fetched_at.ts';
import { deadLetterTopic, TOPICS, type Delivery, type Stream } from '../core/stream/stream.ts';
import type { Backend } from './backend.ts';
import { createDriftWatch, type DriftWatch } from './drift.ts';
import { createGathering, inFlight } from './gathering.ts';
import { labelMessages, type Labelled } from './labelling.ts';
import { retryUntilStopped } from './retry.ts';
import type { ShadowSeat } from './learning/shadow_seat.ts';
import type { ClassifierSettings } from './settings.ts';
import { asServed, type ModelSwap } from './swap.ts';

export const CLASSIFIER_GROUP = 'classifier';

export interface ClassifierDependencies extends Pick<Context, 'clock' | 'log' | 'metrics'> {
  readonly stream: Stream;
  readonly store: Store;
  /** Owned, and closed after the stage's stop, by the caller. A swap's model may change between deliveries. */
  readonly backend: Backend | ModelSwap;
  /** Hears of what was labelled and stored; nothing waits for it. */
  readonly shadow?: Pick<ShadowSeat, 'see'>;
}

/** A delivery that waits for the store. */
interface Done {
  readonly delivery: Delivery<unknown>;
  readonly labelled: Labelled;
  /** When it came: performance.now(). */
  readonly began: number;
}

const LAG_EVERY_MS = 1000;
const RATE_EVERY_MS = 30_000;
const RESTART_WAIT_MS = 2000;

/** The stage as a service: `stop` finishes the deliveries in hand, if the store takes them. */
export function createClassifier(
  settings: Omit<ClassifierSettings, 'backend' | 'models_dir' | 'shadow_share'>,
  { clock, log, metrics, stream, store, backend, shadow }: ClassifierDependencies,
): Service {
  const stage = metrics.stage('classifier');
  const stopping = new AbortController();
  const retry = <Result>(what: string, action: () => Promise<Result>): Promise<Result> =>
    retryUntilStopped(what, action, { clock, log, metrics: stage, signal: stopping.signal });
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let labelledDocuments = 0;

  const drifts = new Map<string, DriftWatch>();
  const { current, hold } = asServed(backend);

  /** By the model that is current now, which a try after a failure need not be any more. */
  async function label({ messages }: Delivery<unknown>): Promise<Labelled> {
    const held = hold();
    try {
      const labelled = await labelMessages(messages, held.backend, clock, settings);
      // A model that was swapped meanwhile finishes its delivery; the gauge is the new one's already.
      if (held.backend === current()) {
        let drift = drifts.get(labelled.model);
        if (drift === undefined) {
          drift = createDriftWatch(held.backend.reference ?? null, metrics.model);
          drifts.clear();
          drifts.set(labelled.model, drift);
        }
        drift.see(labelled.opinions.map(({ value }) => value));
      }
      return labelled;
    } finally {
      held.release();
    }
  }

  /** One insert a table for all of them; then each is acknowledged, in order. */
  async function write(done: readonly Done[]): Promise<void> {
    const rows = done.flatMap(({ labelled: { model, opinions, embeddings } }) =>
      opinions.map(({ value }, index) => ({ model, value, embedding: embeddings[index] ?? null })),
    );
    if (rows.length > 0) {
      const token = insertToken(done);
      const documents = rows.map(({ value }) => documentRow(value.document));
      await retry('Storing documents', () => store.insert('documents', documents, token));
      const opinions = rows.map(({ value }) => opinionRow(value));
      await retry('Storing opinions', () => store.insert('opinions', opinions, token));
      const found = rows.map(({ model, value: { document, labelled_at }, embedding }) =>
        searchRow(document, labelled_at, model, embedding),
      );
      await retry('Storing what search finds', () => store.insert('search', found, token));
    }
    const acknowledged = await Promise.allSettled(done.map(acknowledge));
    for (const result of acknowledged) if (result.status === 'rejected') throw result.reason;
  }

  async function acknowledge({ delivery, labelled, began }: Done): Promise<void> {
    const { opinions, refused, unanswered } = labelled;
    // Not tried again here: a delivery that the stream has taken back can only be read anew.
    await delivery.acknowledge([
      { topic: TOPICS.opinions, messages: opinions },
      { topic: deadLetterTopic(TOPICS.documents), messages: refused },
    ]);
    shadow?.see(opinions.map(({ value }) => value));
    for (const { value } of refused) stage.error(value.code);
    const abstained = opinions.filter(({ value }) => value.abstained === true).length;
    if (abstained > 0) metrics.model.abstained(abstained);
    if (unanswered.length > 0) stage.error('model.failed', unanswered.length);
    stage.out(opinions.length);
    labelledDocuments += opinions.length;
    stage.seconds((performance.now() - began) / 1000);
  }

  async function consume(): Promise<void> {
    const failing = new AbortController();
    const gathering = createGathering<Done>(store.gather, {
      clock,
      rowsOf: ({ labelled }) => labelled.opinions.length,
      write,
      // What comes after a failed write is not written either; reading ends, and begins again at what was stored.
      failed: (error) => failing.abort(error),
    });
    const deliveries = stream.subscribe<unknown>(TOPICS.documents, CLASSIFIER_GROUP, {
      maxMessages: settings.max_batch_documents,
      maxWaitMs: settings.max_wait_ms,
      timeOf: fetchedAt,
      maxInFlight: inFlight(store.gather, settings.max_batch_documents),
      signal: AbortSignal.any([stopping.signal, failing.signal]),
    });
    try {
      for await (const delivery of deliveries) {
        const began = performance.now();
        stage.in(delivery.messages.length);
        const labelled = await retry('Labelling', () => label(delivery));
        gathering.add({ delivery, labelled, began });
      }
    } finally {
      await gathering.finish();
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await consume();
      } catch (thrown) {
        if (stopping.signal.aborted) {
          log.warn(
            `Stopped with documents in hand; they are labelled again at the next start: ${explainError(thrown)}`,
          );
          return;
        }
        const error = toTidewatchError(thrown);
        stage.error(error.code);
        log.error({ err: error }, `Reading documents failed: ${error.message}; it reads again in 2 s`);
        await clock.sleep(RESTART_WAIT_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  /** Lag every second; how fast it goes every 30 seconds in which anything was labelled. */
  function startGauge(): NodeJS.Timeout {
    let reported = performance.now();
    let before = 0;
    return setInterval(() => {
      void stream.lag(TOPICS.documents, CLASSIFIER_GROUP).then(
        ({ messages, seconds }) => {
          stage.lag(seconds);
          const elapsed = performance.now() - reported;
          if (elapsed < RATE_EVERY_MS) return;
          const count = labelledDocuments - before;
          reported += elapsed;
          before = labelledDocuments;
          if (count === 0) return;
          log.info(`${count} documents labelled, ${((count / elapsed) * 1000).toFixed(0)} a second; ${messages} wait`);
        },
        () => undefined,
      );
    }, LAG_EVERY_MS).unref();
  }

  return {
    name: 'classifier',
    async start() {
      log.info(`Labelling with ${current().model}`);
      running = run();
      timer = startGauge();
    },
    async stop() {
      stopping.abort(new Error('The classifier is stopping.'));
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * The same rows get the same token, so that an insert that is repeated after a kill is written once: the offsets that
 * they come from, the documents, and the model, since another model's labels are other rows. Offsets alone would do
 * harm: a stream that was emptied or moved counts from 0 again, and its new documents would pass for old ones.
 */
function insertToken(done: readonly Done[]): string {
  const parts = done.flatMap(({ delivery: { messages }, labelled: { model, opinions } }) => [
    model,
    ...messages.map(({ partition, offset }) => `${partition}:${offset}`),
    ...opinions.map(({ value }) => value.document.id),
  ]);
  return stableId(TOPICS.documents, ...parts);
}
