/**
 * The training side from a shell:
 *
 *   npx tsx classifier/train/main.ts train    [recipe.json]
 *   npx tsx classifier/train/main.ts export   [recipe.json]
 *   npx tsx classifier/train/main.ts evaluate [recipe.json]
 *
 * The shipped model is recipes/first.json, then recipes/second.json, which starts from the first's checkpoint.
 *
 * Thin on purpose: every step is a function of its own that the command line of the application calls too.
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainError } from '../../core/errors.ts';
import { assess, type Assessment } from './assess.ts';
import { writeCard } from './card.ts';
import { createEncoder, readDevelopment, readTraining } from './data.ts';
import { reportLine } from './evaluate.ts';
import { monitor } from './monitor.ts';
import { readTrained, writeArtifact, writeChecksums } from './export.ts';
import { readRecipe, type Recipe } from './recipe.ts';
import { createStudent } from './student.ts';
import { loadTensorflow } from './tensorflow.ts';
import { train } from './train.ts';

const DEFAULT_RECIPE = 'classifier/train/recipes/first.json';

const WATCHED = ['tfns', 'tfn_topic', 'finfe', 'xueqiu_titles', 'finnl', 'finese', 'sentfin'];

export async function runTraining(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const tf = await loadTensorflow('node');
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), recipe.max_tokens);
  const rows = readTraining(recipe, encode, log);
  const watched = readDevelopment(recipe, encode, WATCHED, 150);
  train(tf, recipe, createStudent(recipe), rows, {
    log,
    onEvaluate: (predict) => {
      for (const line of monitor(watched, predict(watched))) log(`  dev sample: ${line}`);
    },
  });
}

/** Writes the artifact from the latest checkpoint, measures it, and writes temperatures, card and checksums. */
export async function runExport(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const { student, weights, step, minutes, before } = readTrained(recipe);
  writeArtifact(recipe.output, recipe, student, weights);
  const assessment = await assess(recipe, student, weights, log);
  writeArtifact(recipe.output, recipe, student, weights, { temperatures: assessment.temperatures });
  const megabytes = statSync(join(recipe.output, 'onnx', 'model_quantized.onnx')).size / 1e6;
  const card = writeCard(recipe, assessment, { steps: step, minutes, megabytes, before });
  writeFileSync(join(recipe.output, 'MODEL_CARD.md'), card);
  writeChecksums(recipe.output);
  logAssessment(assessment, log);
  log(`wrote ${recipe.output} from step ${step}`);
}

/** Measures the latest checkpoint against the artifact in the output folder. */
export async function runEvaluation(recipe: Recipe, log: (line: string) => void): Promise<void> {
  const { student, weights } = readTrained(recipe);
  logAssessment(await assess(recipe, student, weights, log), log);
}

function logAssessment(assessment: Assessment, log: (line: string) => void): void {
  for (const item of [...assessment.served, ...assessment.held]) log(reportLine(item));
  for (const item of assessment.float) log(`float: ${reportLine(item)}`);
  log(
    `temperatures ${JSON.stringify(assessment.temperatures)}; ${assessment.examplesPerSecond.toFixed(0)} texts/s of ${assessment.tokensPerExample.toFixed(0)} tokens`,
  );
}

async function main(): Promise<void> {
  const [command = '', path = DEFAULT_RECIPE] = process.argv.slice(2);
  const log = (line: string): void => {
    process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  };
  const recipe = readRecipe(path);
  if (command === 'train') await runTraining(recipe, log);
  else if (command === 'export') await runExport(recipe, log);
  else if (command === 'evaluate') await runEvaluation(recipe, log);
  else throw new Error(`Unknown command "${command}": train, export or evaluate`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${explainError(error)}\n`);
  process.exitCode = 1;
});
