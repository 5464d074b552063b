/**
 * A text's numbers do not depend on the texts beside it, to the last bit: else one that is labelled again after a kill gets other
 * ones, and a replay writes other bytes. Asked of the shipped model, whose sums are those of ONNX Runtime on this processor.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadArtifact, shippedModel } from '../../classifier/artifact.ts';
import { openSession } from '../../classifier/backends/onnx_session.ts';
import { EMBEDDING } from '../../classifier/labels.ts';
import { generator, shuffle } from '../../classifier/train/random.ts';

const HEADS = ['sentiment', 'topic', 'event', 'topics_zh', EMBEDDING] as const;
const FEED = join(import.meta.dirname, '../../examples/feed.jsonl');
const texts = readFileSync(FEED, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { title?: string; text?: string })
  .map(({ title, text }) => [title, text].filter((part) => part !== undefined).join('. '))
  .filter((_, index) => index % 5 === 0);

const artifact = await loadArtifact(shippedModel('tidewatch-small'));
const session = await openSession({
  ...artifact,
  provider: 'cpu',
  threads: 1,
  limits: { maxTokens: 512, maxTexts: 64 },
  earlyExit: false,
  embeds: true,
});
afterAll(() => session.close());

/** Of each text all its numbers, asked so many at a time. */
async function numbers(order: readonly number[], size: number): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < order.length; from += size) {
    const places = order.slice(from, from + size);
    const logits = await session.infer({ texts: places.map((place) => texts[place] ?? ''), heads: HEADS });
    for (const [row, place] of places.entries())
      found[place] = HEADS.map((head) => {
        const width = (logits[head]?.length ?? 0) / places.length;
        return logits[head]?.subarray(row * width, (row + 1) * width).join();
      }).join(' ');
  }
  return found;
}

test('each text has the same bits alone, in pairs and in all sorts of company', async () => {
  expect(new Set(texts.map((text) => text.length % 4)).size).toBe(4);
  const order = [...texts.keys()];
  const alone = await numbers(order, 1);
  for (const [turn, size] of [2, 3, 7, 16, 50, texts.length].entries())
    expect(await numbers(shuffle([...order], generator(size, turn)), size), `${size} at a time`).toEqual(alone);
}, 60_000);
