import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
