/** A backend whose model runs in a thread of its own, which is started again if it ever ends: raw logits in, labels out. */
import { TidewatchError } from '../../core/errors.ts';
import { headNames, type Artifact } from '../artifact.ts';
import { knownLabels, type Backend } from '../backend.ts';
import { entityLabelsOf, labelsOf, type Logits } from '../labels.ts';
import type { InferenceRequest } from './inference.ts';
import { keepThread } from './thread.ts';

/**
 * `worker` is the module that calls `serveThread`, as a .ts URL; from the built package its .js is taken.
 * @throws TidewatchError what the worker's session threw when it was opened
 */
export async function openThreaded(
  artifact: Artifact,
  worker: URL,
  options: unknown,
  restarted: () => void,
): Promise<Backend> {
  const script = import.meta.url.endsWith('.ts') ? worker : new URL(worker.href.replace(/\.ts$/, '.js'));
  const thread = await keepThread<InferenceRequest, Logits>(script, options, restarted);
  const textHeads = headNames(artifact.heads).filter((name) => name !== 'entity_sentiment');
  return {
    model: artifact.model,
    labels: knownLabels(artifact.heads),
    reference: artifact.reference,
    async classify(texts) {
      if (texts.length === 0) return [];
      const logits = await thread.call({ texts, heads: textHeads });
      return texts.map((_, row) => labelsOf(logits, row, artifact.heads));
    },
    async classifyEntities(questions) {
      const head = artifact.heads.entity_sentiment;
      if (head === null) throw new TidewatchError('model.failed', `${artifact.model} has no head entity_sentiment`);
      if (questions.length === 0) return [];
      const logits = await thread.call({ texts: questions, heads: ['entity_sentiment'] });
      return questions.map((_, row) => entityLabelsOf(logits, row, head));
    },
    close: () => thread.close(),
  };
}
