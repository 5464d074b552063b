import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trainedSets } from '../../../classifier/learning/current_model.ts';
import { drawReplay } from '../../../classifier/learning/replay.ts';
import { recipeSchema } from '../../../classifier/train/recipe.ts';

let folder: string;
let told: string[];
beforeEach(() => {
  told = [];
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
    log: (line) => told.push(line),
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

it('draws from files of its own where they and their texts are here, and tells which are not', () => {
  const at = (name: string): string => join(folder, `${name}.jsonl`);
  writeFileSync(at('labels'), '{"id":"a","topic":"Earnings"}\n');
  writeFileSync(at('texts'), '{"id":"a","text":"Profit rose"}\n');
  const own = recipeSchema.shape.sets.parse({
    here: { rate: 1, files: [at('labels')], texts: [at('texts')], dev: at('labels') },
    moved: { rate: 1, files: [at('labels')], texts: [at('elsewhere')], dev: at('labels') },
    unmeasured: { rate: 1, files: [at('labels')], dev: at('elsewhere') },
    many: { rate: 1, files: [at('work folder that is gone')] },
    gone: { rate: 1 },
    unlabelled: { rate: 1, files: [at('labels')], texts: [at('texts')], teacher_share: 1 },
  });
  writeFileSync(join(folder, 'training.json'), JSON.stringify({ recipe: { sets: own } }));
  const drawn = draw(trainedSets(folder));
  expect(Object.keys(drawn)).toEqual(['here', 'unmeasured', 'many']);
  expect(drawn['here']).toMatchObject({ texts: [at('texts')], dev: at('labels') });
  expect(readFileSync(drawn['here']?.files?.[0] ?? '', 'utf8')).toBe('{"id":"a","topic":"Earnings"}\n');
  expect(drawn['unmeasured']?.dev).toBeUndefined();
  expect(told).toEqual(
    [
      ['moved', at('elsewhere')],
      ['gone', join(folder, 'train', 'gone.jsonl')],
    ].map(([set, file]) => `replay: ${set} is left out, because there is no file ${file}`),
  );
});
