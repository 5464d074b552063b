/**
 * Symmetric int8 by blocks of neighbouring numbers: a block becomes bytes times one scale, its largest magnitude over
 * 127. A block is a whole row of the embedding table (rare words keep their resolution), or 32 inputs of one output of a
 * product. Symmetric, because integer products then need no correction for the weights' zero point.
 */

export interface Quantised {
  values: Int8Array;
  /** One a block. */
  scales: Float32Array;
}

export function quantise(data: Float32Array, block: number): Quantised {
  const scales = new Float32Array(Math.ceil(data.length / block));
  const values = new Int8Array(data.length);
  for (let at = 0; at < scales.length; at += 1) {
    let largest = 0;
    const end = Math.min((at + 1) * block, data.length);
    for (let i = at * block; i < end; i += 1) largest = Math.max(largest, Math.abs(data[i] as number));
    const scale = Math.fround(largest / 127) || 1;
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

/** Signed bytes as the unsigned ones around 128 that ONNX Runtime's MatMulNBits reads, and back. */
export function toUnsigned(values: Int8Array): Uint8Array {
  return Uint8Array.from(values, (byte) => byte + 128);
}

export function toSigned(values: Uint8Array): Int8Array {
  return Int8Array.from(values, (byte) => byte - 128);
}
