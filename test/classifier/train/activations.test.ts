import { expect, test } from 'vitest';
import { fit, inputOf } from '../../../classifier/train/activations.ts';
import { quantise } from '../../../classifier/train/quantize.ts';

test('query, key and value share what they read; other products read their own', () => {
  expect(inputOf('encoder.layer.3.attention.self.query.weight')).toBe('encoder.layer.3.attention.self');
  expect(inputOf('encoder.layer.3.attention.self.value')).toBe('encoder.layer.3.attention.self');
  expect(inputOf('encoder.layer.3.attention.output.dense.weight')).toBe('encoder.layer.3.attention.output.dense');
});

test('a column of outliers is brought near the others, and its weights take the factor over', () => {
  const seen = { lowest: Float32Array.of(-1, -40, 0), largest: Float32Array.of(1, 10, 2) };
  const { factor, scale, zero } = fit(seen, Float32Array.of(0.1, 0.1, 0.1));
  // 40 times the first column's reach is left as 40^0.15, 1.7 times.
  expect((40 * (factor[1] ?? 0)) / (factor[0] ?? 0)).toBeCloseTo(40 ** 0.15, 4);
  const byte = (column: number, number: number): number => Math.round((number * (factor[column] ?? 0)) / scale) + zero;
  expect(byte(1, -40)).toBe(0);
  expect(byte(2, 2)).toBeLessThanOrEqual(255);
  expect(Math.max(byte(0, 1), byte(1, 10), byte(2, 2))).toBe(255);
  expect(byte(0, 0)).toBe(zero);
});

test('a column that was never used does no harm', () => {
  const { factor, scale, zero } = fit(
    { lowest: new Float32Array(2), largest: new Float32Array(2) },
    new Float32Array(2),
  );
  expect([...factor].every(Number.isFinite)).toBe(true);
  expect(scale).toBeGreaterThan(0);
  expect(zero).toBe(0);
});

test('weights that meet unsigned bytes stay so small that two products fit into 16 bits', () => {
  const { values } = quantise(Float32Array.of(-3, 2.9, 0.5, -0.1), 4, 64);
  expect(Math.max(...values.map(Math.abs))).toBe(64);
  expect(2 * 255 * 64).toBeLessThan(2 ** 15);
});
