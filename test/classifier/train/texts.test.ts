import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readRows } from '../../../classifier/train/data.ts';
import { recipeSchema } from '../../../classifier/train/recipe.ts';
import { textsById } from '../../../classifier/train/texts.ts';
import { tinyRecipe } from './tiny.ts';

const folder = mkdtempSync(join(tmpdir(), 'texts-'));
const lay = (name: string, lines: object[]): string => {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  return join(folder, name);
};
const plain = lay('plain.jsonl', [{ id: 'a', text: 'Profit rose.' }, { id: 'b' }]);
const packed = lay('packed.jsonl.gz', [{ id: 'c', text: '利润下滑' }]);

test('texts are found by id in plain and in gzipped lines', () => {
  expect(textsById([plain, packed])).toEqual(
    new Map([
      ['a', 'Profit rose.'],
      ['c', '利润下滑'],
    ]),
  );
  expect(() => textsById([join(folder, 'absent.jsonl')])).toThrow('texts: there is no file');
});

test('labels without a text teach where their text is found by id, and are counted where it is not', () => {
  const labels = lay('labels.jsonl', [
    { id: 'a', sentiment: 'positive' },
    { id: 'c', sentiment: 'negative' },
    { id: 'z', sentiment: 'negative' },
  ]);
  const { sets } = recipeSchema.parse({ ...tinyRecipe(folder), sets: { ours: { rate: 1, texts: [plain, packed] } } });
  const encode = (text: string): Int32Array => Int32Array.of(text.length);
  const { rows, skipped } = readRows(labels, 'ours', encode, sets['ours'] as NonNullable<(typeof sets)['ours']>);
  expect(rows.map(({ id, lang, ids }) => [id, lang, ids[0]])).toEqual([
    ['a', 'en', 12],
    ['c', 'zh', 4],
  ]);
  expect(skipped).toEqual({ 'without text': 1 });
});
