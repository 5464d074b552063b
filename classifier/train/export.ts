/**
 * From trained weights to the folder that is served: config.json, tokenizer.json, onnx/model_quantized.onnx and
 * SHA256SUMS over all of them. The layout is the one that Hugging Face tools know, so the folder opens elsewhere too; our
 * own part of config.json sits under "tidewatch".
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildGraph } from './artifact_graph.ts';
import { readCheckpoint, type TrainState } from './checkpoint.ts';
import { HEADS, type HeadName } from './labels.ts';
import { encodeModel } from './onnx_format.ts';
import type { Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { createStudent, type Student } from './student.ts';
import { checkpointPath } from './train.ts';

/** Longest text that the artifact is served with; training may cut earlier, positions up to here keep the base's values. */
export const SERVED_TOKENS = 128;

export const ARTIFACT_FILES = ['config.json', 'tokenizer.json', 'onnx/model_quantized.onnx', 'MODEL_CARD.md'] as const;

/** The student with the weights of the recipe's checkpoint, or as initialised where there is none yet. */
export function readTrained(
  recipe: Recipe,
  path = checkpointPath(recipe),
): {
  student: Student;
  weights: Weights;
  step: number;
  minutes: number;
  before: { step: number; minutes: number } | null;
} {
  const student = createStudent(recipe); // with the start's weights, where the recipe names one
  const state = readCheckpoint(path);
  const share = recipe.stage_share;
  const weights: Weights = new Map();
  for (const [name, { shape, data: started }] of student.weights) {
    const ended = state?.weights.get(name);
    const data = ended?.map((value, index) => share * value + (1 - share) * (started[index] as number)) ?? started;
    weights.set(name, { shape, data });
  }
  const spent = (of: TrainState | null) => ({
    step: of?.progress.step ?? 0,
    minutes: (of?.progress.elapsedMs ?? 0) / 60_000,
  });
  const before = recipe.start === undefined ? null : spent(readCheckpoint(recipe.start));
  return { student, weights, ...spent(state), before };
}

export interface ArtifactOptions {
  temperatures?: Partial<Record<HeadName, number>>;
}

export function writeArtifact(
  folder: string,
  recipe: Recipe,
  student: Student,
  weights: Weights,
  options: ArtifactOptions = {},
): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const base = JSON.parse(readFileSync(join(recipe.base, 'config.json'), 'utf8')) as Record<string, unknown>;
  delete base['torch_dtype'];
  const config = {
    ...base,
    num_hidden_layers: student.shape.num_hidden_layers,
    tidewatch: {
      name: recipe.name,
      version: recipe.version,
      max_length: SERVED_TOKENS,
      heads: HEADS.map(({ name, labels }) => ({
        name,
        kind: 'softmax',
        labels,
        temperature: round(options.temperatures?.[name] ?? 1),
      })),
    },
  };
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  writeFileSync(join(folder, 'tokenizer.json'), readFileSync(join(recipe.base, 'tokenizer.json')));
  const producer = { name: recipe.name, version: recipe.version };
  const model = buildGraph(student.shape, HEADS, weights, { precision: 'int8', producer });
  writeFileSync(join(folder, 'onnx', 'model_quantized.onnx'), encodeModel(model));
  writeChecksums(folder);
}

/** To be called again after any file of the folder changed. */
export function writeChecksums(folder: string): void {
  const lines = ARTIFACT_FILES.filter((file) => existsSync(join(folder, file))).map(
    (file) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex')}  ${file}`,
  );
  writeFileSync(join(folder, 'SHA256SUMS'), `${lines.join('\n')}\n`);
}

function round(temperature: number): number {
  return Math.round(temperature * 1000) / 1000;
}
