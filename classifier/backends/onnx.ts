/**
 * The default backend: an int8 model on ONNX Runtime, on the CPU, or on an NVIDIA card where its CUDA library is
 * installed. The model lives in a thread of its own, which is started again if it ever ends.
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import { headNames, loadArtifact, shippedModel } from '../artifact.ts';
import { knownLabels, type Backend } from '../backend.ts';
import { withCache } from '../cache.ts';
import { entityLabelsOf, labelsOf, type Logits } from '../labels.ts';
import type { InferenceRequest, SessionOptions } from './onnx_session.ts';
import { keepThread } from './thread.ts';

const settings = z.object({
  model: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the model; without it, the one that comes with Tidewatch (tidewatch-small).'),
  provider: z.enum(['cpu', 'cuda']).default('cpu').describe('Where the model runs: cpu, or cuda for an NVIDIA card.'),
  threads: z.int().min(1).max(256).optional().describe('Threads of one inference; without it, one a core.'),
  max_batch_tokens: z
    .int()
    .min(16)
    .max(1_048_576)
    .default(512)
    .describe('Texts times longest text, in tokens, that are run at once; 512 suits a CPU, 16384 and more a GPU.'),
  max_batch_texts: z.int().min(1).max(4096).default(64).describe('Texts that are run at once, at most.'),
  cache_entries: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(20_000)
    .describe('Distinct texts whose labels are remembered, about 1.5 kB each; 0 turns the memory off.'),
});

type Settings = z.output<typeof settings>;

export const onnx = defineComponent<typeof settings, Backend>({
  name: 'onnx',
  summary: 'Runs a model in ONNX form on the CPU or on an NVIDIA GPU.',
  settings,
  async create(given, { log }) {
    const backend = await openBackend(given, () => log.warn('The thread of the model has ended; it is started again'));
    return given.cache_entries === 0 ? backend : withCache(backend, given.cache_entries);
  },
});

async function openBackend(given: Settings, restarted: () => void): Promise<Backend> {
  const artifact = await loadArtifact(given.model ?? shippedModel('tidewatch-small'));
  const options: SessionOptions = {
    graphs: artifact.graphs,
    tokenizerFile: artifact.tokenizerFile,
    maxLength: artifact.maxLength,
    padId: artifact.padId,
    provider: given.provider,
    threads: given.threads ?? availableParallelism(),
    limits: { maxTokens: given.max_batch_tokens, maxTexts: given.max_batch_texts },
    heads: artifact.heads,
  };
  const source = new URL('./onnx_worker.ts', import.meta.url);
  const script = import.meta.url.endsWith('.ts') ? source : new URL(source.href.replace(/\.ts$/, '.js'));
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
