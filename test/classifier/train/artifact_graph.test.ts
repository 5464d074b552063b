import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildGraph } from '../../../classifier/train/artifact_graph.ts';
import { toBatch } from '../../../classifier/train/data.ts';
import { readOnnxWeights } from '../../../classifier/train/import_onnx.ts';
import { HEADS } from '../../../classifier/train/labels.ts';
import { forward, toTensors } from '../../../classifier/train/model.ts';
import { encodeModel } from '../../../classifier/train/onnx_format.ts';
import type { Weights } from '../../../classifier/train/safetensors.ts';
import { openServed } from '../../../classifier/train/served.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { TINY, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const tf = await loadTensorflow('cpu');
const student = tinyStudent(tinyRecipe(''));
const rows = tinyRows(9);
const producer = { name: 'tiny', version: '0' };

function reference(weights: Weights): Record<string, number[][]> {
  const logits = forward(tf, TINY, HEADS, toTensors(tf, weights), toBatch(rows, TINY.pad_token_id));
  return Object.fromEntries(Object.entries(logits).map(([name, tensor]) => [name, tensor.arraySync()]));
}

async function served(bytes: Uint8Array): Promise<Record<string, number[][]>> {
  const session = await openServed(bytes, TINY.pad_token_id);
  const logits = await session.predict(rows, rows.length);
  await session.close();
  return logits;
}

function largestDifference(a: Record<string, number[][]>, b: Record<string, number[][]>): number {
  const differences = HEADS.flatMap(({ name }) =>
    (a[name] ?? []).flatMap((row, i) => row.map((logit, j) => Math.abs(logit - (b[name]?.[i]?.[j] ?? NaN)))),
  );
  return Math.max(...differences);
}

test('the float graph gives the logits of the model that was trained', async () => {
  const graph = encodeModel(buildGraph(TINY, HEADS, student.weights, { precision: 'float', producer }));
  expect(largestDifference(await served(graph), reference(student.weights))).toBeLessThan(1e-4);
});

test('the int8 graph stays near it, and its weights can be read back', async () => {
  const bytes = encodeModel(buildGraph(TINY, HEADS, student.weights, { precision: 'int8', producer }));
  const logits = await served(bytes);
  expect(largestDifference(logits, reference(student.weights))).toBeLessThan(0.1);

  const path = join(mkdtempSync(join(tmpdir(), 'onnx-')), 'model.onnx');
  writeFileSync(path, bytes);
  const read = readOnnxWeights(path);
  for (const [name, { shape, data }] of student.weights) {
    if (name.includes('token_type') || name.includes('position')) continue;
    expect(read.get(name)?.shape, name).toEqual(shape);
    const worst = Math.max(...data.map((number, i) => Math.abs(number - (read.get(name)?.data[i] ?? NaN))));
    expect(worst, name).toBeLessThan(0.01);
  }
  expect(largestDifference(logits, reference(read))).toBeLessThan(0.1);
});
