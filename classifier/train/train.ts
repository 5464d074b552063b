/**
 * The training loop: batches in, AdamW on the upper layers and the heads, a checkpoint every few minutes. The schedule
 * follows whichever is nearer its end, time or steps, so a run on a busy machine still finishes its cosine in time.
 * Killed at any point, it resumes with the same weights that it would have had (test/classifier/train/resume.test.ts).
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readCheckpoint, type TrainState, writeCheckpoint } from './checkpoint.ts';
import { epochBatches, type Row } from './data.ts';
import { emptyMoments } from './optimizer.ts';
import type { Recipe } from './recipe.ts';
import { createRun, type Predict, type StepLoss } from './run.ts';
import type { Weights } from './safetensors.ts';
import type { Student } from './student.ts';
import type { Tensorflow } from './tensorflow.ts';

export interface TrainOptions {
  log: (line: string) => void;
  /** Called every `evaluate_minutes` with the present model. */
  onEvaluate?: (predict: Predict) => void;
  /** Stops after this many steps of this call, as a crash would: without a last checkpoint. For tests. */
  interruptAfter?: number;
  checkpointEverySteps?: number;
  now?: () => number;
}

export function checkpointPath(recipe: Recipe): string {
  return join(recipe.checkpoints, `${recipe.name}.safetensors`);
}

/** Trains (or goes on training) and returns all weights, frozen ones included. */
export function train(
  tf: Tensorflow,
  recipe: Recipe,
  student: Student,
  rows: readonly Row[],
  options: TrainOptions,
): Weights {
  const now = options.now ?? (() => performance.now());
  const fingerprint = fingerprintOf(recipe, rows);
  const state = restore(recipe, student, fingerprint, options.log);
  const run = createRun(tf, recipe, student, state);
  const { progress } = state;
  let last = now();
  let sinceCheckpoint = 0;
  let sinceEvaluate = 0;
  let sinceLog = emptySince();
  const share = (): number =>
    Math.max(
      progress.elapsedMs / 60_000 / (recipe.max_minutes ?? Infinity),
      progress.step / (recipe.max_steps ?? Infinity),
    );
  options.log(`${rows.length} rows, ${student.trained.length} trained weights, starts at step ${progress.step}`);

  for (let done = 0; share() < 1;) {
    const batches = epochBatches(rows, recipe.batch_rows, recipe.seed, progress.epoch);
    while (progress.position < batches.length && share() < 1) {
      const chosen = (batches[progress.position] ?? []).map((index) => rows[index] as Row);
      progress.step += 1;
      const loss = run.step(chosen, share());
      if (share() >= recipe.average_from && progress.step % AVERAGE_EVERY === 0) addToAverage(state);
      progress.position += 1;
      done += 1;
      const spent = now() - last;
      last += spent;
      progress.elapsedMs += spent;
      sinceCheckpoint += spent;
      sinceEvaluate += spent;
      addSince(sinceLog, loss, chosen.length, spent);
      if (sinceLog.ms >= 15_000) {
        options.log(progressLine(state, batches.length, share(), sinceLog));
        sinceLog = emptySince();
      }
      const everySteps = options.checkpointEverySteps;
      if (
        everySteps === undefined
          ? sinceCheckpoint >= recipe.checkpoint_minutes * 60_000
          : progress.step % everySteps === 0
      ) {
        writeCheckpoint(checkpointPath(recipe), student.weights, state);
        sinceCheckpoint = 0;
      }
      if (sinceEvaluate >= recipe.evaluate_minutes * 60_000) {
        options.onEvaluate?.(run.predict);
        sinceEvaluate = 0;
      }
      if (options.interruptAfter !== undefined && done >= options.interruptAfter) return run.weights();
    }
    if (progress.position >= batches.length) {
      progress.epoch += 1;
      progress.position = 0;
    }
  }
  writeCheckpoint(checkpointPath(recipe), student.weights, state);
  options.onEvaluate?.(run.predict);
  return run.weights();
}

const AVERAGE_EVERY = 20;

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

function restore(recipe: Recipe, student: Student, fingerprint: string, log: (line: string) => void): TrainState {
  const stored = readCheckpoint(checkpointPath(recipe));
  if (stored !== null) {
    if (stored.progress.fingerprint !== fingerprint) {
      log(
        'The data or the recipe changed since the checkpoint: its weights are kept, the order of rows starts a new epoch.',
      );
      stored.progress = { ...stored.progress, epoch: stored.progress.epoch + 1, position: 0, fingerprint };
    }
    return stored;
  }
  const weights = new Map(
    student.trained.map((name) => [name, student.weights.get(name)?.data.slice() ?? new Float32Array()]),
  );
  return {
    weights,
    moments: new Map([...weights].map(([name, data]) => [name, emptyMoments(data.length)])),
    averages: new Map(),
    progress: { step: 0, epoch: 0, position: 0, elapsedMs: 0, fingerprint, averaged: 0 },
  };
}

function fingerprintOf(recipe: Recipe, rows: readonly Row[]): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe.seed, recipe.batch_rows]));
  for (const row of rows) hash.update(`${row.id} ${row.rate}\n`);
  return hash.digest('hex').slice(0, 16);
}

interface Since {
  loss: number;
  rows: number;
  steps: number;
  ms: number;
  heads: Map<string, { sum: number; count: number }>;
}

function emptySince(): Since {
  return { loss: 0, rows: 0, steps: 0, ms: 0, heads: new Map() };
}

function addSince(since: Since, loss: StepLoss, rows: number, ms: number): void {
  since.loss += loss.total;
  since.rows += rows;
  since.steps += 1;
  since.ms += ms;
  for (const [name, value] of Object.entries(loss.byHead)) {
    const { sum, count } = since.heads.get(name) ?? { sum: 0, count: 0 };
    since.heads.set(name, { sum: sum + value, count: count + 1 });
  }
}

function progressLine(state: TrainState, batches: number, share: number, since: Since): string {
  const { step, epoch, position, elapsedMs } = state.progress;
  const left = share === 0 ? 0 : (elapsedMs / share) * (1 - share);
  return [
    `step ${step}`,
    `epoch ${(epoch + position / batches).toFixed(2)}`,
    `loss ${(since.loss / since.steps).toFixed(4)}`,
    `(${[...since.heads].map(([name, { sum, count }]) => `${name} ${(sum / count).toFixed(3)}`).join(', ')})`,
    `${((since.rows / since.ms) * 1000).toFixed(1)} examples/s`,
    `${(left / 60_000).toFixed(1)} min left`,
  ].join('  ');
}
