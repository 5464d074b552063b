/**
 * The exported artifact behind the same `predict` as training has, for evaluation and speed figures. Serving itself has
 * its own stage with queues and limits; this is the shortest way to the same logits.
 */
import type { InferenceSession } from 'onnxruntime-node';
import { toBatch } from './data.ts';
import type { HeadName } from './labels.ts';

export type ServedPredict = (
  rows: readonly { ids: Int32Array }[],
  batchRows?: number,
) => Promise<Record<HeadName, number[][]>>;

export async function openServed(
  model: string | Uint8Array,
  padId: number,
  threads = 2,
): Promise<{ predict: ServedPredict; close: () => Promise<void> }> {
  const ort = await import('onnxruntime-node');
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  };
  const session =
    typeof model === 'string'
      ? await ort.InferenceSession.create(model, options)
      : await ort.InferenceSession.create(model, options);
  const heads = session.outputNames as HeadName[];
  const predict: ServedPredict = async (rows, batchRows = 16) => {
    const out = Object.fromEntries(heads.map((name) => [name, [] as number[][]])) as Record<HeadName, number[][]>;
    const order = rows
      .map((_, index) => index)
      .toSorted((a, b) => (rows[a]?.ids.length ?? 0) - (rows[b]?.ids.length ?? 0));
    for (let at = 0; at < order.length; at += batchRows) {
      const indexes = order.slice(at, at + batchRows);
      const batch = toBatch(
        indexes.map((index) => rows[index] as { ids: Int32Array }),
        padId,
      );
      const dims = [batch.rows, batch.length];
      const results = await session.run({
        input_ids: new ort.Tensor('int64', BigInt64Array.from(batch.ids, BigInt), dims),
        attention_mask: new ort.Tensor('int64', BigInt64Array.from(batch.mask, BigInt), dims),
      });
      for (const name of heads) {
        const values = results[name]?.data as Float32Array;
        const width = values.length / indexes.length;
        for (const [i, index] of indexes.entries()) out[name][index] = [...values.subarray(i * width, (i + 1) * width)];
      }
    }
    return out;
  };
  return { predict, close: () => session.release() };
}
