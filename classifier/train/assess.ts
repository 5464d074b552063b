/**
 * The development rows through the exported graphs, float and int8: what the calibration is fitted on, and what int8
 * costs. Figures for the card are `tidewatch evaluate`'s, of the finished folder.
 */
import { join } from 'node:path';
import { type Calibration, chooseExit, fitHeads, scoreSets, type SetScore } from './calibration.ts';
import { createEncoder, readDevelopment } from './data.ts';
import { graphsOf, SERVED_TOKENS } from './export.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { openServed } from './served.ts';
import type { Student } from './student.ts';

export interface Assessment {
  calibration: Calibration;
  /** Share of development texts that leave at the exit; 0 without one. */
  exitShare: number;
  int8: SetScore[];
  float: SetScore[];
}

export async function assess(
  recipe: Recipe,
  student: Student,
  weights: Weights,
  log: (line: string) => void,
): Promise<Assessment> {
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), SERVED_TOKENS);
  const rows = readDevelopment(recipe, encode, Object.keys(recipe.sets));
  log(`${rows.length} development rows`);
  const answers = async (precision: 'float' | 'int8') => {
    const served = await openServed(graphsOf(student, weights, recipe, precision), student.shape.pad_token_id);
    const logits = await served.predict(rows);
    await served.close();
    return logits;
  };
  const [int8, float] = [await answers('int8'), await answers('float')];
  const heads = fitHeads(student.heads, rows, int8);
  const exit = student.exitAfter === null ? null : chooseExit(student.heads, rows, int8, heads);
  return {
    calibration: { heads, exitThreshold: exit?.threshold ?? {} },
    exitShare: exit?.share ?? 0,
    int8: scoreSets(student.heads, rows, int8, heads),
    float: scoreSets(student.heads, rows, float, heads),
  };
}

export function scoreLine({ set, head, rows, accuracy, f1 }: SetScore, float: SetScore | undefined): string {
  const percent = (value = NaN): string => (100 * value).toFixed(1).padStart(5);
  const counted = `${set.padEnd(14)} ${head.padEnd(16)} ${String(rows).padStart(5)} rows`;
  return `${counted}  accuracy ${percent(accuracy)}  F1 ${percent(f1)}  (float: ${percent(float?.accuracy)}, ${percent(float?.f1)})`;
}
