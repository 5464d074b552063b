/**
 * Measures a finished artifact as it will be served (int8, ONNX Runtime, 128 tokens): all development sets, PhraseBank's
 * as a transfer test (it is never trained on), and the corpus' own held-out sentences. Also fits the temperatures.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildGraph } from './artifact_graph.ts';
import { createEncoder, readDevelopment, readRows, type Row } from './data.ts';
import { fitTemperature, type Report, report } from './evaluate.ts';
import { SERVED_TOKENS } from './export.ts';
import { HEADS, type HeadName } from './labels.ts';
import { encodeModel } from './onnx_format.ts';
import { PLAIN_SET, type Recipe } from './recipe.ts';
import type { Weights } from './safetensors.ts';
import { openServed } from './served.ts';
import type { Student } from './student.ts';

export const DEVELOPMENT_SETS = [
  'tfns',
  'tfn_topic',
  'finfe',
  'xueqiu_titles',
  'sentfin',
  'finentity',
  'stockemotions',
  'finnsp',
] as const;

export interface Assessment {
  served: Report[];
  /** The same rows through the float graph, to see what int8 costs. */
  float: Report[];
  held: Report[];
  temperatures: Record<HeadName, number>;
  examplesPerSecond: number;
  tokensPerExample: number;
}

export async function assess(
  recipe: Recipe,
  student: Student,
  weights: Weights,
  log: (line: string) => void,
): Promise<Assessment> {
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), SERVED_TOKENS);
  const development = readDevelopment(recipe, encode, DEVELOPMENT_SETS);
  const held = [...readPhraseBank(recipe, encode), ...readHeldOut(recipe, encode)];
  const rows = [...development, ...held];
  const padId = student.shape.pad_token_id;

  const served = await openServed(join(recipe.output, 'onnx', 'model_quantized.onnx'), padId);
  const started = performance.now();
  const logits = await served.predict(rows);
  const seconds = (performance.now() - started) / 1000;
  await served.close();
  log(`${rows.length} rows in ${seconds.toFixed(0)} s`);

  const graph = encodeModel(buildGraph(student.shape, HEADS, weights, { precision: 'float', producer: recipe }));
  const float = await openServed(graph, padId);
  const floatLogits = await float.predict(development);
  await float.close();

  const temperatures = Object.fromEntries(
    HEADS.map(({ name }) => [name, fitTemperature(development, logits[name], name)]),
  ) as Record<HeadName, number>;
  const slice = (from: number, to: number) =>
    Object.fromEntries(HEADS.map(({ name }) => [name, logits[name].slice(from, to)]));
  return {
    served: report(development, slice(0, development.length), temperatures),
    float: report(development, floatLogits, temperatures),
    held: report(held, slice(development.length, rows.length), temperatures),
    temperatures,
    examplesPerSecond: rows.length / seconds,
    tokensPerExample: rows.reduce((sum, row) => sum + row.ids.length, 0) / rows.length,
  };
}

function readPhraseBank(recipe: Recipe, encode: (text: string) => Int32Array): Row[] {
  const path = join(recipe.data, 'noncommercial', 'fpb.dev.jsonl');
  return existsSync(path) ? readRows(path, 'fpb', encode, PLAIN_SET).rows : [];
}

/** Sentences written for this project and never trained on. */
export function readHeldOut(recipe: Recipe, encode: (text: string) => Int32Array): Row[] {
  const path = join(recipe.corpus, 'test.jsonl');
  return existsSync(path) ? readRows(path, 'corpus_test', encode, PLAIN_SET).rows : [];
}
