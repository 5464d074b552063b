/**
 * The same model on TensorFlow.js, for GPUs: by CUDA 11 (@tensorflow/tfjs-node-gpu), or by WebGPU on any GPU that has
 * Vulkan, Metal or Direct3D 12, without CUDA. On a CPU the onnx backend is faster.
 */
import { dirname } from 'node:path';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { loadArtifact, shippedModel } from '../artifact.ts';
import type { Backend } from '../backend.ts';
import { withCache } from '../cache.ts';
import { openThreaded } from './threaded.ts';
import { LIBRARIES } from './tfjs_library.ts';
import type { TfjsOptions } from './tfjs_session.ts';

const settings = z.object({
  model: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of the model; without it, the one that comes with Tidewatch (tidewatch-small).'),
  library: z
    .enum(['auto', ...LIBRARIES])
    .default('auto')
    .describe(
      'What computes: tfjs-node-gpu (NVIDIA, CUDA 11), tfjs-node (CPU), webgpu (any GPU with Vulkan, Metal or Direct3D 12), wasm, cpu (plain JavaScript, for trials); auto takes the first of tfjs-node-gpu, tfjs-node, webgpu, wasm that is installed.',
    ),
  max_batch_tokens: z
    .int()
    .min(16)
    .max(1_048_576)
    .default(4096)
    .describe(
      'Texts times longest text, in tokens, that are run at once; 512 suits a CPU, 16384 and more a large GPU.',
    ),
  max_batch_texts: z.int().min(1).max(4096).default(256).describe('Texts that are run at once, at most.'),
  cache_entries: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(20_000)
    .describe('Distinct texts whose labels are remembered, about 1.5 kB each; 0 turns the memory off.'),
});

export const tfjs = defineComponent<typeof settings, Backend>({
  name: 'tfjs',
  summary: 'Runs the same model on TensorFlow.js: an NVIDIA GPU by CUDA 11, any GPU by WebGPU, or the CPU.',
  settings,
  async create(given, { log }) {
    const artifact = await loadArtifact(given.model ?? shippedModel('tidewatch-small'));
    const options: TfjsOptions = {
      folder: dirname(artifact.tokenizerFile),
      tokenizerFile: artifact.tokenizerFile,
      maxLength: artifact.maxLength,
      padId: artifact.padId,
      halvings: artifact.halvings,
      library: given.library,
      limits: { maxTokens: given.max_batch_tokens, maxTexts: given.max_batch_texts },
      heads: artifact.heads,
    };
    // Here and not in the thread, whose environment is a copy: the native library writes to standard error otherwise.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const worker = new URL('./tfjs_worker.ts', import.meta.url);
    const backend = await openThreaded(artifact, worker, options, () =>
      log.warn('The thread of the model has ended; it is started again'),
    );
    return given.cache_entries === 0 ? backend : withCache(backend, given.cache_entries);
  },
});
