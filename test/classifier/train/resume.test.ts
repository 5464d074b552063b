import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from '../../../core/lock.ts';
import { checkpointPath } from '../../../classifier/train/checkpoint.ts';
import type { Recipe } from '../../../classifier/train/recipe.ts';
import { trainRecipe } from '../../../classifier/train/train_recipe.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { train } from '../../../classifier/train/train.ts';
import { tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const tf = await loadTensorflow('cpu');
const rows = tinyRows(18);
const log = (): void => {};

test('a run that is killed and started again ends with the weights of an uninterrupted one', async () => {
  const whole = tinyRecipe(mkdtempSync(join(tmpdir(), 'whole-')));
  const expected = await train(tf, whole, tinyStudent(whole), rows, { log });

  const broken = tinyRecipe(mkdtempSync(join(tmpdir(), 'broken-')));
  // Dies after step 8, one step past the checkpoint of step 7, in the middle of the second epoch.
  await train(tf, broken, tinyStudent(broken), rows, { log, checkpointEverySteps: 7, interruptAfter: 8 });
  const lines: string[] = [];
  const resumed = await train(tf, broken, tinyStudent(broken), rows, { log: (line) => lines.push(line) });

  expect(lines[0]).toContain('starts at step 7');
  for (const [name, { data }] of expected) expect(resumed.get(name)?.data, name).toEqual(data);
}, 60_000);

test('says where a label has changed since the checkpoint, and where that is at its end', async () => {
  const recipe = tinyRecipe(mkdtempSync(join(tmpdir(), 'labels-')));
  await train(tf, recipe, tinyStudent(recipe), rows, { log });
  const turned = rows.map((row) => ({
    ...row,
    targets: { ...row.targets, sentiment: { allowed: [1], possible: [0, 1, 2], weight: 1 } },
  }));
  const lines: string[] = [];
  await train(tf, recipe, tinyStudent(recipe), turned, { log: (line) => lines.push(line) });
  expect(lines[0]).toContain('The data or the recipe changed');
  expect(lines[2]).toContain(`${checkpointPath(recipe)} is at its end`);
});

const LORA: Recipe['method'] = { kind: 'lora', rank: 2, alpha: 4, targets: ['query', 'value'] };
test.each([
  ['heads after LoRA', { method: LORA }, { frozen_layers: 2 }],
  ['LoRA after heads', { frozen_layers: 2 }, { method: LORA }],
  ['LoRA of another rank', { method: LORA }, { method: { ...LORA, rank: 4 } }],
] as [string, Partial<Recipe>, Partial<Recipe>][])(
  'refuses a checkpoint of another form: %s',
  async (_, first, second) => {
    const folder = mkdtempSync(join(tmpdir(), 'form-'));
    const [before, after] = [tinyRecipe(folder, { ...first, max_steps: 2 }), tinyRecipe(folder, second)];
    await train(tf, before, tinyStudent(before), rows, { log });
    await expect(train(tf, after, tinyStudent(after), rows, { log })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining(`${checkpointPath(before)} is of another method or other layers`) as string,
    });
  },
);

test.each([
  ['a loss that is no number', { learning_rate: 1e30, head_learning_rate: 1e30, max_steps: 8 }],
  ['weights that its last step made infinite', { learning_rate: 1e300, head_learning_rate: 1e300, max_steps: 5 }],
] as [string, Partial<Recipe>][])('keeps the good checkpoint of a run that diverges: %s', async (_, changes) => {
  const folder = mkdtempSync(join(tmpdir(), 'diverged-'));
  const good = tinyRecipe(folder, { max_steps: 4 });
  await train(tf, good, tinyStudent(good), rows, { log });
  const before = readFileSync(checkpointPath(good));
  const bad = tinyRecipe(folder, changes);
  await expect(train(tf, bad, tinyStudent(bad), rows, { log })).rejects.toThrow(/Training diverged: at step \d/);
  expect(readFileSync(checkpointPath(good)).equals(before)).toBe(true);
});

test('refuses rows of which none is ever drawn', async () => {
  const recipe = tinyRecipe(mkdtempSync(join(tmpdir(), 'none-')));
  const silent = rows.map((row) => ({ ...row, rate: 0 }));
  await expect(train(tf, recipe, tinyStudent(recipe), silent, { log })).rejects.toMatchObject({
    code: 'input.invalid',
  });
}, 10_000);

test('leaves checkpoints to the run that has them, and says what is wrong with a base that is not there', async () => {
  const recipe = tinyRecipe(mkdtempSync(join(tmpdir(), 'two-')), { backend: 'cpu', base: '/nowhere' });
  const giveBack = await lockFolder(recipe.checkpoints);
  await expect(trainRecipe(recipe, log)).rejects.toMatchObject({
    code: 'storage.locked',
    message: expect.stringContaining('Another training run works in') as string,
  });
  await giveBack();
  await expect(trainRecipe(recipe, log)).rejects.toMatchObject({
    code: 'model.missing',
    message: expect.stringContaining('base: /nowhere') as string,
  });
});

test('training lowers the loss and leaves the frozen part as it was', async () => {
  const recipe = tinyRecipe(mkdtempSync(join(tmpdir(), 'learn-')), { max_steps: 150, dropout: 0 });
  const student = tinyStudent(recipe);
  const before = student.weights.get('encoder.layer.0.output.dense.weight')?.data.slice();
  let correct = 0;
  const weights = await train(tf, recipe, student, rows, {
    log,
    onEvaluate: async (predict) => {
      const logits = (await predict(rows))['sentiment'] ?? [];
      correct = rows.filter(
        (row, i) => logits[i]?.indexOf(Math.max(...(logits[i] ?? []))) === row.targets.sentiment?.allowed[0],
      ).length;
      return correct;
    },
  });
  expect(correct).toBeGreaterThanOrEqual(16);
  expect(weights.get('encoder.layer.0.output.dense.weight')?.data).toEqual(before);
}, 60_000);
