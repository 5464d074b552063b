/** The shipped model on ONNX Runtime. Runs in a worker thread (onnx_worker.ts); nothing here knows of threads. */
import { readFile } from 'node:fs/promises';
import type * as OnnxRuntime from 'onnxruntime-node';
import { TidewatchError } from '../../core/errors.ts';
import { headNames, type EarlyExit, type GraphFiles } from '../artifact.ts';
import { EMBEDDING, type Heads } from '../labels.ts';
import type { BatchLimits } from '../queue.ts';
import { widen } from '../train/widen.ts';
import { createTokenizer } from '../tokenizer.ts';
import { inferInBatches, type RunBatch, type Session } from './inference.ts';
import { earlyExit, wholeGraph, type RunGraph } from './onnx_batch.ts';

export interface SessionOptions {
  readonly graphs: GraphFiles;
  readonly tokenizerFile: string;
  readonly maxLength: number;
  readonly padId: number;
  readonly halvings: number;
  readonly provider: 'cpu' | 'cuda';
  /** Threads of one inference. */
  readonly threads: number;
  readonly limits: BatchLimits;
  /** Whether texts that are certain half way up leave there, where the model has an exit. */
  readonly earlyExit: boolean;
  /** What the model answers. */
  readonly heads: Heads;
  /** Whether its graph gives embeddings, too. */
  readonly embeds: boolean;
}

/** @throws TidewatchError model.missing, library.missing */
export async function openSession(options: SessionOptions): Promise<Session> {
  const runtime = await loadRuntime();
  const tokenizer = createTokenizer(JSON.parse(await readFile(options.tokenizerFile, 'utf8')), options.maxLength);
  const open = async (file: string, outputs: readonly string[], inputs = INPUTS): Promise<RunGraph> => {
    const session = await createSession(runtime, file, options);
    const lacking = [
      ...inputs.filter((name) => !session.inputNames.includes(name)),
      ...outputs.filter((name) => !session.outputNames.includes(name)),
    ];
    if (lacking.length > 0) {
      throw new TidewatchError('model.missing', `${file} has no input or output ${lacking.join(', ')}`, {
        hint: 'Export the model with `tidewatch train`.',
      });
    }
    return createRun(runtime, session);
  };
  const { graphs, heads, limits, padId, halvings } = options;
  const names = headNames(heads);
  const opened: RunGraph[] = [];
  const keep = (graph: RunGraph): RunGraph => (opened.push(graph), graph);
  const runBatch: RunBatch =
    'whole' in graphs
      ? wholeGraph(keep(await open(graphs.whole, options.embeds ? [...names, EMBEDDING] : names)))
      : earlyExit(
          keep(await open(graphs.lower, ['hidden', ...graphs.exit.heads.map(({ name }) => name)])),
          keep(await open(graphs.upper, names, ['hidden', 'attention_mask'])),
          options.earlyExit ? graphs.exit : NO_EXIT,
          heads,
        );

  return {
    infer: (request) => inferInBatches(request, { tokenizer, limits, padId, halvings, runBatch }),
    async close() {
      for (const graph of opened) await graph.close();
    },
  };
}

/** Nothing is read off half way, so every text goes on. */
const NO_EXIT: EarlyExit = { heads: [], threshold: {} };
const INPUTS: readonly string[] = ['input_ids', 'attention_mask'];

type Runtime = typeof OnnxRuntime;

async function loadRuntime(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    // A failure is reported once, by the error it throws, and not also by the library on standard error.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (error) {
    throw new TidewatchError('library.missing', 'onnxruntime-node cannot be loaded on this machine', {
      cause: error,
      hint: `Run npm ci again; it has libraries for Linux (x64, arm64), macOS (arm64) and Windows, and this is ${process.platform} ${process.arch}.`,
    });
  }
}

/** One graph, with failures told in the house's way. */
function createRun(runtime: Runtime, session: OnnxRuntime.InferenceSession): RunGraph {
  return {
    async run(inputs, outputs) {
      const feeds: Record<string, OnnxRuntime.Tensor> = {};
      for (const [name, { data, shape }] of Object.entries(inputs)) {
        feeds[name] =
          data instanceof BigInt64Array
            ? new runtime.Tensor('int64', data, [...shape])
            : new runtime.Tensor('float32', data, [...shape]);
      }
      try {
        const answer = await session.run(feeds, [...outputs]);
        return Object.fromEntries(outputs.map((name) => [name, answer[name]?.data as Float32Array]));
      } catch (error) {
        const shape = Object.values(inputs)[0]?.shape.join(' x ');
        const reason = error instanceof Error ? error.message : String(error);
        throw new TidewatchError('model.failed', `The model failed on a batch of ${shape}: ${reason}`, {
          cause: error,
        });
      }
    },
    close: () => session.release(),
  };
}

async function createSession(
  runtime: Runtime,
  file: string,
  options: SessionOptions,
): Promise<OnnxRuntime.InferenceSession> {
  try {
    const graph = await readFile(file);
    return await runtime.InferenceSession.create(options.provider === 'cuda' ? widen(graph) : graph, {
      executionProviders: options.provider === 'cuda' ? ['cuda', 'cpu'] : ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Batches differ in shape, so a memory plan made for one shape is not used again.
      enableMemPattern: false,
      // Threads sleep between operators instead of spinning: on cores that others use too (the store, the sources, the
      // page), a spinning pool labelled half as much, because each operator ends with its slowest thread.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 4,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (options.provider === 'cuda' && /cuda|shared library|provider/i.test(reason)) {
      throw new TidewatchError('library.missing', `provider: cuda, but ONNX Runtime cannot use CUDA here: ${reason}`, {
        cause: error,
        hint: 'Install CUDA 12 with cuDNN 9 and run `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node` (Linux x64), or set provider: cpu.',
      });
    }
    throw new TidewatchError('model.missing', `ONNX Runtime cannot load ${file}: ${reason}`, {
      cause: error,
      hint: 'Restore the file from the release, or export the model again.',
    });
  }
}
