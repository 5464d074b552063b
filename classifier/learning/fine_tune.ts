/**
 * From corrections to a candidate: the current model's own folder is all that it starts from (its int8 bytes as floats, as
 * import_onnx.ts reads them), so nobody needs the base model or the machine that it was made on. The layers below are
 * frozen and their output is kept, one computation a text; what is trained is a low-rank addition to the upper layers (LoRA)
 * or the heads alone. Minutes on two cores. Old lessons are replayed beside the new ones (replay.ts).
 *
 * The early exit of a model that has one is not carried over: its limits were chosen on what the old model says.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { checkpointPath } from '../train/checkpoint.ts';
import { createEncoder, type Encode, readTraining } from '../train/data.ts';
import { readOnnxWeights } from '../train/import_onnx.ts';
import { readWholeGraph } from '../train/join.ts';
import { progressLine } from '../train/progress.ts';
import { parseRecipe, type Recipe } from '../train/recipe.ts';
import { writeSafetensors } from '../train/safetensors.ts';
import { createStudent } from '../train/student.ts';
import { loadTensorflow, type TensorflowBackend } from '../train/tensorflow.ts';
import { train } from '../train/train.ts';
import { type CandidateOptions, compareAndWrite } from './candidate.ts';
import { readConfig, trainedSets } from './current_model.ts';
import type { Verdict } from './gate.ts';
import { keptLines } from './kept_answers.ts';
import { dropOtherCheckpoint } from './left_over.ts';
import { evened, FEEDBACK, KEPT, lineOf } from './lesson.ts';
import { drawReplay } from './replay.ts';

export interface FineTuneOptions extends CandidateOptions {
  /** Folder with train/ and dev/ of public data. */
  readonly data: string;
  /** Folder of our own sentences; left out where it is not there. */
  readonly corpus: string;
  readonly version: string;
  readonly method: 'lora' | 'heads';
  readonly backend: TensorflowBackend;
  readonly seed: number;
  /** How often each lesson is seen. */
  readonly epochs: number;
  /** Replayed rows for each lesson, at least `LEAST_REPLAY` in all. */
  readonly replay: number;
  /** Training ends after that many minutes whatever was seen. */
  readonly minutes: number;
}

export interface FineTuned {
  readonly model: string;
  readonly verdict: Verdict;
  /** Minutes of training, and of the whole. */
  readonly trainedMinutes: number;
  readonly minutes: number;
}

/** Fewer old lessons than this do not hold five heads in place. */
const LEAST_REPLAY = 1500;
/** Layers that a low-rank addition stands beside. */
const ADAPTED_LAYERS = 3;
/** Draws of a lesson for one of an old one. */
const LESSON_RATE = 2;

/**
 * Trains, exports to `output` and compares with the current model. The candidate is there afterwards whatever the verdict.
 * @throws TidewatchError library.missing without a TensorFlow.js, input.invalid without anything to learn or to replay,
 * config.invalid for settings that no training has
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const began = performance.now();
  const { lessons, log } = options;
  if (lessons.taught.length === 0) {
    throw new TidewatchError('input.invalid', 'There is nothing to learn: no correction stands that may be taught', {
      hint: 'Label some documents on the page (#/label), and see `tidewatch feedback held` for what waits for review.',
    });
  }
  const tf = await loadTensorflow(options.backend);
  const recipe = recipeOf(options);
  dropOtherCheckpoint(options.work, checkpointPath(recipe), options, log);
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), recipe.max_tokens);
  await writeKept(options, encode);
  const student = createStudent(recipe);
  const rows = readTraining(recipe, encode, log);
  const drawn = rows.reduce((sum, { rate }) => sum + rate, 0);
  const steps = Math.ceil(drawn / recipe.batch_rows) * options.epochs;
  const trainingBegan = performance.now();
  await train(tf, { ...recipe, max_steps: steps }, student, rows, {
    log,
    onProgress: (report) => log(progressLine(report)),
  });
  const trainedMinutes = (performance.now() - trainingBegan) / 60_000;
  const compared = await compareAndWrite(recipe, options);
  return {
    model: `${recipe.name}@${recipe.version}`,
    verdict: compared,
    trainedMinutes,
    minutes: (performance.now() - began) / 60_000,
  };
}

/** What the current model answers where a lesson says nothing, as the set `kept`. */
async function writeKept({ current, lessons, work }: FineTuneOptions, encode: Encode): Promise<void> {
  const { pad_token_id, tidewatch } = readConfig(current);
  const rows = lessons.taught.map(({ text }) => ({ ids: encode(text) }));
  const lines = await keptLines(lessons.taught, rows, readWholeGraph(current), tidewatch.heads, pad_token_id);
  writeFileSync(join(work, `${KEPT}.jsonl`), `${lines.join('\n')}\n`);
}

/** The current model's folder laid out as a base, the lessons and the replayed rows as sets. */
function recipeOf(options: FineTuneOptions): Recipe {
  const { current, work } = options;
  const base = join(work, 'base');
  mkdirSync(base, { recursive: true });
  const config = readConfig(current);
  writeFileSync(join(base, 'config.json'), readFileSync(join(current, 'config.json')));
  copyFileSync(join(current, 'tokenizer.json'), join(base, 'tokenizer.json'));
  writeSafetensors(join(base, 'model.safetensors'), readOnnxWeights(readWholeGraph(current)));
  const file = join(work, `${FEEDBACK}.jsonl`);
  writeFileSync(file, `${evened(options.lessons.taught).map(lineOf).join('\n')}\n`);
  const replayed = drawReplay({
    data: options.data,
    corpus: options.corpus,
    sets: trainedSets(current),
    rows: Math.max(LEAST_REPLAY, Math.round(options.replay * options.lessons.taught.length)),
    seed: options.seed,
    folder: join(work, 'replay'),
    log: options.log,
  });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, index) => index);
  const adapted = options.method === 'heads' ? 0 : Math.min(ADAPTED_LAYERS, layers.length);
  const recipe = {
    name: config.tidewatch.name,
    version: options.version,
    backend: options.backend,
    base,
    data: resolve(options.data),
    corpus: resolve(options.corpus),
    checkpoints: work,
    output: options.output,
    start: resolve(current),
    seed: options.seed,
    layers,
    frozen_layers: layers.length - adapted,
    halve_before: config.halve_before,
    method:
      options.method === 'heads'
        ? { kind: 'full' }
        : { kind: 'lora', rank: 8, alpha: 16, targets: ['query', 'value', 'intermediate', 'output'] },
    max_tokens: 96,
    batch_rows: 32,
    learning_rate: 1e-3,
    head_learning_rate: options.method === 'heads' ? 2e-3 : 1e-3,
    weight_decay: 0.01,
    warmup: 0.05,
    dropout: 0.1,
    label_smoothing: 0.05,
    clip_norm: 1,
    max_minutes: options.minutes,
    checkpoint_minutes: 1,
    evaluate_minutes: 1e6,
    notes: [
      `Fine-tuned from ${config.tidewatch.name} on ${options.lessons.taught.length} documents that analysts labelled (${options.method}), old lessons replayed.`,
    ],
    sets: {
      ...replayed,
      [FEEDBACK]: { rate: LESSON_RATE, files: [file] },
      [KEPT]: { rate: 1, files: [join(work, `${KEPT}.jsonl`)] },
    },
  };
  return parseRecipe(recipe, 'fine-tuning');
}
