import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../classifier/backend.ts';
import { classifyLines, type LineOptions } from '../../classifier/classify_lines.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { TidewatchError } from '../../core/errors.ts';
import { aContext } from './context.ts';
import { writeTinyModel } from './tiny_model.ts';

let folder: string;
let backend: Backend;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-lines-'));
  const settings = classifierSettings.parse({ backend: { type: 'onnx', model: writeTinyModel(folder) } });
  backend = await createBackend(settings, aContext());
});
afterAll(async () => {
  await backend.close();
  await rm(folder, { recursive: true, force: true });
});

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

interface OutLine {
  id?: string | number | null;
  line?: number;
  error?: { code: string; message: string };
  sentiment?: string;
  topic_probabilities?: Record<string, number>;
  event?: string | null;
  entity_sentiments?: { entity: string; sentiment: string; sentiment_probabilities: Record<string, number> }[];
  explanation?: { label: string; method: string; words: { word: string; weight: number }[] };
}

async function classified(
  lines: readonly string[],
  options: LineOptions = {},
): Promise<{ out: OutLine[]; counts: object }> {
  const counts = { lines: 0, errors: 0 };
  const out: OutLine[] = [];
  for await (const line of classifyLines(each(lines), backend, counts, options)) out.push(JSON.parse(line) as OutLine);
  return { out, counts };
}

describe('classifying lines', () => {
  it('refuses a number that cannot be kept to the last digit as an id', async () => {
    const { out, counts } = await classified(['{"id":1234567890123456789,"text":"oil"}', '{"id":7,"text":"oil"}']);
    expect(out[0]).toMatchObject({ line: 1, error: { message: expect.stringContaining('as a string') as string } });
    expect(out[1]).toMatchObject({ id: 7, sentiment: 'neutral' });
    expect(counts).toEqual({ lines: 2, errors: 1 });
  });

  it('writes the documented fields, with the three likeliest topics', async () => {
    const { out } = await classified(['{"id":"a","title":"Oil","text":"the oil meeting"}']);
    expect(out[0]).toEqual({
      id: 'a',
      language: 'en',
      sentiment: 'neutral',
      sentiment_probabilities: {
        negative: expect.any(Number) as number,
        neutral: expect.any(Number) as number,
        positive: expect.any(Number) as number,
      },
      topic: 'Energy | Oil',
      topic_probabilities: expect.any(Object) as object,
      topics_zh: ['能源'],
      event: null,
      confidence: expect.any(Number) as number,
      model: 'tiny@1',
    });
    expect(Object.keys(out[0] ?? {})).toEqual([
      'id',
      'language',
      'sentiment',
      'sentiment_probabilities',
      'topic',
      'topic_probabilities',
      'topics_zh',
      'event',
      'confidence',
      'model',
    ]);
    const topics = Object.entries(out[0]?.topic_probabilities ?? {});
    expect(topics).toHaveLength(3);
    expect(topics[0]?.[0]).toBe('Energy | Oil');
  });

  it('takes objects, bare strings, numeric ids and Chinese', async () => {
    const { out } = await classified(['"profit rose"', '{"id":7,"text":"loss"}', '{"text":"亏损","lang":"zh"}']);
    expect(out).toMatchObject([
      { id: null, sentiment: 'positive', language: 'en' },
      { id: 7, sentiment: 'negative' },
      { id: null, sentiment: 'negative', language: 'zh' },
    ]);
  });

  it('names the kind of negative event', async () => {
    const { out } = await classified(['"the fraud"', '"亏损"', '"profit"']);
    expect(out.map(({ event }) => event)).toEqual(['涉嫌欺诈', '业绩下滑', null]);
  });

  it("gives the sentiment towards a line's entities and those of the command, each once", async () => {
    const lines = ['{"id":"a","text":"acme the borea","entities":["acme",{"target":"borea"}]}', '"the acme"'];
    const { out } = await classified(lines, { entities: ['acme'] });
    expect(out[0]?.entity_sentiments).toMatchObject([
      { entity: 'acme', sentiment: 'positive' },
      { entity: 'borea', sentiment: 'negative' },
    ]);
    expect(out[1]?.entity_sentiments).toMatchObject([{ entity: 'acme', sentiment: 'positive' }]);
    const { out: plain } = await classified(['"the acme"']);
    expect(plain[0]).not.toHaveProperty('entity_sentiments');
  });

  it('says which words carried the sentiment where that is asked for', async () => {
    const { out } = await classified(['"the loss meeting"'], { explain: true });
    expect(out[0]?.explanation).toMatchObject({ label: expect.any(String) as string, method: 'exact' });
    const heaviest = out[0]?.explanation?.words.toSorted((a, b) => b.weight - a.weight)[0]?.word;
    expect(heaviest).toBe(out[0]?.sentiment === 'negative' ? 'loss' : 'meeting');
  });

  it('keeps the order and the number of lines over many groups', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) =>
      JSON.stringify({ id: index, text: `${index % 2 === 0 ? 'profit' : 'loss'} ${'the '.repeat(index % 13)}` }),
    );
    const { out, counts } = await classified(lines);
    expect(out.map(({ id }) => id)).toEqual(lines.map((_, index) => index));
    expect(out[500]?.sentiment).toBe('positive');
    expect(out[501]?.sentiment).toBe('negative');
    expect(counts).toEqual({ lines: 1000, errors: 0 });
  });

  it('puts an error line, with its number, in the place of a line that cannot be labelled', async () => {
    const { out, counts } = await classified([
      '{"id":"a","text":"profit"}',
      '{broken',
      '',
      '{"id":"b"}',
      '{"id":"c","text":"https://example.com/only-a-link"}',
      '{"id":"d","text":"poison"}',
      JSON.stringify('x'.repeat(2_000_001)),
      '{"id":"e","text":"loss"}',
    ]);
    expect(out.map(({ error }) => error?.code ?? 'labelled')).toEqual([
      'labelled',
      'input.invalid',
      'input.invalid',
      'input.invalid',
      'input.invalid',
      'model.failed',
      'input.too_large',
      'labelled',
    ]);
    expect(out[1]).toMatchObject({ line: 2 });
    expect(out[5]).toMatchObject({ line: 6, id: 'd' });
    expect(counts).toEqual({ lines: 8, errors: 6 });
  });

  it('answers what it has when the input pauses', async () => {
    async function* pausing(): AsyncGenerator<string> {
      yield '"profit"';
      await wait(3_000);
      yield '"loss"';
    }
    const answers = classifyLines(pausing(), backend, { lines: 0, errors: 0 });
    const began = performance.now();
    expect((await answers.next()).value).toContain('positive');
    expect(performance.now() - began).toBeLessThan(2_500);
    expect((await answers.next()).value).toContain('negative');
    expect((await answers.next()).done).toBe(true);
  });

  it('ends with the error of a backend that labels nothing any more', async () => {
    const broken: Backend = {
      ...backend,
      classify: () => Promise.reject(new TidewatchError('model.failed', 'no memory')),
    };
    const lines = classifyLines(each(['"profit"']), broken, { lines: 0, errors: 0 });
    await expect(lines.next()).rejects.toMatchObject({ code: 'model.failed' });
  });

  it('ends with that error at once, also where its input stays open and says nothing more', async () => {
    const broken: Backend = {
      ...backend,
      classify: () => Promise.reject(new TidewatchError('model.failed', 'no memory')),
    };
    async function* open(): AsyncGenerator<string> {
      yield '"profit"';
      await new Promise(() => undefined);
    }
    const lines = classifyLines(open(), broken, { lines: 0, errors: 0 });
    await expect(lines.next()).rejects.toMatchObject({ code: 'model.failed' });
  });

  it('labels every line that came before its input broke, then ends with that error', async () => {
    for (const count of [3, 256, 300]) {
      async function* breaking(): AsyncGenerator<string> {
        for (let line = 0; line < count; line += 1) yield '"profit"';
        throw new Error('EIO: i/o error, read');
      }
      const slow: Backend = { ...backend, classify: (texts) => wait(20).then(() => backend.classify(texts)) };
      const out: string[] = [];
      const reading = (async () => {
        for await (const line of classifyLines(breaking(), slow, { lines: 0, errors: 0 })) out.push(line);
      })();
      await expect(reading).rejects.toThrow('EIO');
      expect(out).toHaveLength(count);
    }
  });

  it('reads no further than it must when nobody takes its answers', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        read += 1;
        yield '"profit"';
      }
    }
    const lines = classifyLines(endless(), backend, { lines: 0, errors: 0 });
    await lines.next();
    expect(read).toBeLessThan(600);
    await lines.return();
  });
});
