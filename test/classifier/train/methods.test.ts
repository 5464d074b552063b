/** What a recipe can ask of training besides training all: additions, adapters, an exit, a teacher, stopping early. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointPath, readCheckpoint } from '../../../classifier/train/checkpoint.ts';
import { toBatch } from '../../../classifier/train/batches.ts';
import { forward, type Network, toTensors } from '../../../classifier/train/model.ts';
import type { Recipe } from '../../../classifier/train/recipe.ts';
import type { Weights } from '../../../classifier/train/safetensors.ts';
import { askTeacher } from '../../../classifier/train/teacher.ts';
import { trainedTeacher } from '../../../classifier/train/teachers.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { train } from '../../../classifier/train/train.ts';
import { TINY, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const tf = await loadTensorflow('cpu');
const rows = tinyRows(18);
const log = (): void => {};
const folder = (): string => mkdtempSync(join(tmpdir(), 'method-'));

function sentiments(network: Network, weights: Weights): number[][] {
  return tf.tidy(() => {
    const logits = forward(tf, network, toTensors(tf, weights), toBatch(rows, TINY.pad_token_id));
    return tf.softmax(logits['sentiment'] ?? tf.zeros([0])).arraySync() as number[][];
  });
}

const right = (said: number[][]): number =>
  said.filter((row, i) => row.indexOf(Math.max(...row)) === rows[i]?.targets.sentiment?.allowed[0]).length;

const methods: [string, Recipe['method'], RegExp][] = [
  ['LoRA', { kind: 'lora', rank: 4, alpha: 8, targets: ['query', 'value', 'output'] }, /lora_[ab]$|^heads\./],
  ['adapters', { kind: 'adapters', width: 16 }, /\.adapter\.|^heads\./],
];
test.each(methods)('%s learn the task and leave every weight of the base as it was', async (_, method, own) => {
  const recipe = tinyRecipe(folder(), { method, max_steps: 90, dropout: 0, learning_rate: 0.04, frozen_layers: 0 });
  const student = tinyStudent(recipe);
  const before = new Map([...student.weights].map(([name, { data }]) => [name, data.slice()]));
  const weights = await train(tf, recipe, student, rows, { log });
  const changed = [...weights].filter(([name, { data }]) => data.some((number, i) => number !== before.get(name)?.[i]));
  expect(changed.length).toBeGreaterThan(4);
  expect(changed.map(([name]) => name).filter((name) => !own.test(name))).toEqual([]);
  expect(right(sentiments(student, weights))).toBeGreaterThanOrEqual(16);
});

test('a student comes near its teacher, whose answers are asked for once', async () => {
  const made = tinyStudent(tinyRecipe('', { frozen_layers: 0, seed: 11 }));
  // Confident, so that there is something to learn.
  const head = made.weights.get('heads.sentiment.weight');
  for (let i = 0; i < (head?.data.length ?? 0); i += 1) if (head !== undefined) head.data[i] = (head.data[i] ?? 0) * 40;
  const teacher = trainedTeacher(tf, { network: made, weights: made.weights, name: 'teacher' });
  const distil = { teacher: '', temperature: 2, weight: 1, hidden_weight: 0.5 };
  const recipe = tinyRecipe(folder(), { layers: [0], frozen_layers: 0, distil, max_steps: 120, dropout: 0 });
  const student = tinyStudent(recipe);
  const answers = folder();
  const lines: string[] = [];
  const taught = rows.map((row) => ({ ...row, teacherShare: 1 }));
  const teaching = await askTeacher(teacher, taught, answers, (line) => lines.push(line));
  await askTeacher(teacher, taught, answers, (line) => lines.push(line));
  expect(lines.length).toBe(1);
  expect(readdirSync(answers)).toEqual(['part-0000.safetensors']);

  const wanted = sentiments(made, made.weights);
  const distance = (weights: Weights): number => {
    const own = sentiments(student, weights);
    const apart = wanted.map((row, i) => row.reduce((sum, p, j) => sum + p * Math.log(p / (own[i]?.[j] ?? 0)), 0));
    return apart.reduce((sum, one) => sum + one, 0) / rows.length;
  };
  const before = distance(student.weights);
  const weights = await train(tf, recipe, student, taught, { log, teaching });
  expect(before).toBeGreaterThan(0.1);
  expect(distance(weights)).toBeLessThan(before / 10);
});

test('a run without progress on the development rows ends, and keeps the weights of its best evaluation', async () => {
  let clock = 0;
  const recipe = tinyRecipe(folder(), { early_stopping: { patience: 2 }, evaluate_minutes: 1, max_steps: 500 });
  const found = [0.5, 0.7, 0.6, 0.7, 0.9];
  const seen: number[] = [];
  await train(tf, recipe, tinyStudent(recipe), rows, {
    log,
    now: () => (clock += 15_000), // four steps a minute
    onEvaluate: (_predict, step) => {
      seen.push(step);
      return Promise.resolve(found[seen.length - 1] ?? 0);
    },
  });
  const state = readCheckpoint(checkpointPath(recipe));
  expect(state?.progress.best).toMatchObject({ score: 0.7, step: seen[1] });
  expect(state?.progress.step).toBe(seen[3]);
  expect(state?.best.get('heads.sentiment.bias')).not.toEqual(state?.weights.get('heads.sentiment.bias'));
});

test('the mean over the last steps is kept beside the last weights', async () => {
  const recipe = tinyRecipe(folder(), { average_from: 0.4, max_steps: 60 });
  await train(tf, recipe, tinyStudent(recipe), rows, { log });
  const state = readCheckpoint(checkpointPath(recipe));
  expect(state?.progress.averaged).toBe(2);
  const name = 'heads.topic.weight';
  expect(state?.averages.get(name)).not.toEqual(state?.weights.get(name));
});
