/**
 * Reads and writes safetensors (https://github.com/huggingface/safetensors): eight bytes of header length, a JSON header
 * of names, types, shapes and offsets, then the raw little-endian numbers. Half precision is widened on reading, because
 * all computing here is in float32. Rejected: NumPy or TensorFlow checkpoints, which carry code or need a second library.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { TidewatchError } from '../../core/errors.ts';

export interface Weight {
  shape: number[];
  data: Float32Array;
}
export type Weights = Map<string, Weight>;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Every tensor of a file as float32. Only F32 and F16 occur in the models that we start from. */
export function readSafetensors(path: string): { weights: Weights; metadata: Record<string, string> } {
  const file = readFileSync(path);
  const headerBytes = file.length < 8 ? 0 : Number(file.readBigUInt64LE(0));
  if (headerBytes === 0 || headerBytes > file.length - 8) {
    throw new TidewatchError('model.missing', `${path} is not a safetensors file`);
  }
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes)) as Record<string, unknown>;
  const weights: Weights = new Map();
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const entry = value as Entry;
    const [from, to] = entry.data_offsets;
    // A copy, because the numbers may start at any byte and typed arrays want theirs aligned.
    const bytes = file.buffer.slice(file.byteOffset + 8 + headerBytes + from, file.byteOffset + 8 + headerBytes + to);
    if (entry.dtype !== 'F32' && entry.dtype !== 'F16') {
      throw new TidewatchError('model.missing', `${path}: ${name} has type ${entry.dtype}, only F32 and F16 are read`);
    }
    const data = entry.dtype === 'F32' ? new Float32Array(bytes) : fromHalf(new Uint16Array(bytes));
    weights.set(name, { shape: entry.shape, data });
  }
  return { weights, metadata: (header['__metadata__'] ?? {}) as Record<string, string> };
}

/** Writes beside the target and renames, so that a reader (or a resumed run) never meets half a file. */
export function writeSafetensors(path: string, weights: Weights, metadata: Record<string, string> = {}): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of weights) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  let text = Buffer.from(JSON.stringify(header));
  text = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const parts = [...weights.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(`${path}.part`, Buffer.concat([length, text, ...parts]));
  renameSync(`${path}.part`, path);
}

const HALF_TABLE = new Float32Array(65_536);
for (let half = 0; half < 65_536; half += 1) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  HALF_TABLE[half] =
    exponent === 0
      ? sign * fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? sign * Infinity
          : NaN
        : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function fromHalf(
  halves: Uint16Array,
  out: Float32Array = new Float32Array(halves.length),
  at = 0,
): Float32Array {
  for (let i = 0; i < halves.length; i += 1) out[at + i] = HALF_TABLE[halves[i] as number] as number;
  return out;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** float32 to half precision, rounded to nearest; what is too small becomes zero, too large infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    scratch[0] = values[i] as number;
    const bits = scratchBits[0] as number;
    const sign = (bits >>> 16) & 0x8000;
    const rounded = (bits & 0x7fffffff) + 0x1000; // half of the last kept bit
    if (rounded >= 0x47800000) out[i] = sign | 0x7c00;
    else if (rounded < 0x38800000) out[i] = sign | Math.round(Math.abs(values[i] as number) * 2 ** 24);
    else out[i] = sign | ((rounded - 0x38000000) >>> 13);
  }
  return out;
}
