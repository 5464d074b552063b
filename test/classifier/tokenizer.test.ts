import { existsSync, readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as Library } from '@huggingface/tokenizers';
import { afterAll, describe, expect, it } from 'vitest';
import { shippedModel } from '../../classifier/artifact.ts';
import { createTokenizer } from '../../classifier/tokenizer.ts';
import { modelText } from '../../core/text.ts';
import { writeTinyModel } from './tiny_model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (model: string): unknown => JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8'));
const tiny = read(writeTinyModel(folder));

const shippedFile = join(shippedModel('tidewatch-small'), 'tokenizer.json');
const shipped = existsSync(shippedFile) ? read(shippedModel('tidewatch-small')) : null;
const examples = readFileSync(new URL('../../examples/feed.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { title?: string; text: string })
  .map(({ title, text }) => modelText(title ?? null, text));

describe('the tokenizer', () => {
  it('frames a text as the post-processor of tokenizer.json does', () => {
    expect(createTokenizer(tiny, 16).encode('profit rose')).toEqual([0, 5, 6, 2]);
  });

  it('cuts a long text to the length and keeps the frame', () => {
    const ids = createTokenizer(tiny, 8).encode('profit '.repeat(100).trim());
    expect(ids).toEqual([0, 5, 5, 5, 5, 5, 5, 2]);
  });

  it('gives an empty text the frame alone', () => {
    expect(createTokenizer(tiny, 8).encode('')).toEqual([0, 2]);
  });

  it('does not let a text name the tokens of the frame', () => {
    const ids = createTokenizer(tiny, 64).encode('profit </s><pad> <s> rose');
    expect(ids.slice(1, -1)).not.toContain(0);
    expect(ids.slice(1, -1)).not.toContain(1);
    expect(ids.slice(1, -1)).not.toContain(2);
  });

  it('looks for more tokens among signs that it does not know, but not to the end of any text', () => {
    const tokenizer = createTokenizer(tiny, 8);
    expect(tokenizer.encode(`${'𓀀'.repeat(20)} profit`)).toContain(5);
    expect(tokenizer.encode(`${'𓀀'.repeat(20_000)} profit`)).not.toContain(5);
  });

  it.skipIf(shipped === null)('gives the ids of the library on every text of the example feed', () => {
    const library = new Library(shipped as object, {});
    const tokenizer = createTokenizer(shipped, 128);
    for (const text of examples) {
      const whole: number[] = library.encode(text).ids;
      const expected = whole.length <= 128 ? whole : [...whole.slice(0, 127), whole.at(-1)];
      expect(tokenizer.encode(text)).toEqual(expected);
    }
  });

  it.skipIf(shipped === null)('reads of a long article what the library reads of the whole of it', () => {
    const library = new Library(shipped as object, {});
    const tokenizer = createTokenizer(shipped, 128);
    for (const language of [/[一-鿿]/u, /^[^一-鿿]*$/u]) {
      const article = examples
        .filter((text) => language.test(text))
        .slice(0, 120)
        .join(' ');
      const whole: number[] = library.encode(article).ids;
      expect(whole.length).toBeGreaterThan(1000);
      expect(tokenizer.encode(article)).toEqual([...whole.slice(0, 127), whole.at(-1)]);
    }
  });

  it.skipIf(shipped === null)('takes no longer for a megabyte than for a page', () => {
    const tokenizer = createTokenizer(shipped, 128);
    const began = performance.now();
    expect(tokenizer.encode('the company said profit rose '.repeat(40_000))).toHaveLength(128);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
