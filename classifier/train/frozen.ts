/**
 * The output of the layers that training does not change, computed once a text and kept in half precision without its
 * padding. It makes later epochs cheaper by the whole frozen part, in about 25 kB a text. Filled as texts are first met:
 * rejected was a pass over all data beforehand, which delays the first step and saves nothing.
 */
import { toBatch } from './batches.ts';
import { embed, encode, halvingsBelow, type ModelShape, type Positions, type Tensors } from './model.ts';
import { fromHalf, toHalf } from './safetensors.ts';
import type { Tensorflow } from './tensorflow.ts';

/** What the first trained layer reads of some rows, zero on padding; tensors are the caller's to dispose of. */
export type FrozenPart = (rows: readonly { ids: Int32Array }[]) => Promise<Positions>;

/** Rows are recognised by identity. */
export function createFrozenPart(tf: Tensorflow, shape: ModelShape, weights: Tensors, layers: number): FrozenPart {
  const kept = new WeakMap<Int32Array, Uint16Array>();
  const width = shape.hidden_size;
  /** Tokens that a position of the output stands for, at most. */
  const span = 2 ** halvingsBelow(shape, layers);
  const positions = (tokens: number): number => Math.ceil(tokens / span);

  const compute = async (rows: readonly { ids: Int32Array }[]): Promise<void> => {
    const batch = toBatch(rows, shape.pad_token_id);
    const state = tf.tidy(() => encode(tf, shape, weights, embed(tf, shape, weights, batch), 0, layers).hidden);
    const values = await state.data<'float32'>();
    state.dispose();
    for (const [index, row] of rows.entries()) {
      const from = index * positions(batch.length) * width;
      kept.set(row.ids, toHalf(values.subarray(from, from + positions(row.ids.length) * width)));
    }
  };

  return async (rows) => {
    const missing = rows.filter((row) => !kept.has(row.ids));
    if (missing.length > 0) await compute(missing);
    const length = positions(Math.max(...rows.map((row) => row.ids.length)));
    const hidden = new Float32Array(rows.length * length * width);
    const tokens = new Float32Array(rows.length * length);
    for (const [index, { ids }] of rows.entries()) {
      fromHalf(kept.get(ids) as Uint16Array, hidden, index * length * width);
      const own = Array.from({ length: positions(ids.length) }, (_, at) => Math.min(span, ids.length - at * span));
      tokens.set(own, index * length);
    }
    return {
      hidden: tf.tensor(hidden, [rows.length, length, width]),
      tokens: tf.tensor2d(tokens, [rows.length, length]),
    };
  };
}
