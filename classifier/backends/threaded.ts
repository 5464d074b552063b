/**
 * A backend whose model runs in threads of its own, which are started again if they ever end: raw logits in, labels out. Where
 * there are several, each takes its part of every call, dealt out by length so that all have about as much to do.
 */
import { TidewatchError } from '../../core/errors.ts';
import { headNames, type Artifact } from '../artifact.ts';
import { knownLabels, type Backend } from '../backend.ts';
import { EMBEDDING, entityLabelsOf, labelsOf, type Logits } from '../labels.ts';
import { dealOut } from '../queue.ts';
import type { InferenceRequest } from './inference.ts';
import { keepThread, type Thread } from './thread.ts';

/**
 * `embeds`: its session answers for the embedding as well. `workers`: how many threads, each with a model. `worker` is the
 * module that calls `serveThread`, as a .ts URL; from the built package its .js is taken.
 * @throws TidewatchError what the worker's session threw when it was opened
 */
export async function openThreaded(
  artifact: Artifact,
  worker: URL,
  options: unknown,
  restarted: () => void,
  { embeds = false, workers = 1 }: { readonly embeds?: boolean; readonly workers?: number } = {},
): Promise<Backend> {
  const script = import.meta.url.endsWith('.ts') ? worker : new URL(worker.href.replace(/\.ts$/, '.js'));
  const pool = createPool(
    await openAll(workers, () => keepThread<InferenceRequest, Logits>(script, options, restarted)),
  );
  const textHeads = headNames(artifact.heads).filter((name) => name !== 'entity_sentiment');
  const embedding = embeds && artifact.embedding !== null ? ([EMBEDDING] as const) : [];
  return {
    model: artifact.model,
    labels: knownLabels(artifact.heads),
    reference: artifact.reference,
    async classify(texts) {
      if (texts.length === 0) return [];
      const lengths = texts.map(({ length }) => length);
      return pool.ask(texts, lengths, [...textHeads, ...embedding], (logits, row) =>
        labelsOf(logits, row, artifact.heads),
      );
    },
    async classifyEntities(questions) {
      const head = artifact.heads.entity_sentiment;
      if (head === null) throw new TidewatchError('model.failed', `${artifact.model} has no head entity_sentiment`);
      if (questions.length === 0) return [];
      const lengths = questions.map(({ text }) => text.length);
      return pool.ask(questions, lengths, ['entity_sentiment'], (logits, row) => entityLabelsOf(logits, row, head));
    },
    close: () => pool.close(),
  };
}

type ModelThread = Thread<InferenceRequest, Logits>;

/** @throws what the first that could not be opened threw; the others are closed */
async function openAll(size: number, open: () => Promise<ModelThread>): Promise<readonly ModelThread[]> {
  const results = await Promise.allSettled(Array.from({ length: size }, open));
  const opened = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = results.find((one) => one.status === 'rejected');
  if (failed === undefined) return opened;
  await Promise.all(opened.map(({ close }) => close()));
  throw failed.reason;
}

interface Pool {
  /** What `read` makes of each text's logits, in the order of the texts. @throws what the model threw for any of them */
  ask<T>(
    texts: InferenceRequest['texts'],
    lengths: readonly number[],
    heads: InferenceRequest['heads'],
    read: (logits: Logits, row: number) => T,
  ): Promise<T[]>;
  close(): Promise<void>;
}

function createPool(threads: readonly ModelThread[]): Pool {
  /** Whose turn it is to take the longest text, so that calls of a single one do not all wait for the first thread. */
  let turn = 0;
  return {
    async ask<T>(
      texts: InferenceRequest['texts'],
      lengths: readonly number[],
      heads: InferenceRequest['heads'],
      read: (logits: Logits, row: number) => T,
    ): Promise<T[]> {
      const answers: T[] = [];
      const hands = dealOut(lengths, threads.length);
      const first = turn;
      turn = (turn + hands.length) % threads.length;
      await Promise.all(
        hands.map(async (members, hand) => {
          const chosen = members.map((member) => texts[member] as (typeof texts)[number]);
          const thread = threads[(first + hand) % threads.length] as ModelThread;
          const logits = await thread.call({ texts: chosen, heads });
          members.forEach((member, row) => {
            answers[member] = read(logits, row);
          });
        }),
      );
      return answers;
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
