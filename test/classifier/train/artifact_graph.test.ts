import { expect, test } from 'vitest';
import { toBatch } from '../../../classifier/train/batches.ts';
import { activationsOf, graphsOf } from '../../../classifier/train/export.ts';
import { readOnnxWeights } from '../../../classifier/train/import_onnx.ts';
import { joinGraphs } from '../../../classifier/train/join.ts';
import { mergeLora } from '../../../classifier/train/lora.ts';
import { forward, toTensors } from '../../../classifier/train/model.ts';
import { decodeModel } from '../../../classifier/train/onnx_format.ts';
import { generator, normal } from '../../../classifier/train/random.ts';
import type { Recipe } from '../../../classifier/train/recipe.ts';
import type { Weights } from '../../../classifier/train/safetensors.ts';
import { openServed } from '../../../classifier/train/served.ts';
import type { Student } from '../../../classifier/train/student.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { TINY, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const tf = await loadTensorflow('cpu');
const rows = tinyRows(9);
const recipe = tinyRecipe('');
const student = tinyStudent(recipe);

type Logits = Record<string, number[][]>;

function trained(of: Student, weights: Weights): Logits {
  const logits = forward(tf, of, toTensors(tf, weights), toBatch(rows, TINY.pad_token_id));
  return Object.fromEntries(Object.entries(logits).map(([name, tensor]) => [name, tensor.arraySync()]));
}

async function served(graphs: Uint8Array[]): Promise<Logits> {
  const session = await openServed(graphs, TINY.pad_token_id);
  const logits = await session.predict(rows, rows.length);
  await session.close();
  return logits;
}

function largestDifference(heads: readonly { name: string }[], a: Logits, b: Logits): number {
  const differences = heads.flatMap(({ name }) =>
    (a[name] ?? []).flatMap((row, i) => row.map((logit, j) => Math.abs(logit - (b[name]?.[i]?.[j] ?? NaN)))),
  );
  return differences.length === 0 ? NaN : Math.max(...differences);
}

const floats = (of: Student, weights = of.weights): Uint8Array[] => graphsOf(of, weights, recipe, null);
const bytes = async (of: Student): Promise<Uint8Array[]> =>
  graphsOf(of, of.weights, recipe, await activationsOf(of, of.weights, recipe, rows));

/** As after some training, where additions and adapters are no longer zero. */
function disturbed(changes: Partial<Recipe>): Student {
  const made = tinyStudent(tinyRecipe('', changes));
  const random = generator(77);
  for (const [name, { shape, data }] of made.weights)
    if (/lora_b|adapter.up/.test(name)) made.weights.set(name, { shape, data: normal(data.length, 0.3, random) });
  return made;
}

test('the float graph gives the logits of the model that was trained', async () => {
  const difference = largestDifference(student.heads, await served(floats(student)), trained(student, student.weights));
  expect(difference).toBeLessThan(1e-4);
});

test('the int8 graph stays near it, and its weights can be read back', async () => {
  const [graph = new Uint8Array()] = await bytes(student);
  const logits = await served([graph]);
  expect(largestDifference(student.heads, logits, trained(student, student.weights))).toBeLessThan(0.1);

  const read = readOnnxWeights(graph);
  expect(largestDifference(student.heads, logits, trained(student, read))).toBeLessThan(0.1);
});

test('weights are read back as they were from the float graph, and in the same shapes from the int8 graph', async () => {
  const [float = new Uint8Array()] = floats(student);
  const [int8 = new Uint8Array()] = await bytes(student);
  const [same, near] = [readOnnxWeights(float), readOnnxWeights(int8)];
  for (const [name, { shape, data }] of student.weights) {
    if (name.includes('token_type') || name.includes('position')) continue;
    expect(same.get(name), name).toEqual({ shape, data });
    expect(near.get(name)?.shape, name).toEqual(shape);
  }
});

test('a model with an exit is two graphs that give all logits, and one again when joined', async () => {
  const withExit = tinyStudent(tinyRecipe('', { exit_after: 1 }));
  const parts = floats(withExit);
  expect(parts.length).toBe(2);
  const wanted = trained(withExit, withExit.weights);
  expect(Object.keys(wanted)).toContain('exit_event');
  expect(largestDifference(withExit.heads, await served(parts), wanted)).toBeLessThan(1e-4);

  const [lower = new Uint8Array(), upper = new Uint8Array()] = await bytes(withExit);
  const upperHeads = withExit.heads.filter(({ target }) => target === undefined);
  const joined = await served([joinGraphs(lower, upper)]);
  expect(Object.keys(joined)).toEqual(upperHeads.map(({ name }) => name));
  expect(largestDifference(upperHeads, joined, await served([lower, upper]))).toBeLessThan(1e-5);
});

test('additions of LoRA are worked into the weights: the graph without them says the same', async () => {
  const method = { kind: 'lora' as const, rank: 2, alpha: 4, targets: ['query' as const, 'output' as const] };
  const made = disturbed({ method });
  const merged = mergeLora(made.weights);
  expect([...merged.keys()].filter((name) => name.includes('lora'))).toEqual([]);
  const wanted = trained(made, made.weights);
  expect(largestDifference(made.heads, wanted, trained(student, student.weights))).toBeGreaterThan(0.01);
  expect(largestDifference(made.heads, await served(floats(made, merged)), wanted)).toBeLessThan(1e-4);
});

test('adapters are carried by the graph', async () => {
  const made = disturbed({ method: { kind: 'adapters', width: 16 } });
  const wanted = trained(made, made.weights);
  expect(largestDifference(made.heads, wanted, trained(student, student.weights))).toBeGreaterThan(0.01);
  expect(largestDifference(made.heads, await served(floats(made)), wanted)).toBeLessThan(1e-4);
  expect(largestDifference(made.heads, await served(await bytes(made)), wanted)).toBeLessThan(0.2);
});

test('halved positions: the graph says what the model says, whatever a text is padded to', async () => {
  const made = tinyStudent(tinyRecipe('', { halve_before: [1] }));
  const wanted = trained(made, made.weights);
  expect(largestDifference(made.heads, wanted, trained(student, student.weights))).toBeGreaterThan(0.001);
  expect(largestDifference(made.heads, await served(floats(made)), wanted)).toBeLessThan(1e-4);
  expect(largestDifference(made.heads, await served(await bytes(made)), wanted)).toBeLessThan(0.1);

  const [graph = new Uint8Array()] = floats(made);
  const session = await openServed([graph], TINY.pad_token_id);
  const alone = await session.predict(rows, 1);
  await session.close();
  expect(largestDifference(made.heads, alone, wanted)).toBeLessThan(1e-4);
});

test('with ReLU the int8 graph has the factors of inner states in the products before them, and computes the same', async () => {
  const made = tinyStudent(tinyRecipe('', { hidden_act: 'relu' }));
  const wanted = trained(made, made.weights);
  expect(largestDifference(made.heads, wanted, trained(student, student.weights))).toBeGreaterThan(0.001);
  expect(largestDifference(made.heads, await served(floats(made)), wanted)).toBeLessThan(1e-4);
  const [graph = new Uint8Array()] = await bytes(made);
  const logits = await served([graph]);
  expect(largestDifference(made.heads, logits, wanted)).toBeLessThan(0.1);
  const read = readOnnxWeights(graph);
  expect(largestDifference(made.heads, logits, trained(made, read))).toBeLessThan(0.1);

  const stored = decodeModel(graph).graph.initializer.map(({ name }) => name);
  expect(stored).toContain('encoder.layer.0.intermediate.dense.input.factor');
  expect(stored).not.toContain('encoder.layer.0.output.dense.input.factor');
});
