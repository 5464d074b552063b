/**
 * The development rows through the graphs that are exported, to fit the calibration on, and through the float graphs, to
 * see what int8 costs. Figures for the card are `tidewatch evaluate`'s, of the finished folder.
 */
import { join } from 'node:path';
import { type Calibration, chooseExit, fitHeads, scoreSets, type SetScore } from './calibration.ts';
import type { Activations } from './activations.ts';
import { createEncoder, readDevelopment, type Row, sampleTraining } from './data.ts';
import { activationsOf, graphsOf, SERVED_TOKENS } from './export.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { openServed } from './served.ts';
import type { Student } from './student.ts';

/** Texts that activations are measured on. */
export const SAMPLE = 512;

export interface Assessment {
  calibration: Calibration;
  /** Share of development texts that leave at the exit; 0 without one. */
  exitShare: number;
  /** By which the int8 graphs were made: measured on training texts, since development texts judge them. */
  activations: Activations;
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
  const activations = await activationsOf(student, weights, recipe, sampleTraining(recipe, encode, SAMPLE));
  const int8 = await answers(rows, graphsOf(student, weights, recipe, activations), student.shape.pad_token_id);
  log('int8 graphs answered');
  const float = await answers(rows, graphsOf(student, weights, recipe, null), student.shape.pad_token_id);
  const heads = fitHeads(student.heads, rows, int8);
  const exit = student.exitAfter === null ? null : chooseExit(student.heads, rows, int8, heads);
  return {
    calibration: { heads, exitThreshold: exit?.threshold ?? {} },
    exitShare: exit?.share ?? 0,
    activations,
    int8: scoreSets(student.heads, rows, int8, heads),
    float: scoreSets(student.heads, rows, float, heads),
  };
}

async function answers(rows: readonly Row[], graphs: Uint8Array[], padId: number): Promise<Record<string, number[][]>> {
  const served = await openServed(graphs, padId);
  const logits = await served.predict(rows);
  await served.close();
  return logits;
}

export function scoreLine({ set, head, rows, accuracy, f1 }: SetScore): string {
  const percent = (value: number): string => (100 * value).toFixed(1).padStart(5);
  const counted = `${set.padEnd(14)} ${head.padEnd(16)} ${String(rows).padStart(5)} rows`;
  return `${counted}  accuracy ${percent(accuracy)}  F1 ${percent(f1)}`;
}
