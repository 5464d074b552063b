import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fromHalf, readSafetensors, toHalf, writeSafetensors } from '../../../classifier/train/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));

test('what is written is read back bit for bit, with its shapes and metadata', () => {
  const path = join(folder, 'a.safetensors');
  const data = Float32Array.of(1, -2.5, 3.25e-20, 4e20, 0, -0);
  writeSafetensors(
    path,
    new Map([
      ['one', { shape: [2, 3], data }],
      ['empty', { shape: [0], data: new Float32Array() }],
    ]),
    { step: '7' },
  );
  const { weights, metadata } = readSafetensors(path);
  expect(metadata).toEqual({ step: '7' });
  expect(weights.get('one')).toEqual({ shape: [2, 3], data });
  expect(weights.get('empty')?.data.length).toBe(0);
});

test('half precision is widened on reading', () => {
  const path = join(folder, 'half.safetensors');
  const header = Buffer.from(JSON.stringify({ half: { dtype: 'F16', shape: [3], data_offsets: [0, 6] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, header, Buffer.from(Uint16Array.of(0x3c00, 0xc000, 0x3555).buffer)]));
  expect([...(readSafetensors(path).weights.get('half')?.data ?? [])]).toEqual([1, -2, 0.333251953125]);
});

test('numbers survive half precision to within its rounding', () => {
  const values = Float32Array.of(0, 1, -1, 0.1, 3.1234, 65504, 1e-5, -6e-8, 1000.25, 1e6);
  const back = fromHalf(toHalf(values));
  for (const [index, value] of values.entries()) {
    if (Math.abs(value) > 65504) expect(back[index]).toBe(Infinity);
    else
      expect(Math.abs((back[index] as number) - value)).toBeLessThanOrEqual(
        Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
      );
  }
});

test('a file that is not safetensors is refused by name', () => {
  const path = join(folder, 'broken.safetensors');
  writeFileSync(path, 'no');
  expect(() => readSafetensors(path)).toThrow(/not a safetensors file/);
});
