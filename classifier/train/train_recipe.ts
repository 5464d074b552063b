/** A recipe from its data to a checkpoint: what `tidewatch train` does first. */
import { join } from 'node:path';
import { useBfloat16 } from './bfloat16.ts';
import { createEncoder, readDevelopment, readTraining, type Row } from './data.ts';
import { scores } from './monitor.ts';
import { alone } from './one_run.ts';
import { progressLine } from './progress.ts';
import type { Recipe } from './recipe.ts';
import { createStudent } from './student.ts';
import { askTeacher, type Teaching } from './teacher.ts';
import { openTeacher } from './teachers.ts';
import { openTensorBoard } from './tensorboard.ts';
import { loadTensorflow, type Tensorflow } from './tensorflow.ts';
import { train } from './train.ts';

/** Rows of each development set that a run is watched on: evaluating costs as much as training. */
const WATCHED_ROWS = 150;

/**
 * Trains to the recipe's end, from its checkpoint where there is one.
 * @throws TidewatchError storage.locked while another run has the recipe's checkpoints; what data, student and training throw
 */
export async function trainRecipe(recipe: Recipe, log: (line: string) => void): Promise<void> {
  await alone(recipe.checkpoints, () => trainAlone(recipe, log));
}

async function trainAlone(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const tf = await loadTensorflow(recipe.backend);
  if (recipe.products === 'bfloat16') useBfloat16(tf);
  // First, because it says what is wrong with a base that is not there.
  const student = createStudent(recipe);
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), recipe.max_tokens);
  const rows = readTraining(recipe, encode, log);
  const watched = readDevelopment(recipe, encode, Object.keys(recipe.sets), WATCHED_ROWS);
  const teaching = await teachingOf(tf, recipe, rows, log);
  const board = recipe.tensorboard === undefined ? null : openTensorBoard(recipe.tensorboard);
  try {
    await train(tf, recipe, student, rows, {
      log,
      ...(teaching === null ? {} : { teaching }),
      onProgress: (report) => {
        log(progressLine(report));
        board?.write(report.step, {
          loss: report.loss,
          learning_rate: report.learningRate,
          examples_per_second: report.examplesPerSecond,
          ...Object.fromEntries(Object.entries(report.byHead).map(([head, loss]) => [`loss/${head}`, loss])),
        });
      },
      onEvaluate: async (predict, step) => {
        const found = scores(watched, await predict(watched));
        for (const { set, head, rows: count, score } of found)
          log(`  dev sample: ${set} ${head} ${(100 * score).toFixed(1)} (${count} rows)`);
        board?.write(step, Object.fromEntries(found.map(({ set, head, score }) => [`dev/${set}/${head}`, score])));
        return found.reduce((sum, { score }) => sum + score, 0) / Math.max(1, found.length);
      },
    });
  } finally {
    board?.close();
  }
}

async function teachingOf(
  tf: Tensorflow,
  { name, checkpoints, distil }: Recipe,
  rows: readonly Row[],
  log: (line: string) => void,
): Promise<Teaching | null> {
  if (distil === undefined) return null;
  const teacher = await openTeacher(tf, distil);
  const teaching = await askTeacher(teacher, rows, join(checkpoints, `${name}-teacher`), log);
  await teacher.close();
  return teaching;
}
