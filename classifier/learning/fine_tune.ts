/**
 * From corrections to a candidate: the current model's own folder is all that it starts from (its int8 bytes as floats, as
 * import_onnx.ts reads them), so nobody needs the base model or the machine that it was made on. The layers below are
 * frozen and their output is kept, one computation a text; what is trained is a low-rank addition to the upper layers (LoRA)
 * or the heads alone. Minutes on two cores. Old lessons are replayed beside the new ones (replay.ts).
 *
 * The early exit of a model that has one is not carried over: its limits were chosen on what the old model says.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { loadArtifact } from '../artifact.ts';
import { SAMPLE } from '../train/assess.ts';
import { type Calibration, fitHeads } from '../train/calibration.ts';
import { createEncoder, readDevelopment, readRows, readTraining, type Row, sampleTraining } from '../train/data.ts';
import { activationsOf, graphsOf, readTrained, SERVED_TOKENS, writeArtifact } from '../train/export.ts';
import { readOnnxWeights } from '../train/import_onnx.ts';
import { readWholeGraph } from '../train/join.ts';
import type { HeadShape } from '../train/model.ts';
import { progressLine } from '../train/progress.ts';
import { PLAIN_SET, type Recipe, recipeSchema } from '../train/recipe.ts';
import { writeSafetensors } from '../train/safetensors.ts';
import { openServed } from '../train/served.ts';
import { createStudent } from '../train/student.ts';
import { loadTensorflow, type TensorflowBackend } from '../train/tensorflow.ts';
import { train } from '../train/train.ts';
import { carryEmbedding, keepReference } from './carry_over.ts';
import { judge, type GateRules, GATE, type Verdict } from './gate.ts';
import { keptLines } from './kept_answers.ts';
import { evened, type Lessons, lineOf } from './lesson.ts';
import { type Answered, outcomesOf } from './outcomes.ts';
import { drawReplay } from './replay.ts';

export interface FineTuneOptions {
  /** Folder of the model that labels now. */
  readonly current: string;
  readonly lessons: Lessons;
  /** Folder with train/ and dev/ of public data. */
  readonly data: string;
  /** Folder of our own sentences; left out where it is not there. */
  readonly corpus: string;
  /** Scratch: base, drawn lines, checkpoint. Whoever calls removes it; a killed run goes on from it. */
  readonly work: string;
  /** Where the candidate goes. */
  readonly output: string;
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
  /** Rows of each public development set that the two models are compared on. */
  readonly devRows: number;
  readonly rules?: GateRules;
  log(line: string): void;
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
const FEEDBACK = 'feedback';
const KEPT = 'kept';

const configSchema = z.looseObject({
  num_hidden_layers: z.int().min(1),
  pad_token_id: z.int().min(0),
  tidewatch: z.looseObject({
    name: z.string(),
    heads: z.array(
      z.looseObject({
        name: z.string(),
        labels: z.array(z.string()),
        temperature: z.number(),
        thresholds: z.array(z.number()).optional(),
      }),
    ),
  }),
});

/**
 * Trains, exports to `output` and compares with the current model. The candidate is there afterwards whatever the verdict.
 * @throws TidewatchError library.missing without a TensorFlow.js, input.invalid without anything to learn or to replay
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
  });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, index) => index);
  const adapted = options.method === 'heads' ? 0 : Math.min(ADAPTED_LAYERS, layers.length);
  return recipeSchema.parse({
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
  });
}

function readConfig(folder: string): z.output<typeof configSchema> {
  const parsed = configSchema.safeParse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new TidewatchError('model.missing', `${folder} holds no model: ${z.prettifyError(parsed.error)}`);
}

/** The sets that the model was trained on, by its training.json; none where it does not say. */
function trainedSets(folder: string): Recipe['sets'] {
  const path = join(folder, 'training.json');
  if (!existsSync(path)) return {};
  const found = z
    .object({ recipe: z.object({ sets: recipeSchema.shape.sets }) })
    .safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!found.success) return {};
  // Where its data lay is another machine's business, and what people taught it before is among the lessons again.
  const sets = Object.entries(found.data.recipe.sets).filter(([set]) => set !== FEEDBACK && set !== KEPT);
  return Object.fromEntries(
    sets.map(([set, settings]) => {
      const { files: _files, dev: _dev, ...rest } = settings;
      return [set, { ...rest, rate: rest.rate === 0 ? 1 : rest.rate }] as const;
    }),
  );
}

/** Writes the candidate, calibrated on development rows, and asks it and the current model the same questions. */
async function compareAndWrite(recipe: Recipe, options: FineTuneOptions): Promise<Verdict> {
  const { log } = options;
  const { student: trained, weights, step, minutes } = readTrained(recipe);
  // A head that the current model does not have was never more than noise.
  const known = currentCalibration(options.current);
  const student = { ...trained, heads: trained.heads.filter(({ name }) => known[name] !== undefined) };
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), SERVED_TOKENS);
  const published = developmentRows(recipe, options, encode);
  const heldOut = heldOutRows(options, encode);
  const rows = [...published, ...heldOut];
  log(
    `${published.length} public development rows and ${heldOut.length} of held-out feedback are asked of both models`,
  );
  const asked = async (graphs: Uint8Array[]): Promise<Record<string, number[][]>> => {
    const served = await openServed(graphs, student.shape.pad_token_id, availableParallelism());
    try {
      return await served.predict(rows);
    } finally {
      await served.close();
    }
  };
  const before = await asked([readWholeGraph(options.current)]);
  log('the current model has answered');
  const activations = await activationsOf(student, weights, recipe, sampleTraining(recipe, encode, SAMPLE));
  const graphs = graphsOf(student, weights, recipe, activations);
  const after = await asked(graphs);
  log('the candidate has answered');
  const fitted = calibrate(student.heads, published, after, known);
  const facts = { steps: step, minutes, machine: machine(), notes: recipe.notes, compression: { float: {} } };
  rmSync(options.output, { recursive: true, force: true });
  writeArtifact(options.output, recipe, student, graphs, { heads: fitted, exitThreshold: {} }, facts);
  carryEmbedding(options.current, options.output);
  const { heads, model } = await loadArtifact(options.output);
  keepReference(options.output, model, heads, published, after);
  const current: Answered = { logits: before, calibration: known };
  const outcomes = outcomesOf(student.heads, rows, current, { logits: after, calibration: fitted });
  const isFeedback = ({ set }: { set: string }): boolean => set === FEEDBACK;
  return judge(
    outcomes.filter(isFeedback),
    outcomes.filter((one) => !isFeedback(one)),
    options.rules ?? GATE,
  );
}

type Encode = ReturnType<typeof createEncoder>;

/** Of each set at most `devRows`, without texts that people labelled: those are feedback, not the public. */
function developmentRows(recipe: Recipe, { lessons, devRows }: FineTuneOptions, encode: Encode): Row[] {
  const taught = new Set([...lessons.taught, ...lessons.heldOut].map(({ text }) => encode(text).join(' ')));
  const sets = Object.keys(recipe.sets).filter((set) => set !== FEEDBACK && set !== KEPT);
  return readDevelopment(recipe, encode, sets, devRows).filter(({ ids }) => !taught.has(ids.join(' ')));
}

function heldOutRows({ lessons, work }: FineTuneOptions, encode: Encode): Row[] {
  const file = join(work, 'held_out.jsonl');
  writeFileSync(file, lessons.heldOut.map((lesson) => `${lineOf({ ...lesson, weight: 1 })}\n`).join(''));
  return readRows(file, FEEDBACK, encode, PLAIN_SET).rows;
}

function currentCalibration(folder: string): Calibration['heads'] {
  return Object.fromEntries(
    readConfig(folder).tidewatch.heads.map(({ name, temperature, thresholds }) => [
      name,
      { temperature, ...(thresholds !== undefined && { thresholds }) },
    ]),
  );
}

/** Fitted where development rows have labels for the head; else as the current model has it. */
function calibrate(
  heads: readonly HeadShape[],
  rows: readonly Row[],
  logits: Record<string, number[][]>,
  known: Calibration['heads'],
): Calibration['heads'] {
  const spoken = new Set(rows.flatMap(({ targets }) => Object.keys(targets)));
  const fitted = fitHeads(heads, rows, logits);
  return Object.fromEntries(
    heads.map(({ name }) => [name, (spoken.has(name) ? fitted[name] : known[name]) ?? { temperature: 1 }]),
  );
}

function machine(): string {
  const cores = cpus();
  return `${cores.length} cores of ${cores[0]?.model ?? 'an unknown processor'}`;
}
