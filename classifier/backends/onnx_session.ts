/**
 * The shipped model on ONNX Runtime: texts to raw logits. Tokenise, cut into batches by token budget, run, put the rows
 * back in order. Runs in a worker thread (onnx_worker.ts); nothing here knows of threads.
 */
import { readFile } from 'node:fs/promises';
import type * as OnnxRuntime from 'onnxruntime-node';
import { TidewatchError } from '../../core/errors.ts';
import type { EntityQuestion } from '../backend.ts';
import type { Logits } from '../labels.ts';
import { cutBatches, type BatchLimits } from '../queue.ts';
import { createTokenizer } from '../tokenizer.ts';

export interface SessionOptions {
  readonly graphFile: string;
  readonly tokenizerFile: string;
  readonly maxLength: number;
  readonly padId: number;
  readonly provider: 'cpu' | 'cuda';
  /** Threads of one inference. */
  readonly threads: number;
  readonly limits: BatchLimits;
  /** Heads that the graph must have. */
  readonly heads: readonly string[];
}

/** Texts, or questions about one entity in a text, and the heads whose logits are wanted. */
export interface InferenceRequest {
  readonly texts: readonly (string | EntityQuestion)[];
  readonly heads: readonly string[];
}

export interface Session {
  /** @throws TidewatchError model.failed */
  infer(request: InferenceRequest): Promise<Logits>;
  close(): Promise<void>;
}

const INPUTS = ['input_ids', 'attention_mask'] as const;

/** @throws TidewatchError model.missing, library.missing */
export async function openSession(options: SessionOptions): Promise<Session> {
  const runtime = await loadRuntime();
  const tokenizer = createTokenizer(JSON.parse(await readFile(options.tokenizerFile, 'utf8')), options.maxLength);
  const session = await createSession(runtime, options);
  const lacking = [
    ...INPUTS.filter((name) => !session.inputNames.includes(name)),
    ...options.heads.filter((name) => !session.outputNames.includes(name)),
  ];
  if (lacking.length > 0) {
    throw new TidewatchError('model.missing', `${options.graphFile} has no input or output ${lacking.join(', ')}`, {
      hint: 'Export the model with `tidewatch train`.',
    });
  }

  const runBatch = async (
    rows: readonly (readonly number[])[],
    length: number,
    heads: readonly string[],
  ): Promise<Float32Array[]> => {
    const shape = [rows.length, length];
    const ids = new BigInt64Array(rows.length * length).fill(BigInt(options.padId));
    const mask = new BigInt64Array(rows.length * length);
    rows.forEach((row, index) => {
      row.forEach((id, column) => {
        ids[index * length + column] = BigInt(id);
      });
      mask.fill(1n, index * length, index * length + row.length);
    });
    try {
      const feeds = {
        input_ids: new runtime.Tensor('int64', ids, shape),
        attention_mask: new runtime.Tensor('int64', mask, shape),
      };
      const answer = await session.run(feeds, [...heads]);
      return heads.map((name) => answer[name]?.data as Float32Array);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TidewatchError('model.failed', `The model failed on a batch of ${shape.join(' x ')}: ${reason}`, {
        cause: error,
      });
    }
  };

  return {
    async infer({ texts, heads }) {
      const encoded = texts.map((text) =>
        typeof text === 'string' ? tokenizer.encode(text) : tokenizer.encode(text.text, text.entity),
      );
      const logits: Record<string, Float32Array> = {};
      const lengths = encoded.map((ids) => ids.length);
      for (const { members, length } of cutBatches(lengths, options.limits)) {
        const outputs = await runBatch(
          members.map((member) => encoded[member] ?? []),
          length,
          heads,
        );
        heads.forEach((name, output) => {
          const rows = outputs[output] ?? new Float32Array();
          const width = rows.length / members.length;
          const target = (logits[name] ??= new Float32Array(width * texts.length));
          members.forEach((member, row) => target.set(rows.subarray(row * width, (row + 1) * width), member * width));
        });
      }
      return logits;
    },
    close: () => session.release(),
  };
}

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

async function createSession(runtime: Runtime, options: SessionOptions): Promise<OnnxRuntime.InferenceSession> {
  try {
    return await runtime.InferenceSession.create(options.graphFile, {
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
    throw new TidewatchError('model.missing', `ONNX Runtime cannot load ${options.graphFile}: ${reason}`, {
      cause: error,
      hint: 'Restore the file from the release, or export the model again.',
    });
  }
}
