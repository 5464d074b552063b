import type { Tensor } from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { gelu, layerNorm } from '../../../classifier/train/gradients.ts';
import { generator, normal } from '../../../classifier/train/random.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';

const tf = await loadTensorflow('cpu');
const random = generator(4);
const some = (...shape: number[]): Tensor =>
  tf.tensor(
    normal(
      shape.reduce((product, width) => product * width, 1),
      1.5,
      random,
    ),
    shape,
  );

/** The value and the gradients of Σ f(inputs) · direction. */
function derive(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], direction: Tensor): number[][] {
  const { value, grads } = tf.valueAndGrads((...given: Tensor[]) => tf.sum(tf.mul(f(...given), direction)))(inputs);
  return [value, ...grads].map((tensor) => [...tensor.dataSync()]);
}

function expectSame(found: number[][], expected: number[][]): void {
  expect(found.length).toBe(expected.length);
  for (const [part, numbers] of expected.entries())
    for (const [at, number] of numbers.entries()) expect(found[part]?.[at]).toBeCloseTo(number, 4);
}

test("GELU's value and gradient are those that autodiff gives of x · Φ(x)", () => {
  const x = some(3, 5, 4);
  const direction = some(3, 5, 4);
  const plain = (input: Tensor): Tensor => tf.mul(tf.mul(input, 0.5), tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1));
  expectSame(
    derive((input) => gelu(tf, input), [x], direction),
    derive(plain, [x], direction),
  );
});

test("GELU's gradient is the slope that a small step finds", () => {
  const step = 1e-2;
  for (const x of [-3, -1, -0.2, 0, 0.4, 2]) {
    const at = (value: number): number => gelu(tf, tf.scalar(value)).dataSync()[0] as number;
    const slope = tf
      .grad((input: Tensor) => gelu(tf, input))(tf.scalar(x))
      .dataSync()[0];
    expect(slope).toBeCloseTo((at(x + step) - at(x - step)) / (2 * step), 3);
  }
});

test("layer norm's value and its gradients, to the input, the weight and the bias, are those that autodiff gives", () => {
  const [x, weight, bias, direction] = [some(2, 3, 8), some(8), some(8), some(2, 3, 8)];
  const plain = (input: Tensor, scale: Tensor, shift: Tensor): Tensor => {
    const centred = tf.sub(input, tf.mean(input, -1, true));
    const normalised = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-12)));
    return tf.add(tf.mul(normalised, scale), shift);
  };
  expectSame(
    derive((input, scale, shift) => layerNorm(tf, input, scale, shift, 1e-12), [x, weight, bias], direction),
    derive(plain, [x, weight, bias], direction),
  );
});
