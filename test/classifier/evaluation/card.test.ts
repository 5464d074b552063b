/** What the card says of the data, against what the recipe beside the model says. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cardOf, type TrainingFacts } from '../../../classifier/evaluation/card.ts';
import type { Evaluation, Evaluations } from '../../../classifier/evaluation/evaluation.ts';
import { writeToModel } from '../../../classifier/evaluation/write.ts';
import { readRecipe } from '../../../classifier/train/recipe.ts';
import { writeTinyModel } from '../tiny_model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-card-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MODEL = join(import.meta.dirname, '../../../classifier/models/tidewatch-small');
const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const shipped = (read(join(MODEL, 'evaluation.json')) as Evaluations)['dev'] as Evaluation;
const facts = read(join(MODEL, 'training.json')) as TrainingFacts;
const group = shipped.groups.find(({ set }) => set === 'tfns');
const fpb = { ...shipped, robustness: [], groups: [{ ...group, set: 'fpb' }] } as Evaluation;
const part = (card: string, from: string, to: string): string => card.slice(card.indexOf(from), card.indexOf(to));

test('says of the shipped model what its card has said', () => {
  const card = cardOf({ dev: shipped }, facts, {});
  const data = part(card, '## Data', '## Recipe');
  expect(data).toBe(part(readFileSync(join(MODEL, 'MODEL_CARD.md'), 'utf8'), '## Data', '## Recipe'));
  expect(data).toMatch(/\| annotations \|[\s\S]*\| corpus \|[\s\S]*no shipped weights are trained on it/);
  expect(card).toContain('base_model: intfloat/multilingual-e5-small');
  expect(cardOf({ dev: fpb }, facts, {})).toMatch(/### Never trained on[\s\S]*\| fpb \(dev\) \|/);
});

test('does not call unseen what the recipe teaches, nor names what it leaves out', () => {
  const recipe = readRecipe('classifier/train/recipes/phrasebank.json');
  const card = cardOf({ dev: fpb }, { recipe }, {});
  expect(card).not.toMatch(/Never trained on|PhraseBank is transfer|no shipped weights/);
  expect(part(card, '## Data', '## Recipe').match(/^\| (\w+) \|/gm)).toEqual(['| set |', '| fpb |']);

  const sets = { tfns: { rate: 0 }, finnl: { rate: 0.5 }, ours: { rate: 0, entities_rate: 1 }, kept: { rate: 1 } };
  const own = part(cardOf({ dev: fpb }, { recipe: { base: '/models/mine', sets } }, {}), '## Data', '## Recipe');
  expect(own.match(/^\| (\w+) \|/gm)).toEqual(['| set |', '| finnl |', '| ours |']);
  expect(own).toContain('Base model: `/models/mine`.');
  expect(cardOf({ dev: fpb }, { recipe: { base: '/models/mine', sets } }, {})).not.toContain('base_model');
});

test('names the sets of the exported models that a recipe starts from', () => {
  const start = join(folder, 'first');
  mkdirSync(start);
  writeFileSync(join(start, 'training.json'), JSON.stringify({ recipe: { sets: { fpb: { rate: 1 } } } }));
  const model = writeTinyModel(join(folder, 'second'));
  const recipe = { base: start, start: [start, model], sets: { finfe: { rate: 1 } } };
  writeFileSync(join(model, 'training.json'), JSON.stringify({ recipe }));
  writeToModel(model, fpb);
  const card = readFileSync(join(model, 'MODEL_CARD.md'), 'utf8');
  expect(part(card, '## Data', '## Recipe').match(/^\| (\w+) \|/gm)).toEqual(['| set |', '| finfe |', '| fpb |']);
  expect(card).not.toContain('Never trained on');
});
