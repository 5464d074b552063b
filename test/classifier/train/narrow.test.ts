import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkpointPath, emptyState, writeCheckpoint } from '../../../classifier/train/checkpoint.ts';
import { graphsOf } from '../../../classifier/train/export.ts';
import { narrow } from '../../../classifier/train/narrow.ts';
import { writeSafetensors } from '../../../classifier/train/safetensors.ts';
import { openServed } from '../../../classifier/train/served.ts';
import { createStudent, type Student } from '../../../classifier/train/student.ts';
import { TINY, tinyBase, tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-narrow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = tinyRows(7);
const recipe = tinyRecipe('');

async function answers(student: Student): Promise<Record<string, number[][]>> {
  const served = await openServed(graphsOf(student, student.weights, recipe, null), TINY.pad_token_id);
  const logits = await served.predict(rows, rows.length);
  await served.close();
  return logits;
}

test('units that add the same to every token are left out first, and the model says what it said', async () => {
  const student = tinyStudent(recipe);
  const layer = 'encoder.layer.1.intermediate.dense';
  const inner = student.weights.get(`${layer}.weight`)?.data ?? new Float32Array();
  for (let unit = 0; unit < TINY.intermediate_size; unit += 2)
    inner.fill(0, unit * TINY.hidden_size, (unit + 1) * TINY.hidden_size);
  const before = await answers(student);
  narrow(student.weights, 1, 16);
  expect(student.weights.get(`${layer}.weight`)?.shape).toEqual([16, TINY.hidden_size]);
  const after = await answers(student);
  for (const { name } of student.heads)
    for (const [row, logits] of (before[name] ?? []).entries())
      for (const [at, logit] of logits.entries()) expect(after[name]?.[row]?.[at], name).toBeCloseTo(logit, 3);
});

test('units that do more stay', async () => {
  const student = tinyStudent(recipe);
  const outer = student.weights.get('encoder.layer.0.output.dense.weight')?.data ?? new Float32Array();
  for (let row = 0; row < TINY.hidden_size; row += 1)
    for (let unit = 0; unit < TINY.intermediate_size; unit += 1)
      if (unit % 2 === 0) outer[row * TINY.intermediate_size + unit] = 0.001 * row;
  const odd = student.weights.get('encoder.layer.0.intermediate.dense.bias')?.data.filter((_, unit) => unit % 2 === 1);
  narrow(student.weights, 0, 16);
  expect(student.weights.get('encoder.layer.0.intermediate.dense.bias')?.data).toEqual(odd);
});

test('a recipe narrows its start, and what starts from that keeps the width', () => {
  const base = join(folder, 'base');
  mkdirSync(base);
  writeFileSync(join(base, 'config.json'), JSON.stringify(TINY));
  writeSafetensors(join(base, 'model.safetensors'), tinyBase());
  const first = tinyRecipe(join(folder, 'first'), { base, feed_forward: 16 });
  const narrowed = createStudent(first);
  expect(narrowed.shape.intermediate_size).toBe(16);
  mkdirSync(first.checkpoints);
  const trained = new Map(
    narrowed.trained.map((name) => [name, narrowed.weights.get(name)?.data ?? new Float32Array()]),
  );
  writeCheckpoint(checkpointPath(first), narrowed.weights, emptyState(trained, 'none'));

  const next = createStudent(tinyRecipe(join(folder, 'next'), { base, start: checkpointPath(first) }));
  expect(next.shape.intermediate_size).toBe(16);
  for (const part of ['intermediate.dense.weight', 'output.dense.weight', 'output.dense.bias']) {
    const name = `encoder.layer.1.${part}`;
    expect(next.weights.get(name), name).toEqual(narrowed.weights.get(name));
  }
});

test('more units than there are is refused', () => {
  expect(() => narrow(tinyStudent(recipe).weights, 0, 64)).toThrow('layer 0 has only 32 units');
});
