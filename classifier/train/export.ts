/**
 * From trained weights to the folder that is served: config.json, tokenizer.json, the ONNX graph (two where the model has
 * an exit: lower and upper) and SHA256SUMS over all of them. The layout is the one that Hugging Face tools know; our own part
 * of config.json sits under "tidewatch": for each head its kind, labels, temperature and thresholds, and of the exit the
 * same and how sure it must be (classifier/artifact.ts reads it).
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { writeChecksums } from '../checksums.ts';
import { type Activations, measureActivations } from './activations.ts';
import { buildGraph, partsOf } from './artifact_graph.ts';
import type { Calibration } from './calibration.ts';
import { checkpointPath, finalWeights, readCheckpoint, refuseOtherForm, type TrainState } from './checkpoint.ts';
import { GRAPHS } from './join.ts';
import { NO_EVENT } from './labels.ts';
import { mergeLora } from './lora.ts';
import type { Network } from './model.ts';
import { encodeModel } from './onnx_format.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { createStudent, type Student } from './student.ts';

/** Longest text that the artifact is served with; training may cut earlier, positions up to here keep the base's values. */
export const SERVED_TOKENS = 128;

/** What only the training knows and the card is to say; `tidewatch evaluate` reads it from training.json. */
export interface TrainingFacts {
  steps: number;
  minutes: number;
  machine: string;
  notes: readonly string[];
  /** Accuracy of the float model on development sets, by "set/task". */
  compression: { float: Record<string, number> };
}

/**
 * The student with the weights that the recipe's checkpoint would be exported with, or as it starts where there is none yet;
 * without heads that nothing was learnt for, here or by what it starts from, save the two that every model has.
 * @throws TidewatchError model.missing with neither a checkpoint nor a start, config.invalid for another recipe's checkpoint
 */
export function readTrained(recipe: Recipe): { student: Student; weights: Weights; step: number; minutes: number } {
  const path = checkpointPath(recipe);
  const state = readCheckpoint(path);
  if (state === null && recipe.start === undefined) {
    throw new TidewatchError('model.missing', `There is no checkpoint at ${path}: nothing was trained yet`, {
      hint: 'Train first, by the same recipe (and --seed) without --export-only; or look whether its checkpoints names another folder.',
    });
  }
  const student = createStudent(recipe);
  const weights: Weights = new Map(student.weights);
  // Of an exit that the recipe has no more, the heads are left out; whatever else has no place here would be lost unsaid.
  const learnt = [...(state === null ? [] : finalWeights(state))].filter(
    ([name]) => student.weights.has(name) || !name.startsWith('heads.'),
  );
  refuseOtherForm(path, new Map(learnt), student.weights, []);
  for (const [name, data] of learnt)
    weights.set(name, { shape: student.weights.get(name)?.shape ?? [data.length], data });
  const { step = 0, elapsedMs = 0 } = state?.progress ?? {};
  const heads = student.heads.filter((head) => {
    const name = head.target ?? head.name;
    const isKept = name === 'sentiment' || name === 'topic' || hasLearnt(state, head.name);
    return isKept || student.started.has(`heads.${head.name}.bias`);
  });
  return { student: { ...student, heads }, weights: mergeLora(weights), step, minutes: elapsedMs / 60_000 };
}

/** Whether any row spoke to a head: else its moments are zero still, and what it would say is noise. */
function hasLearnt(state: TrainState | null, head: string): boolean {
  return state?.moments.get(`heads.${head}.bias`)?.second.some((moment) => moment > 0) ?? false;
}

/** The graphs of a model: one, or below and above the exit. Float without activations, else int8. */
export function graphsOf(
  student: Network,
  weights: Weights,
  recipe: Pick<Recipe, 'name' | 'version'>,
  activations: Activations | null,
): Uint8Array[] {
  const producer = { name: recipe.name, version: recipe.version };
  return partsOf(student).map((part) =>
    encodeModel(buildGraph(student.shape, part, weights, { activations, producer })),
  );
}

/** How texts like the sample fill the inputs of the model's products; of all layers, whether or not there is an exit. */
export function activationsOf(
  student: Student,
  weights: Weights,
  recipe: Pick<Recipe, 'name' | 'version'>,
  sample: readonly { ids: Int32Array }[],
): Promise<Activations> {
  const [whole = new Uint8Array()] = graphsOf({ ...student, heads: [], exitAfter: null }, weights, recipe, null);
  return measureActivations(whole, sample, student.shape.pad_token_id, weights);
}

/** Writes all but the figures and the card, which `tidewatch evaluate --write` adds. */
export function writeArtifact(
  folder: string,
  recipe: Recipe,
  student: Student,
  graphs: readonly Uint8Array[],
  calibration: Calibration,
  facts: TrainingFacts,
): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const base = JSON.parse(readFileSync(join(recipe.base, 'config.json'), 'utf8')) as Record<string, unknown>;
  delete base['torch_dtype'];
  const heads = student.heads.filter(({ target }) => target === undefined);
  const fitted = (name: string): { temperature: number; thresholds?: number[] } => {
    const { temperature = 1, thresholds } = calibration.heads[name] ?? {};
    return { temperature: round(temperature), ...(thresholds === undefined ? {} : { thresholds }) };
  };
  const exits = student.heads.flatMap(({ name, target }) =>
    target === undefined ? [] : [{ name, head: target, ...fitted(name) }],
  );
  const { num_hidden_layers, intermediate_size, hidden_act, halve_before } = student.shape;
  const config = {
    ...base,
    num_hidden_layers,
    intermediate_size,
    hidden_act,
    halve_before,
    tidewatch: {
      name: recipe.name,
      version: recipe.version,
      max_length: SERVED_TOKENS,
      heads: heads.map(({ name, kind, labels }) => ({
        name,
        kind,
        labels,
        ...fitted(name),
        ...(name === 'event' ? { none: NO_EVENT } : {}),
      })),
      ...(student.exitAfter === null
        ? {}
        : { exit: { after: student.exitAfter, heads: exits, threshold: calibration.exitThreshold } }),
    },
  };
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  writeFileSync(join(folder, 'tokenizer.json'), readFileSync(join(recipe.base, 'tokenizer.json')));
  for (const file of Object.values(GRAPHS)) rmSync(join(folder, file), { force: true });
  const names = graphs.length === 1 ? [GRAPHS.whole] : [GRAPHS.lower, GRAPHS.upper];
  for (const [index, name] of names.entries()) writeFileSync(join(folder, name), graphs[index] ?? new Uint8Array());
  writeFileSync(join(folder, 'training.json'), `${JSON.stringify({ recipe, ...facts }, null, 2)}\n`);
  for (const file of STALE) rmSync(join(folder, file), { force: true });
  writeChecksums(folder);
}

/** Figures of the model that stood here before. */
const STALE = ['evaluation.json', 'MODEL_CARD.md'];

function round(temperature: number): number {
  return Math.round(temperature * 1000) / 1000;
}
