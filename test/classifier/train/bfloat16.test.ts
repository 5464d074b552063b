/** On the native TensorFlow only; scripts/build-tfjs-node.sh makes one where the package cannot be installed. */
import type { Tensor2D } from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { useBfloat16 } from '../../../classifier/train/bfloat16.ts';
import { parseRecipe } from '../../../classifier/train/recipe.ts';
import { loadTensorflow, type Tensorflow } from '../../../classifier/train/tensorflow.ts';
import { tinyRecipe } from './tiny.ts';

const native: Tensorflow | string = await loadTensorflow('node').catch((error: unknown) => String(error));
const skipped = typeof native === 'string' ? ` (skipped: ${native.split('\n')[0]})` : '';

test.skipIf(typeof native === 'string')(
  `large products and their gradients are those of float32 to eight bits, small ones to the last${skipped}`,
  () => {
    const tf = native as Tensorflow;
    const [x, w] = [tf.randomNormal([192, 160], 0, 1, 'float32', 7), tf.randomNormal([200, 160], 0, 1, 'float32', 8)];
    const small = tf.randomNormal([8, 160], 0, 1, 'float32', 9);
    const ask = (): number[][] => {
      const multiply = (a: Tensor2D, b: Tensor2D) => tf.matMul(a, b, false, true);
      const grads = tf.grads((a, b) => tf.sum(tf.square(multiply(a as Tensor2D, b as Tensor2D))))([x, w]);
      const tensors = [multiply(x as Tensor2D, w as Tensor2D), ...grads, multiply(small as Tensor2D, w as Tensor2D)];
      return tensors.map((tensor) => [...tensor.dataSync()]);
    };
    const exact = ask();
    const before = tf.memory().numTensors;
    const undo = useBfloat16(tf);
    const rounded = tf.tidy(ask);
    expect(tf.memory().numTensors).toBe(before);
    undo();
    expect(ask()).toEqual(exact);
    expect(rounded.at(-1)).toEqual(exact.at(-1));
    for (const [part, numbers] of exact.slice(0, -1).entries()) {
      const length = Math.hypot(...numbers);
      const apart = Math.hypot(...numbers.map((number, at) => number - (rounded[part]?.[at] ?? NaN)));
      expect(apart).toBeGreaterThan(0);
      expect(apart / length).toBeLessThan(2 ** -7);
    }
  },
);

test('a recipe that wants bfloat16 of another library than the native one is refused', () => {
  const recipe = { ...tinyRecipe('/nowhere'), products: 'bfloat16', backend: 'wasm' };
  expect(() => parseRecipe(recipe, 'here.json')).toThrow('bfloat16 needs the backend node, not wasm');
});
