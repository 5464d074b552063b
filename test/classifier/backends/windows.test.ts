import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inferInBatches, type RunBatch } from '../../../classifier/backends/inference.ts';
import { createTokenizer } from '../../../classifier/tokenizer.ts';
import { writeTinyModel } from '../tiny_model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-windows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const json: unknown = JSON.parse(readFileSync(join(writeTinyModel(folder), 'tokenizer.json'), 'utf8'));
const tokenizer = createTokenizer(json, 64);
const PROFIT = tokenizer.encode('profit')[1] as number;
const words = (word: string, count: number): string => Array.from({ length: count }, () => word).join(' ');

/** A model that says how many tokens of a row are not `profit`, and how many it read. */
const counting: RunBatch = ({ ids, mask, lengths, length }, heads) => {
  const said = lengths.flatMap((_, row) => {
    const own = [...ids.subarray(row * length, (row + 1) * length)].filter((_id, at) => mask[row * length + at] === 1n);
    return [own.slice(1, -1).filter((id) => Number(id) !== PROFIT).length, own.length, 0];
  });
  return Promise.resolve(Object.fromEntries(heads.map((head) => [head, Float32Array.from(said)])));
};
const infer = (texts: readonly string[]) =>
  inferInBatches(
    { texts, heads: ['sentiment'] },
    { tokenizer, limits: { maxTokens: 256, maxTexts: 8 }, padId: 1, halvings: 0, runBatch: counting },
  );

describe('a long article', () => {
  it('is read in stretches that overlap, four at most, each with the frame', () => {
    const rows = tokenizer.windows(words('profit', 150));
    expect(rows.map((row) => row.length)).toEqual([64, 64, 64, 150 - 3 * (62 - 24) + 2]);
    for (const row of rows) expect([row[0], row.at(-1)]).toEqual([0, 2]);
    expect(tokenizer.windows(words('profit', 5_000))).toHaveLength(4);
  });

  it('is one row where it fits, the same as without windows', () => {
    const text = words('profit rose', 31);
    expect(tokenizer.windows(text)).toEqual([tokenizer.encode(text)]);
  });

  it('is judged by all that is read of it, its beginning counting twice', async () => {
    const article = `${words('profit', 62)} ${words('loss', 38)}`;
    const { sentiment = new Float32Array() } = await infer(['profit', article, 'loss']);
    // The second stretch repeats 24 words of profit before the 38 words of loss: (2 · 0 + 1 · 38) / 3.
    expect(sentiment[3]).toBeCloseTo(38 / 3, 4);
    expect([sentiment[0], sentiment[6]]).toEqual([0, 1]);
  });

  it('is asked about an entity with its name before every stretch', () => {
    const rows = tokenizer.windows(words('profit', 150), 'loss');
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) expect(row.slice(0, 3)).toEqual([0, tokenizer.encode('loss')[1], 2]);
  });
});
