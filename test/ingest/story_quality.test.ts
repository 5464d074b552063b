import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { textsById } from '../../classifier/train/texts.ts';
import { cleanText, findCashtags, findLinks } from '../../core/text.ts';
import { bareHeadline } from '../../ingest/headline.ts';
import { createStoryIndex } from '../../ingest/stories.ts';
import { FEED_PAIRS } from './pairs/feed_pairs.ts';
import { makePairs } from './pairs/make_pairs.ts';

const FEEDS = new URL('../../../shared/data/feeds/', import.meta.url);

/** Whether the second text joins the first one's story, each as ingest would hand it on. */
function isJoined(first: string, second: string, isSocial: boolean): boolean {
  const index = createStoryIndex({ maxStories: 8 });
  const [a, b] = [first, second].map((written, number) => {
    const text = cleanText(written);
    const bare = text.length <= 200 ? bareHeadline(text) : text;
    return index.place(
      {
        id: `${number}`,
        text: bare,
        links: findLinks(text),
        isSocial,
        at: 0,
        about: findCashtags(text),
        url: null,
        repostOf: null,
      },
      0,
    );
  });
  return a?.story === b?.story;
}

interface Judged {
  readonly what: string;
  readonly isCopy: boolean;
  readonly joined: boolean;
}
function scores(judged: readonly Judged[]): { precision: number; recall: number; wrong: readonly string[] } {
  const right = judged.filter(({ isCopy, joined }) => isCopy && joined).length;
  return {
    precision: right / Math.max(1, judged.filter(({ joined }) => joined).length),
    recall: right / Math.max(1, judged.filter(({ isCopy }) => isCopy).length),
    wrong: judged.filter(({ isCopy, joined }) => isCopy !== joined).map(({ what }) => what),
  };
}
const line = (name: string, size: number, { precision, recall }: ReturnType<typeof scores>): string =>
  `${name}: ${size} pairs, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}\n`;

describe('stories', () => {
  it.each([11, 12])('join copies and keep strangers apart on made pairs (seed %i)', (seed) => {
    const judged = makePairs(seed).map((pair) => ({
      what: `${pair.kind}: ${pair.a} / ${pair.b}`,
      isCopy: pair.isCopy,
      joined: isJoined(pair.a, pair.b, false),
    }));
    const result = scores(judged);
    process.stdout.write(line(`made pairs, seed ${seed}`, judged.length, result));
    expect(result.precision, result.wrong.join('\n')).toBeGreaterThan(0.98);
    expect(result.recall, result.wrong.join('\n')).toBeGreaterThan(0.97);
  });

  it.skipIf(!existsSync(FEEDS))('do so for most of the hard pairs of real feeds that a person judged', () => {
    const judged = FEED_PAIRS.flatMap(({ feed, copies, strangers }) => {
      const texts = textsById([fileURLToPath(new URL(`${feed}.jsonl.gz`, FEEDS))]);
      const judge = (pair: string, isCopy: boolean): Judged => {
        const [a = '', b = ''] = pair.split(' ').map((id) => texts.get(id) ?? '');
        expect(a === '' || b === '', pair).toBe(false);
        return { what: pair, isCopy, joined: isJoined(a, b, feed.startsWith('stocknet')) };
      };
      return copies.map((pair) => judge(pair, true)).concat(strangers.map((pair) => judge(pair, false)));
    });
    const result = scores(judged);
    process.stdout.write(line('hard pairs of real feeds', judged.length, result));
    expect(result.precision, result.wrong.join('\n')).toBeGreaterThan(0.7);
    expect(result.recall, result.wrong.join('\n')).toBeGreaterThan(0.6);
  });
});
