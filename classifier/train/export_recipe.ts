/** A trained recipe as the folder that is served: what `tidewatch train` does last. */
import { assess, scoreLine } from './assess.ts';
import { UNCALIBRATED } from './calibration.ts';
import { graphsOf, readTrained, writeArtifact } from './export.ts';
import { machine } from './machine.ts';
import type { Recipe } from './recipe.ts';
import type { Student } from './student.ts';

/** Writes the model of the recipe's checkpoint: calibrated on the development sets, with the exit where it pays. */
export async function exportRecipe(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const { student, weights, step, minutes } = readTrained(recipe);
  const found = await assess(recipe, student, weights, log);
  for (const [index, score] of found.int8.entries()) {
    const lost = (found.float[index]?.f1 ?? 0) - score.f1;
    log(`${scoreLine(score)}  int8 costs ${(100 * lost).toFixed(1)}`);
  }
  const isWorthIt = found.exitShare > 0;
  const calibration = found.int8.length === 0 ? UNCALIBRATED : found.calibration;
  const float = Object.fromEntries(found.float.map(({ set, head, accuracy }) => [`${set}/${head}`, accuracy]));
  const facts = { steps: step, minutes, machine: machine(), notes: recipe.notes, compression: { float } };
  const kept = isWorthIt ? student : withoutExit(student);
  const graphs = graphsOf(kept, weights, recipe, found.activations);
  writeArtifact(recipe.output, recipe, kept, graphs, calibration, facts);
  if (isWorthIt)
    log(`exit: ${(100 * found.exitShare).toFixed(0)}% leave, at ${JSON.stringify(calibration.exitThreshold)}`);
  else if (student.exitAfter !== null) log('exit: left out, no limits let enough texts leave at an acceptable cost');
  log(`wrote ${recipe.output} from step ${step} (${minutes.toFixed(0)} minutes of training)`);
}

function withoutExit(student: Student): Student {
  return { ...student, exitAfter: null, heads: student.heads.filter(({ target }) => target === undefined) };
}
