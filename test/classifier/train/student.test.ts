import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkpointPath, emptyState, writeCheckpoint } from '../../../classifier/train/checkpoint.ts';
import { readTrained } from '../../../classifier/train/export.ts';
import type { Recipe } from '../../../classifier/train/recipe.ts';
import { writeSafetensors } from '../../../classifier/train/safetensors.ts';
import { createStudent } from '../../../classifier/train/student.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { train } from '../../../classifier/train/train.ts';
import { TINY, tinyBase, tinyRecipe, tinyRows } from './tiny.ts';

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

async function trained(name: string, changes: Partial<Recipe> = {}): Promise<Recipe> {
  const recipe = tinyRecipe(join(folder, name), { base, max_steps: 2, ...changes });
  await train(await loadTensorflow('cpu'), recipe, createStudent(recipe), tinyRows(18), { log: () => {} });
  return recipe;
}

const LORA: Recipe['method'] = { kind: 'lora', rank: 2, alpha: 4, targets: ['query', 'value'] };
const ADAPTERS: Recipe['method'] = { kind: 'adapters', width: 16 };
test.each([
  ['LoRA, by a full run', LORA, { kind: 'full' }, /has learnt encoder\.layer\.1\..*lora_a, for which/],
  ['LoRA, by one of another rank', LORA, { ...LORA, rank: 4 }, /has learnt encoder\.layer\.1\..*lora_a, for which/],
  ['adapters, by a full run', ADAPTERS, { kind: 'full' }, /has learnt encoder\.layer\.1\.adapter\..*, for which/],
] as [string, Recipe['method'], Recipe['method'], RegExp][])(
  'what a start has learnt beside its layers is not dropped in silence: %s',
  async (name, method, next, problem) => {
    const first = await trained(`of ${name}`, { method });
    const start = checkpointPath(first);
    expect(() => createStudent(tinyRecipe('', { base, start, method: next }))).toThrow(problem);
    expect(() => createStudent(tinyRecipe('', { base, start, method }))).not.toThrow();
  },
);

test('a head is exported that this run or its start was taught, and none that neither was', async () => {
  const first = await trained('two heads');
  const second = await trained('two heads more', { start: checkpointPath(first) });
  const rows = tinyRows(18).map((row) => ({
    ...row,
    targets: { event: { allowed: [1], possible: [0, 1], weight: 1 } },
  }));
  const third = tinyRecipe(join(folder, 'an event'), { base, max_steps: 2, start: checkpointPath(second) });
  await train(await loadTensorflow('cpu'), third, createStudent(third), rows, { log: () => {} });
  const heads = (recipe: Recipe) => readTrained(recipe).student.heads.map(({ name }) => name);
  expect(heads(first)).toEqual(['sentiment', 'topic']);
  expect(heads(second)).toEqual(['sentiment', 'topic']);
  expect(heads(third)).toEqual(['sentiment', 'topic', 'event']);
  const fourth = await trained('the event stays', { start: checkpointPath(third) });
  expect(heads(fourth)).toEqual(['sentiment', 'topic', 'event']);
});

test('a checkpoint of another method is not exported without what it learnt', async () => {
  const first = await trained('lora', { method: LORA });
  expect(() => readTrained({ ...first, method: { kind: 'full' } })).toThrow('is of another method or other layers');
  expect(() => readTrained({ ...first, checkpoints: join(folder, 'elsewhere') })).toThrow('There is no checkpoint at');
});
