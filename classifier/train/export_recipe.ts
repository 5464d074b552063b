/** A trained recipe as the folder that is served: what `tidewatch train` does last. */
import { assess, scoreLine } from './assess.ts';
import { UNCALIBRATED } from './calibration.ts';
import { readTrained, writeArtifact } from './export.ts';
import type { Recipe } from './recipe.ts';
import type { Student } from './student.ts';

/** Writes the model of the recipe's checkpoint: calibrated on the development sets, with the exit where it pays. */
export async function exportRecipe(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const { student, weights, step, minutes } = readTrained(recipe);
  const found = await assess(recipe, student, weights, log);
  for (const score of found.scores) log(scoreLine(score));
  for (const [index, score] of found.sample.float.entries()) {
    const lost = score.f1 - (found.sample.int8[index]?.f1 ?? 0);
    log(`float sample: ${scoreLine(score)}  int8 loses ${(100 * lost).toFixed(1)}`);
  }
  const isWorthIt = found.exitShare > 0;
  const calibration = found.scores.length === 0 ? UNCALIBRATED : found.calibration;
  writeArtifact(recipe.output, recipe, isWorthIt ? student : withoutExit(student), weights, calibration);
  if (isWorthIt)
    log(`exit: ${(100 * found.exitShare).toFixed(0)}% leave, at ${JSON.stringify(calibration.exitThreshold)}`);
  else if (student.exitAfter !== null) log('exit: left out, no limits let enough texts leave at an acceptable cost');
  log(`wrote ${recipe.output} from step ${step} (${minutes.toFixed(0)} minutes of training)`);
}

function withoutExit(student: Student): Student {
  return { ...student, exitAfter: null, heads: student.heads.filter(({ target }) => target === undefined) };
}
