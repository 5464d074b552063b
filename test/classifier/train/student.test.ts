import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkpointPath, emptyState, writeCheckpoint } from '../../../classifier/train/checkpoint.ts';
import { writeSafetensors } from '../../../classifier/train/safetensors.ts';
import { createStudent } from '../../../classifier/train/student.ts';
import { TINY, tinyBase, tinyRecipe } from './tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-soup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const base = join(folder, 'base');
mkdirSync(base);
writeFileSync(join(base, 'config.json'), JSON.stringify(TINY));
writeSafetensors(join(base, 'model.safetensors'), tinyBase());

const NAME = 'encoder.layer.1.output.dense.weight';

/** A checkpoint whose one matrix holds `value` everywhere. */
function checkpointOf(value: number): string {
  const recipe = tinyRecipe(join(folder, `run-${value}`), { base });
  const student = createStudent(recipe);
  const size = student.weights.get(NAME)?.data.length ?? 0;
  mkdirSync(recipe.checkpoints);
  const state = emptyState(new Map([[NAME, new Float32Array(size).fill(value)]]), 'none');
  writeCheckpoint(checkpointPath(recipe), student.weights, state);
  return checkpointPath(recipe);
}

test('a start from several checkpoints is the mean of their weights, and of what they did not train the base', () => {
  const start = [1, 2, 6].map(checkpointOf);
  const { weights } = createStudent(tinyRecipe(join(folder, 'soup'), { base, start }));
  expect([...new Set(weights.get(NAME)?.data)]).toEqual([3]);
  const untouched = 'encoder.layer.0.output.dense.weight';
  expect(weights.get(untouched)?.data).toEqual(tinyBase().get(untouched)?.data);
});

test('a base with an activation that the forward pass does not know is refused, with those that it knows', () => {
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'config.json'), JSON.stringify({ ...TINY, hidden_act: 'gelu_new' }));
  writeSafetensors(join(other, 'model.safetensors'), tinyBase());
  expect(() => createStudent(tinyRecipe('', { base: other }))).toThrow(/has the activation gelu_new/);
  expect(createStudent(tinyRecipe('', { base, hidden_act: 'relu' })).shape.hidden_act).toBe('relu');
});
