/** Where an evaluation goes: a report's folder, or the model's own, whose card and checksums are made anew. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeChecksums } from '../checksums.ts';
import { cardOf, type TrainingFacts } from './card.ts';
import type { RecordedRecipe } from './card_data.ts';
import type { Evaluation, Evaluations } from './evaluation.ts';
import { pictureOf } from './picture.ts';
import { tableOf } from './table.ts';

/** Writes evaluation.json, evaluation.txt and evaluation.svg. */
export function writeReport(folder: string, evaluation: Evaluation): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'evaluation.json'), `${JSON.stringify(evaluation, null, 1)}\n`);
  writeFileSync(join(folder, 'evaluation.txt'), `${tableOf(evaluation)}\n`);
  writeFileSync(join(folder, 'evaluation.svg'), pictureOf(evaluation));
}

/** Adds the split's figures to the model's evaluation.json, then writes MODEL_CARD.md and SHA256SUMS again. */
export function writeToModel(folder: string, evaluation: Evaluation): void {
  const path = join(folder, 'evaluation.json');
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Evaluations) : {};
  const same = Object.entries(before).filter(([, known]) => known?.model === evaluation.model);
  const all: Evaluations = { ...Object.fromEntries(same), [evaluation.split]: evaluation };
  const facts = readFacts(folder);
  const card = cardOf(all, facts, readConfig(folder), recipesBefore(facts.recipe, new Set([resolve(folder)])));
  writeFileSync(path, `${JSON.stringify(all, roundedNumbers)}\n`);
  writeFileSync(join(folder, 'MODEL_CARD.md'), card);
  writeChecksums(folder);
}

const roundedNumbers = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1e5) / 1e5 : value;

function readFacts(folder: string): TrainingFacts {
  const path = join(folder, 'training.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as TrainingFacts) : {};
}

/** Recipes of the exported models that a recipe starts from, and of what those start from; of a bare checkpoint none is kept. */
function recipesBefore(recipe: RecordedRecipe | undefined, seen: Set<string>): RecordedRecipe[] {
  return [recipe?.start ?? []].flat().flatMap((start) => {
    const folder = typeof start === 'string' ? resolve(start) : '';
    // A model that was trained anew in its own folder starts from what lay there before.
    if (folder === '' || seen.has(folder)) return [];
    seen.add(folder);
    const { recipe: own } = readFacts(folder);
    return own === undefined ? [] : [own, ...recipesBefore(own, seen)];
  });
}

function readConfig(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}
