/** Positions that become one, two by two, half way up: what they stand for, and that it does not matter which layers are frozen. */
import { expect, test } from 'vitest';
import { emptyState } from '../../../classifier/train/checkpoint.ts';
import { encode, forward, pool, toTensors } from '../../../classifier/train/model.ts';
import { parseRecipe } from '../../../classifier/train/recipe.ts';
import { createRun } from '../../../classifier/train/run.ts';
import { toBatch } from '../../../classifier/train/batches.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { TINY, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const tf = await loadTensorflow('cpu');

test('a pair is the mean of its tokens, and the mean of a text counts each token once', () => {
  const shape = { ...TINY, num_hidden_layers: 0, hidden_size: 1, halve_before: [0] };
  // Three tokens and a padding, beside four tokens; no layer comes after, so a halving is all that is done.
  const hidden = tf.tensor3d([[[1], [3], [8], [99]], [[2], [4], [6], [8]]]); // prettier-ignore
  const tokens = tf.tensor2d([[1, 1, 1, 0], [1, 1, 1, 1]]); // prettier-ignore
  const weights = toTensors(tf, tinyStudent(tinyRecipe('')).weights);
  const untouched = encode(tf, shape, weights, { hidden, tokens }, 0, 0);
  expect(untouched.tokens.arraySync()).toEqual(tokens.arraySync());
  expect(pool(tf, { hidden, tokens }).arraySync()).toEqual([[4], [5]]);

  const batch = { hidden: tf.tile(hidden, [1, 1, TINY.hidden_size]), tokens };
  const above = encode(tf, { ...TINY, halve_before: [0] }, weights, batch, 0, 1);
  expect(above.hidden.shape).toEqual([2, 2, TINY.hidden_size]);
  expect(above.tokens.arraySync()).toEqual([[2, 1], [2, 2]]); // prettier-ignore
});

test('the layer after a halving attends to the tokens themselves: with every pair alike it says what each of the pair would', () => {
  const weights = toTensors(tf, tinyStudent(tinyRecipe('')).weights);
  const state = tf.randomNormal([2, 3, 1, TINY.hidden_size], 0, 1, 'float32', 5);
  const hidden = tf.reshape(tf.tile(state, [1, 1, 2, 1]), [2, 6, TINY.hidden_size]);
  const tokens = tf.tensor2d([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]); // prettier-ignore
  const whole = encode(tf, TINY, weights, { hidden, tokens }, 0, 1).hidden;
  const halved = encode(tf, { ...TINY, halve_before: [0] }, weights, { hidden, tokens }, 0, 1).hidden;
  const ofPairs = tf.reshape(whole, [2, 3, 2, TINY.hidden_size]).slice([0, 0, 0, 0], [2, 2, 1, -1]);
  const apart = halved.slice([0, 0, 0], [2, 2, -1]).sub(ofPairs.reshape([2, 2, TINY.hidden_size]));
  expect(apart.abs().max().arraySync()).toBeLessThan(1e-5);

  // Where a pair's tokens differ, it reads them apart: means alone would hide what moves within a pair.
  const opposed = tf.mul(hidden, tf.tensor3d([[[1.5], [0.5], [0.5], [1.5], [1], [1]]])); // prettier-ignore
  const apartFrom = encode(tf, { ...TINY, halve_before: [0] }, weights, { hidden: opposed, tokens }, 0, 1).hidden;
  expect(apartFrom.sub(halved).abs().max().arraySync()).toBeGreaterThan(1e-4);
});

test.each([0, 1, 2])('with %i layers frozen the model says what it says as a whole', async (frozen) => {
  const recipe = tinyRecipe('', { halve_before: [1], frozen_layers: frozen });
  const student = tinyStudent(recipe);
  const rows = tinyRows(7);
  const own = new Map(student.trained.map((name) => [name, student.weights.get(name)?.data ?? new Float32Array()]));
  const state = emptyState(own, '');
  const run = createRun(tf, recipe, student, state);
  const said = await run.predict(rows);
  const whole = forward(tf, student, toTensors(tf, student.weights), toBatch(rows, TINY.pad_token_id));
  for (const [name, logits] of Object.entries(whole))
    for (const [row, wanted] of logits.arraySync().entries())
      for (const [at, logit] of wanted.entries()) expect(said[name]?.[row]?.[at]).toBeCloseTo(logit, 2);
  const losses: number[] = [];
  for (let at = 0; at < 20; at += 1) {
    state.progress.step += 1;
    losses.push((await run.step(rows, 0.5)).total);
  }
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  run.dispose();
});

test('what cannot be halved is refused', () => {
  const recipe = tinyRecipe('', { layers: [0, 1] });
  const read = (changes: object): unknown => parseRecipe({ ...recipe, ...changes }, 'recipe.json');
  expect(() => read({ halve_before: [2] })).toThrow('halve_before: there is no layer 2');
  expect(() => read({ halve_before: [1], exit_after: 1 })).toThrow('cannot be had together');
  expect(() => read({ sets: { own: { rate: 1, teacher_share: 1 } } })).toThrow('needs a teacher');
});
