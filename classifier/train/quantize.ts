/**
 * Symmetric int8: neighbouring numbers become bytes times one scale, their largest magnitude over the largest byte. Of the
 * embedding table a row shares one (rare words keep their resolution), of a product's weights one output does. Symmetric,
 * because integer products then need no correction for the weights' zero point.
 */

export interface Quantised {
  values: Int8Array;
  /** One a block. */
  scales: Float32Array;
}

const LARGEST_BYTE = 127;
/**
 * For weights that meet unsigned bytes: processors with AVX2 and no VNNI add two products in 16 bits, and
 * 2 · 255 · 64 still fits there. With larger bytes the same text would get other labels on other machines.
 */
export const LARGEST_WEIGHT = 64;

export function quantise(data: Float32Array, block: number, largestByte = LARGEST_BYTE): Quantised {
  const scales = new Float32Array(Math.ceil(data.length / block));
  const values = new Int8Array(data.length);
  for (let at = 0; at < scales.length; at += 1) {
    let largest = 0;
    const end = Math.min((at + 1) * block, data.length);
    for (let i = at * block; i < end; i += 1) largest = Math.max(largest, Math.abs(data[i] as number));
    const scale = Math.fround(largest / largestByte) || 1;
    scales[at] = scale;
    for (let i = at * block; i < end; i += 1) values[i] = Math.round((data[i] as number) / scale);
  }
  return { values, scales };
}

/** The numbers that the bytes stand for. */
export function dequantise({ values, scales }: Quantised): Float32Array {
  const block = values.length / scales.length;
  return Float32Array.from(values, (byte, index) => byte * (scales[Math.floor(index / block)] as number));
}
