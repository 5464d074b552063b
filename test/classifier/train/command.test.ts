/**
 * `tidewatch train` as its user runs it, on a base model of a few hundred numbers: killed by force in the middle, started
 * again, and ending with the weights of a run that nobody touched, as a folder that serving takes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loadArtifact } from '../../../classifier/artifact.ts';
import { openSession } from '../../../classifier/backends/onnx_session.ts';
import { openTfjsSession } from '../../../classifier/backends/tfjs_session.ts';
import { checkpointPath, readCheckpoint } from '../../../classifier/train/checkpoint.ts';
import { createEncoder } from '../../../classifier/train/data.ts';
import { exportRecipe } from '../../../classifier/train/export_recipe.ts';
import { readOnnxWeights } from '../../../classifier/train/import_onnx.ts';
import { readWholeGraph } from '../../../classifier/train/join.ts';
import { type Recipe, recipeSchema } from '../../../classifier/train/recipe.ts';
import { writeSafetensors } from '../../../classifier/train/safetensors.ts';
import { createStudent } from '../../../classifier/train/student.ts';
import { openTeacher } from '../../../classifier/train/teachers.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { trainRecipe } from '../../../classifier/train/train_recipe.ts';
import { writeTinyModel } from '../tiny_model.ts';
import { TINY, tinyBase, tinyRecipe } from './tiny.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WORDS = { positive: 'profit rose', neutral: 'the meeting', negative: 'the loss' };

/** Base model, data and recipe in a folder of their own. */
function lay(changes: Partial<Recipe>): { folder: string; recipe: Recipe; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'train-'));
  const base = join(folder, 'base');
  for (const part of ['train', 'dev']) mkdirSync(join(folder, 'data', part), { recursive: true });
  mkdirSync(base);
  copyFileSync(
    join(writeTinyModel(mkdtempSync(join(tmpdir(), 'tiny-'))), 'tokenizer.json'),
    join(base, 'tokenizer.json'),
  );
  writeFileSync(join(base, 'config.json'), JSON.stringify({ ...TINY, vocab_size: 40 }));
  writeSafetensors(join(base, 'model.safetensors'), tinyBase());
  const lines = Object.entries(WORDS).flatMap(([sentiment, text]) =>
    [1, 2, 3, 4].map((times) =>
      JSON.stringify({ text: Array(times).fill(text).join(' oil '), sentiment, topic: 'Earnings' }),
    ),
  );
  for (const part of ['train', 'dev'])
    writeFileSync(join(folder, 'data', part, 'own.jsonl'), `${lines.join('\n')}\nbroken\n`);
  const recipe = tinyRecipe(join(folder, 'checkpoints'), {
    backend: 'cpu',
    base,
    data: join(folder, 'data'),
    corpus: join(folder, 'none'),
    output: join(folder, 'model'),
    tensorboard: join(folder, 'board'),
    exit_after: 1,
    sets: { own: recipeSchema.shape.sets.parse({ own: { rate: 1 } })['own'] ?? expect.fail() },
    ...changes,
  });
  const path = join(folder, 'recipe.json');
  writeFileSync(path, JSON.stringify(recipe));
  return { folder, recipe, path };
}

function start(...options: string[]): { child: ChildProcess; output: () => string; exit: Promise<number | null> } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'app/cli.ts', 'train', ...options], {
    cwd: ROOT,
    env: { ...process.env, TIDEWATCH_TFJS: '/nowhere' },
  });
  const parts: string[] = [];
  child.stdout?.on('data', (part) => parts.push(String(part)));
  child.stderr?.on('data', (part) => parts.push(String(part)));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => parts.join(''), exit };
}

test('a run that is killed by force goes on as if it had not been, and ends as a model that can be served', async () => {
  const steps = { max_steps: 60, checkpoint_minutes: 0.002 };
  const { recipe, path, folder } = lay(steps);
  const first = start('--config', path);
  while (!existsSync(checkpointPath(recipe)) && first.child.exitCode === null) await sleep(5);
  first.child.kill('SIGKILL');
  await first.exit;
  const left = readCheckpoint(checkpointPath(recipe))?.progress.step ?? 0;
  expect(left, first.output()).toBeGreaterThan(0);
  expect(left, first.output()).toBeLessThan(60);

  const second = start('--config', path);
  expect(await second.exit, second.output()).toBe(0);
  expect(second.output()).toContain(`starts at step ${left}`);
  expect(second.output()).toContain('own.jsonl: 12 rows, 1 lines not JSON');

  const whole = lay(steps);
  await trainRecipe(whole.recipe, () => {});
  const [expected, resumed] = [whole.recipe, recipe].map((of) => readCheckpoint(checkpointPath(of))?.weights);
  expect([...(expected ?? [])].length).toBeGreaterThan(20);
  for (const [name, data] of expected ?? []) expect(resumed?.get(name), name).toEqual(data);

  const artifact = await loadArtifact(recipe.output);
  expect(artifact.heads.sentiment.labels).toEqual(['negative', 'neutral', 'positive']);
  expect(artifact.heads.event?.none).toBe('无'); // positive news is no negative event
  expect(artifact.heads.topics_zh).toBeNull(); // nothing in the data spoke to it
  expect(readdirSync(join(folder, 'board')).length).toBeGreaterThan(0);

  // Another run can start from the folder alone, with what int8 kept of the weights.
  const again = createStudent({ ...recipe, start: recipe.output });
  for (const name of ['attention.self.query', 'attention.output.dense', 'intermediate.dense', 'output.dense']) {
    const before = resumed?.get(`encoder.layer.1.${name}.weight`) ?? new Float32Array(1);
    const after = again.weights.get(`encoder.layer.1.${name}.weight`)?.data;
    const lost = before.map((number, i) => number - (after?.[i] ?? NaN));
    expect(Math.hypot(...lost) / Math.hypot(...before), name).toBeLessThan(0.05);
  }
}, 120_000);

/** Of these texts, how far the folder's int8 graph is from what TensorFlow.js makes of its weights, by the folder's config and by `config`. */
async function distances(
  folder: string,
  texts: readonly string[],
  config: object,
): Promise<[own: number, other: number]> {
  const artifact = await loadArtifact(folder);
  const elsewhere = join(folder, '../changed');
  cpSync(folder, elsewhere, { recursive: true });
  const read = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as object;
  writeFileSync(join(elsewhere, 'config.json'), JSON.stringify({ ...read, ...config }));
  const limits = { maxTokens: 64, maxTexts: 4 };
  const sessions = await Promise.all([
    openSession({ ...artifact, provider: 'cpu', threads: 1, limits, earlyExit: false, embeds: false }),
    openTfjsSession({ ...artifact, folder, library: 'cpu', limits }),
    openTfjsSession({ ...artifact, folder: elsewhere, library: 'cpu', limits }),
  ]);
  const [wanted, own, other] = await Promise.all(sessions.map((session) => session.infer({ texts, heads: ['topic'] })));
  for (const session of sessions) await session.close();
  const apart = (said = wanted): number =>
    Math.hypot(...[...(wanted?.topic ?? [])].map((logit, at) => logit - (said?.topic?.[at] ?? NaN)));
  return [apart(own), apart(other)];
}

test('an exported model teaches a smaller one, from texts without labels too, and is asked once', async () => {
  const made = lay({ max_steps: 40 });
  const { exit, output } = start('--config', made.path);
  expect(await exit, output()).toBe(0);

  const texts = ['oil rose', 'the loss of oil', 'the meeting rose', 'profit'];
  const distil = { teacher: made.recipe.output, temperature: 2, weight: 0.5, hidden_weight: 0 };
  const { folder, recipe, path } = lay({ exit_after: undefined, halve_before: [1], distil, max_steps: 20 });
  const file = join(folder, 'unlabelled.jsonl');
  writeFileSync(file, texts.map((text) => JSON.stringify({ text })).join('\n'));
  const sets = recipeSchema.shape.sets.parse({
    own: { rate: 1, teacher_share: 0 },
    unlabelled: { rate: 1, teacher_share: 1, files: [file] },
  });
  writeFileSync(path, JSON.stringify({ ...recipe, sets }));
  const taught = start('--config', path);
  expect(await taught.exit, taught.output()).toBe(0);
  expect(taught.output()).toContain('unlabelled.jsonl: 4 rows');
  expect(taught.output()).toContain('teacher: 4 of 4 rows answered');
  expect(taught.output()).toMatch(/, teacher 0\.\d/);

  const lines: string[] = [];
  await trainRecipe({ ...recipe, sets, max_steps: 22 }, (line) => lines.push(line));
  expect(lines.filter((line) => line.startsWith('teacher:'))).toEqual([]);
  const [halved, whole] = await distances(recipe.output, texts, { halve_before: [] });
  expect(halved).toBeLessThan(whole / 2);
}, 120_000);

test('an exported model shows its states to a student: they times a head are what the head says', async () => {
  const { recipe } = lay({ exit_after: undefined, max_steps: 1 });
  await expect(exportRecipe(recipe, () => {})).rejects.toMatchObject({
    code: 'model.missing',
    message: expect.stringContaining(checkpointPath(recipe)) as string,
  });
  expect(existsSync(recipe.output)).toBe(false);
  await trainRecipe(recipe, () => {});
  await exportRecipe(recipe, () => {});
  const folder = recipe.output;
  const encode = createEncoder(join(folder, 'tokenizer.json'), 32);
  const rows = ['oil rose', 'the loss of oil', 'profit'].map((text) => ({ ids: encode(text) }));
  const distil = { teacher: folder, temperature: 2, weight: 1, hidden_weight: 1 };
  const tf = await loadTensorflow('cpu');
  const teacher = await openTeacher(tf, distil);
  const said = await teacher.answer(rows);
  await teacher.close();
  const { shape: [, width = 0] = [], data: states } = said.get('pooled') ?? { data: new Float32Array() };
  const weights = readOnnxWeights(readWholeGraph(folder));
  const [head, bias] = ['weight', 'bias'].map((part) => weights.get(`heads.sentiment.${part}`)?.data ?? []);
  const logits = rows.flatMap((_, row) =>
    [0, 1, 2].map((label) =>
      states
        .subarray(row * width, (row + 1) * width)
        .reduce((sum, one, at) => sum + one * (head?.[label * width + at] ?? NaN), bias?.[label] ?? NaN),
    ),
  );
  const wanted = said.get('sentiment')?.data ?? [];
  for (const [at, logit] of logits.entries()) expect(logit).toBeCloseTo(wanted[at] ?? NaN, 4);

  const silent = await openTeacher(tf, { ...distil, hidden_weight: 0 });
  expect([...(await silent.answer(rows)).keys()]).not.toContain('pooled');
  await silent.close();
  expect(silent.name).not.toBe(teacher.name);
}, 120_000);

test('without TensorFlow it says in two lines what to install', async () => {
  const { path } = lay({ backend: 'node-gpu' });
  const { output, exit } = start('--config', path);
  expect(await exit).toBe(1);
  expect(output().trim().split('\n').length).toBeLessThanOrEqual(2);
  expect(output()).toMatch(/tfjs-node-gpu.*npm install --no-save @tensorflow\/tfjs-node-gpu/s);
}, 60_000);

test.each([
  [{ frozen_layers: 3 }, /frozen_layers is 3 of 2 layers/],
  [{ layers: [0, 7] }, /has no layer 7/],
  [{ class_weights: { sentiment: { bullish: 2 } } }, /sentiment has no label bullish/],
] as [Partial<Recipe>, RegExp][])('a recipe that cannot be is refused: %j', async (changes, problem) => {
  const { path } = lay(changes);
  const { readRecipe } = await import('../../../classifier/train/recipe.ts');
  await expect((async () => trainRecipe(readRecipe(path), () => {}))()).rejects.toThrow(problem);
});
