/**
 * The training loop: batches in, AdamW on what the recipe trains, a checkpoint every few minutes. The schedule follows
 * whichever is nearer its end, time or steps, so a run on a busy machine still finishes its cosine in time. Killed at any
 * point, it resumes with the same weights that it would have had (test/classifier/train/resume.test.ts, kill.test.ts).
 */
import { createHash } from 'node:crypto';
import { TidewatchError } from '../../core/errors.ts';
import { epochBatches } from './batches.ts';
import {
  checkpointPath,
  emptyState,
  readCheckpoint,
  refuseOtherForm,
  type TrainState,
  writeCheckpoint,
} from './checkpoint.ts';
import type { Row } from './data.ts';
import { ProgressMeter, type ProgressReport } from './progress.ts';
import type { Recipe } from './recipe.ts';
import { createRun, type Predict } from './run.ts';
import type { Weights } from './safetensors.ts';
import type { Student } from './student.ts';
import type { Teaching } from './teacher.ts';
import type { Tensorflow } from './tensorflow.ts';

export interface TrainOptions {
  log: (line: string) => void;
  onProgress?: (report: ProgressReport) => void;
  /** Called every `evaluate_minutes` and at the end; answers how good the present model is, to stop early by. */
  onEvaluate?: (predict: Predict, step: number) => Promise<number>;
  teaching?: Teaching;
  /** Stops after this many steps of this call, as a crash would: without a last checkpoint. For tests. */
  interruptAfter?: number;
  /** Counts steps in place of `checkpoint_minutes`. For tests. */
  checkpointEverySteps?: number;
  now?: () => number;
}

const REPORT_MS = 15_000;
const AVERAGE_EVERY = 20;

/**
 * Trains (or goes on training) and returns all weights, frozen ones included.
 * @throws TidewatchError input.invalid where no row is ever drawn or the run diverges, config.invalid for another recipe's checkpoint
 */
export async function train(
  tf: Tensorflow,
  recipe: Recipe,
  student: Student,
  rows: readonly Row[],
  options: TrainOptions,
): Promise<Weights> {
  const now = options.now ?? (() => performance.now());
  if (rows.every(({ rate }) => rate === 0)) {
    throw new TidewatchError(
      'input.invalid',
      `${recipe.name}: every row has the rate 0, so there is nothing to train on`,
      {
        hint: 'Give at least one of the sets in the recipe a rate (or an entities_rate) above 0.',
      },
    );
  }
  const fingerprint = fingerprintOf(recipe, rows);
  const state = restore(recipe, student, fingerprint, options.log);
  const path = checkpointPath(recipe);
  const save = (): void => {
    if (![...state.weights.values()].every(isSound)) throw diverged(path, state.progress.step);
    writeCheckpoint(path, student.weights, state);
  };
  const run = createRun(tf, recipe, student, state, options.teaching ?? null);
  const { progress } = state;
  const meter = new ProgressMeter();
  const share = (): number =>
    Math.max(
      progress.elapsedMs / 60_000 / (recipe.max_minutes ?? Infinity),
      progress.step / (recipe.max_steps ?? Infinity),
    );
  const patience = recipe.early_stopping?.patience ?? Infinity;
  const isOver = (): boolean => share() >= 1 || (progress.best?.since ?? 0) >= patience;
  const evaluate = async (): Promise<void> => {
    if (options.onEvaluate === undefined) return;
    keepBest(state, await options.onEvaluate(run.predict, progress.step), patience < Infinity);
  };
  options.log(`${rows.length} rows, ${student.trained.length} trained weights, starts at step ${progress.step}`);
  if (isOver()) options.log(`${path} is at its end: nothing more is learnt. Remove it to train anew.`);
  let last = now();
  let batchCount = 1;

  for (let done = 0; !isOver();) {
    const batches = epochBatches(rows, recipe.batch_rows, recipe.seed, progress.epoch);
    batchCount = batches.length;
    while (progress.position < batches.length && !isOver()) {
      const chosen = (batches[progress.position] ?? []).map((index) => rows[index] as Row);
      progress.step += 1;
      const loss = await run.step(chosen, share());
      // Before anything of it is kept: a checkpoint of such weights would take the place of a good one.
      if (!Number.isFinite(loss.total)) throw diverged(path, progress.step);
      if (share() >= recipe.average_from && progress.step % AVERAGE_EVERY === 0) addToAverage(state);
      progress.position += 1;
      done += 1;
      const before = progress.elapsedMs;
      const spent = now() - last;
      last += spent;
      progress.elapsedMs += spent;
      meter.add(loss, chosen.length, spent);
      const report = meter.report(REPORT_MS, progress, batches.length, share(), recipe.learning_rate);
      if (report !== null) options.onProgress?.(report);
      const passed = (minutes: number): boolean =>
        minutes > 0 && Math.floor(progress.elapsedMs / minutes / 60_000) > Math.floor(before / minutes / 60_000);
      if (passed(recipe.evaluate_minutes)) await evaluate();
      const every = options.checkpointEverySteps;
      if (every === undefined ? passed(recipe.checkpoint_minutes) : progress.step % every === 0) save();
      if (options.interruptAfter !== undefined && done >= options.interruptAfter) return run.weights();
    }
    if (progress.position >= batches.length) {
      progress.epoch += 1;
      progress.position = 0;
    }
  }
  const rest = meter.report(0, progress, batchCount, 1, recipe.learning_rate);
  if (rest !== null) {
    options.onProgress?.(rest);
    await evaluate();
  }
  save();
  const weights = run.weights();
  run.dispose();
  return weights;
}

/** A plain running mean: the learning rate is small by then, so that all steps are near one minimum (Izmailov et al. 2018). */
function addToAverage({ weights, averages, progress }: TrainState): void {
  progress.averaged += 1;
  for (const [name, data] of weights) {
    const mean = averages.get(name);
    if (mean === undefined) averages.set(name, data.slice());
    else
      for (let i = 0; i < mean.length; i += 1)
        mean[i] = (mean[i] as number) + ((data[i] as number) - (mean[i] as number)) / progress.averaged;
  }
}

function keepBest({ weights, best, progress }: TrainState, score: number, keepsWeights: boolean): void {
  if (progress.best !== null && score <= progress.best.score) {
    progress.best.since += 1;
    return;
  }
  progress.best = { score, step: progress.step, since: 0 };
  if (keepsWeights) for (const [name, data] of weights) best.set(name, data.slice());
}

function isSound(numbers: Float32Array): boolean {
  return numbers.every(Number.isFinite);
}

function diverged(path: string, step: number): TidewatchError {
  return new TidewatchError('input.invalid', `Training diverged: at step ${step} the loss or a weight is no number`, {
    hint: `Nothing of it was kept: ${path} is as it was, where it is there, and the next start goes on from it. Lower learning_rate and head_learning_rate.`,
  });
}

function restore(recipe: Recipe, student: Student, fingerprint: string, log: (line: string) => void): TrainState {
  const path = checkpointPath(recipe);
  const stored = readCheckpoint(path);
  if (stored === null) {
    const named = student.trained.map((name) => [name, student.weights.get(name)?.data.slice()] as const);
    return emptyState(new Map(named.map(([name, data]) => [name, data ?? new Float32Array()])), fingerprint);
  }
  refuseOtherForm(path, stored.weights, student.weights, student.trained);
  if (stored.progress.fingerprint !== fingerprint) {
    log(
      'The data or the recipe changed since the checkpoint: its weights are kept, the order of rows starts a new epoch.',
    );
    stored.progress = { ...stored.progress, epoch: stored.progress.epoch + 1, position: 0, fingerprint };
  }
  return stored;
}

function fingerprintOf(recipe: Recipe, rows: readonly Row[]): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe.seed, recipe.batch_rows]));
  for (const { id, rate, targets } of rows) hash.update(`${id} ${rate} ${JSON.stringify(targets)}\n`);
  return hash.digest('hex').slice(0, 16);
}
