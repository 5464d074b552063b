/**
 * An exported model behind the same `predict` as training has, for calibration and comparison. Serving itself has its own
 * stage with queues, limits and early exit; this is the shortest way to all logits, those of the exit included.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { toBatch } from './batches.ts';

export interface Served {
  /** Logits by head, row after row. */
  predict: (rows: readonly { ids: Int32Array }[], batchRows?: number) => Promise<Record<string, number[][]>>;
  close: () => Promise<void>;
}

/** The graphs of a model in order: one, or lower and upper. */
export async function openServed(graphs: readonly Uint8Array[], padId: number, threads = 2): Promise<Served> {
  const ort = await import('onnxruntime-node');
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  };
  const sessions: InferenceSession[] = [];
  for (const graph of graphs) sessions.push(await ort.InferenceSession.create(graph, options));

  const predict: Served['predict'] = async (rows, batchRows = 16) => {
    const out: Record<string, number[][]> = {};
    const order = rows
      .map((_, index) => index)
      .toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
    for (let at = 0; at < order.length; at += batchRows) {
      const indexes = order.slice(at, at + batchRows);
      const chosen = indexes.map((index) => rows[index] as { ids: Int32Array });
      const batch = toBatch(chosen, padId);
      const dims = [batch.rows, batch.length];
      const known: Record<string, Tensor> = {
        input_ids: new ort.Tensor('int64', BigInt64Array.from(batch.ids, BigInt), dims),
        attention_mask: new ort.Tensor('int64', BigInt64Array.from(batch.mask, BigInt), dims),
      };
      for (const session of sessions) {
        const feeds = Object.fromEntries(session.inputNames.map((name) => [name, known[name] as Tensor]));
        const results = await session.run(feeds);
        Object.assign(known, results as Record<string, Tensor>);
        for (const name of session.outputNames.filter((output) => output !== 'hidden')) {
          const values = results[name]?.data as Float32Array;
          const width = values.length / indexes.length;
          const kept = (out[name] ??= Array.from<number[]>({ length: rows.length }));
          for (const [i, index] of indexes.entries()) kept[index] = [...values.subarray(i * width, (i + 1) * width)];
        }
      }
    }
    return out;
  };
  const close = async (): Promise<void> => {
    for (const session of sessions) await session.release();
  };
  return { predict, close };
}
