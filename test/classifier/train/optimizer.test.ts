import { expect, test } from 'vitest';
import { adamWStep, clipScale, cosineRate, decayOf, emptyMoments } from '../../../classifier/train/optimizer.ts';

const SETTINGS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };

test('two AdamW steps give the numbers that a hand computation gives', () => {
  const weight = Float32Array.of(1);
  const moments = emptyMoments(1);
  // Step 1: m = 0.05, v = 0.0025, both corrections cancel: m̂ = 0.5, v̂ = 0.25. 1 · (1 − 0.1·0.01) − 0.1 · 0.5 / 0.5 = 0.899
  adamWStep(weight, Float32Array.of(0.5), moments, { step: 1, learningRate: 0.1, decay: 0.01 }, SETTINGS);
  expect(weight[0]).toBeCloseTo(0.899, 6);
  // Step 2, gradient −1: m = 0.9·0.05 − 0.1 = −0.055, v = 0.99·0.0025 + 0.01 = 0.012475,
  // m̂ = −0.055 / 0.19 = −0.2894737, v̂ = 0.012475 / 0.0199 = 0.6268844, √v̂ = 0.7917603.
  // 0.899 · 0.999 + 0.1 · 0.2894737 / 0.7917603 = 0.898101 + 0.0365608 = 0.9346618
  adamWStep(weight, Float32Array.of(-1), moments, { step: 2, learningRate: 0.1, decay: 0.01 }, SETTINGS);
  expect(weight[0]).toBeCloseTo(0.9346618, 5);
});

test('decay shrinks a weight whose gradient is zero, and leaves biases and layer norms alone', () => {
  const weight = Float32Array.of(2);
  adamWStep(weight, Float32Array.of(0), emptyMoments(1), { step: 1, learningRate: 0.5, decay: 0.1 }, SETTINGS);
  expect(weight[0]).toBeCloseTo(1.9, 6);
  expect(decayOf('encoder.layer.0.output.dense.bias', 0.1)).toBe(0);
  expect(decayOf('encoder.layer.0.output.LayerNorm.weight', 0.1)).toBe(0);
  expect(decayOf('encoder.layer.0.output.dense.weight', 0.1)).toBe(0.1);
});

test('gradients longer than the limit are scaled to it, shorter ones are not touched', () => {
  expect(clipScale([Float32Array.of(3), Float32Array.of(4)], 1)).toBeCloseTo(0.2, 6);
  expect(clipScale([Float32Array.of(0.3)], 1)).toBe(1);
});

test('the learning rate rises, then falls along half a cosine to its floor', () => {
  expect(cosineRate(0.025, 0.05)).toBeCloseTo(0.5, 6);
  expect(cosineRate(0.05, 0.05)).toBeCloseTo(1, 6);
  expect(cosineRate(0.525, 0.05, 0)).toBeCloseTo(0.5, 6);
  expect(cosineRate(1, 0.05, 0.02)).toBeCloseTo(0.02, 6);
});
