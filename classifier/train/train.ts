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
import { createRun, type Predict } from './run.ts';
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
  let sinceLog = { loss: 0, rows: 0, steps: 0, ms: 0 };
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
      progress.position += 1;
      done += 1;
      const spent = now() - last;
      last += spent;
      progress.elapsedMs += spent;
      sinceCheckpoint += spent;
      sinceEvaluate += spent;
      sinceLog = {
        loss: sinceLog.loss + loss,
        rows: sinceLog.rows + chosen.length,
        steps: sinceLog.steps + 1,
        ms: sinceLog.ms + spent,
      };
      if (sinceLog.ms >= 15_000) {
        options.log(progressLine(state, batches.length, share(), sinceLog));
        sinceLog = { loss: 0, rows: 0, steps: 0, ms: 0 };
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
    progress: { step: 0, epoch: 0, position: 0, elapsedMs: 0, fingerprint },
  };
}

function fingerprintOf(recipe: Recipe, rows: readonly Row[]): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe.seed, recipe.batch_rows]));
  for (const row of rows) hash.update(`${row.id} ${row.rate}\n`);
  return hash.digest('hex').slice(0, 16);
}

function progressLine(
  state: TrainState,
  batches: number,
  share: number,
  since: { loss: number; rows: number; steps: number; ms: number },
): string {
  const { step, epoch, position, elapsedMs } = state.progress;
  const left = share === 0 ? 0 : (elapsedMs / share) * (1 - share);
  return [
    `step ${step}`,
    `epoch ${(epoch + position / batches).toFixed(2)}`,
    `loss ${(since.loss / since.steps).toFixed(4)}`,
    `${((since.rows / since.ms) * 1000).toFixed(1)} examples/s`,
    `${(left / 60_000).toFixed(1)} min left`,
  ].join('  ');
}
