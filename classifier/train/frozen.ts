/**
 * The output of the layers that training does not change, computed once a text and kept in half precision without its
 * padding. It makes later epochs cheaper by the whole frozen part, in about 25 kB a text. Filled as texts are first met:
 * rejected was a pass over all data beforehand, which delays the first step and saves nothing.
 */
import { toBatch } from './batches.ts';
import { type Batch, embed, encode, type ModelShape, positionsOf, type Tensors } from './model.ts';
import { fromHalf, toHalf } from './safetensors.ts';
import type { Tensorflow } from './tensorflow.ts';

export type FrozenPart = (rows: readonly { ids: Int32Array }[], batch: Batch) => Promise<Float32Array>;

/** Hidden states [B, L, H] of a batch, zero on padding; rows are recognised by identity. */
export function createFrozenPart(tf: Tensorflow, shape: ModelShape, weights: Tensors, layers: number): FrozenPart {
  const kept = new WeakMap<Int32Array, Uint16Array>();
  const width = shape.hidden_size;

  const compute = async (rows: readonly { ids: Int32Array }[]): Promise<void> => {
    const batch = toBatch(rows, shape.pad_token_id);
    const state = tf.tidy(() => {
      const start = positionsOf(tf, embed(tf, shape, weights, batch), batch);
      return encode(tf, shape, weights, start, 0, layers).hidden;
    });
    const values = await state.data<'float32'>();
    state.dispose();
    for (const [index, row] of rows.entries()) {
      const from = index * batch.length * width;
      kept.set(row.ids, toHalf(values.subarray(from, from + row.ids.length * width)));
    }
  };

  return async (rows, batch) => {
    const missing = rows.filter((row) => !kept.has(row.ids));
    if (missing.length > 0) await compute(missing);
    const hidden = new Float32Array(batch.rows * batch.length * width);
    for (const [index, row] of rows.entries())
      fromHalf(kept.get(row.ids) as Uint16Array, hidden, index * batch.length * width);
    return hidden;
  };
}
