import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trainedSets } from '../../../classifier/learning/current_model.ts';
import { drawReplay } from '../../../classifier/learning/replay.ts';
import { recipeSchema } from '../../../classifier/train/recipe.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewatch-replay-'));
  mkdirSync(join(folder, 'train'));
  for (const set of ['many', 'few', 'asked', 'unlicensed'])
    writeFileSync(
      join(folder, 'train', `${set}.jsonl`),
      Array.from({ length: 1000 }, (_, at) => `${JSON.stringify({ text: `${set} ${at}` })}\n`).join(''),
    );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sets = recipeSchema.shape.sets.parse({
  many: { rate: 1 },
  few: { rate: 0.25 },
  asked: { rate: 0.1, entities_rate: 0.75 },
  unlicensed: { rate: 0 },
});

const draw = (known: Parameters<typeof drawReplay>[0]['sets']) =>
  drawReplay({
    data: folder,
    corpus: join(folder, 'none'),
    sets: known,
    rows: 200,
    seed: 1,
    folder: join(folder, 'out'),
  });
const linesOf = (files: readonly string[] | undefined): number =>
  readFileSync(files?.[0] ?? '', 'utf8')
    .trim()
    .split('\n').length;

it('draws lines as often as the recipe did, and asks each kind of question as often of them', () => {
  writeFileSync(join(folder, 'training.json'), JSON.stringify({ recipe: { sets } }));
  const drawn = draw(trainedSets(folder));
  expect(Object.keys(drawn)).toEqual(['many', 'few', 'asked']);
  expect(Object.values(drawn).map(({ files }) => linesOf(files))).toEqual([100, 25, 75]);
  expect(drawn['few']).toMatchObject({ rate: 1, entities_rate: 0 });
  expect(drawn['asked']?.entities_rate).toBe(1);
  expect(drawn['asked']?.rate).toBeCloseTo(0.1 / 0.75, 10);
});

it('leaves out what the recipe left out, and takes all where no recipe is known', () => {
  writeFileSync(
    join(folder, 'training.json'),
    JSON.stringify({ recipe: { sets: { unlicensed: sets['unlicensed'] } } }),
  );
  expect(() => draw(trainedSets(folder))).toThrow('to replay');
  expect(trainedSets(join(folder, 'train'))).toBeNull();
  expect(Object.keys(draw(null)).toSorted()).toEqual(['asked', 'few', 'many', 'unlicensed']);
});
