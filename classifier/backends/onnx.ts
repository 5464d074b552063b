/**
 * The default backend: an int8 model on ONNX Runtime, on the CPU, or on an NVIDIA card where its CUDA library is
 * installed. The model lives in threads of its own, which are started again if they ever end: on a CPU several copies of
 * it label side by side, each with its part of the cores. Rejected: one copy with all cores, whose threads wait for each
 * other at every operator of so small a model (docs/decisions/0005-inference.md).
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { loadArtifact, shippedModel } from '../artifact.ts';
import type { Backend } from '../backend.ts';
import { withCache } from '../cache.ts';
import type { SessionOptions } from './onnx_session.ts';
import { openThreaded } from './threaded.ts';

const settings = z.object({
  model: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the model; without it, the one that comes with Tidewatch (tidewatch-small).'),
  provider: z.enum(['cpu', 'cuda']).default('cpu').describe('Where the model runs: cpu, or cuda for an NVIDIA card.'),
  workers: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'Copies of the model that label side by side, 150 MB each; without it, one a core and four at most, on a GPU one.',
    ),
  threads: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Threads of one inference; without it, the cores divided by the workers.'),
  max_batch_tokens: z
    .int()
    .min(16)
    .max(1_048_576)
    .default(512)
    .describe('Texts times longest text, in tokens, that are run at once; 512 suits a CPU, 16384 and more a GPU.'),
  max_batch_texts: z.int().min(1).max(4096).default(64).describe('Texts that are run at once, at most.'),
  early_exit: z
    .enum(['auto', 'off'])
    .default('auto')
    .describe(
      'auto: texts that the model is certain of half way up leave there, where it has an exit (its config.json says from which certainty on); off: every text goes all the way.',
    ),
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
  const { workers, threads } = shareCores(given, availableParallelism());
  const options: SessionOptions = {
    graphs: artifact.graphs,
    tokenizerFile: artifact.tokenizerFile,
    maxLength: artifact.maxLength,
    padId: artifact.padId,
    halvings: artifact.halvings,
    provider: given.provider,
    threads,
    earlyExit: given.early_exit === 'auto',
    limits: { maxTokens: given.max_batch_tokens, maxTexts: given.max_batch_texts },
    heads: artifact.heads,
    embeds: artifact.embedding !== null,
  };
  const worker = new URL('./onnx_worker.ts', import.meta.url);
  return openThreaded(artifact, worker, options, restarted, { embeds: true, workers });
}

const MOST_WORKERS = 4;

/** How many copies of the model there are on `cores`, and threads of each. Pure. */
export function shareCores(
  given: Pick<Settings, 'provider' | 'workers' | 'threads'>,
  cores: number,
): { readonly workers: number; readonly threads: number } {
  const fitting = Math.max(1, Math.min(MOST_WORKERS, Math.floor(cores / (given.threads ?? 1))));
  const workers = given.workers ?? (given.provider === 'cuda' ? 1 : fitting);
  return { workers, threads: given.threads ?? Math.max(1, Math.floor(cores / workers)) };
}
