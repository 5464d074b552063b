/**
 * Embeddings as the store has them. Only directions count, so each is scaled until its largest part is 127 and rounded:
 * a byte a part. Nearness is the cosine. Rejected: floats (four times the room for the same order of results).
 */

/** In [-127, 127]; a text's embedding in the space of the model that made it. */
export type Vector = Int8Array;

/** @returns null where the values point nowhere: all 0, or not finite */
export function quantised(values: Float32Array): Vector | null {
  let largest = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) return null;
    largest = Math.max(largest, Math.abs(value));
  }
  return largest === 0 ? null : Int8Array.from(values, (value) => Math.round((value / largest) * 127));
}

/** In [-1, 1]; 0 for vectors of different spaces. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || a.length === 0) return 0;
  let [product, ownA, ownB] = [0, 0, 0];
  for (let index = 0; index < a.length; index += 1) {
    const [x, y] = [a[index] ?? 0, b[index] ?? 0];
    product += x * y;
    ownA += x * x;
    ownB += y * y;
  }
  return ownA === 0 || ownB === 0 ? 0 : product / Math.sqrt(ownA * ownB);
}
