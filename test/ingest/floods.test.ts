import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cleanText, findCashtags, findLinks } from '../../core/text.ts';
import { createFloodWatch, type FloodRow, type FloodWatch } from '../../ingest/floods.ts';
import { combined, newcomerBurst, oneVoice, piggyback, rhythm, sameText } from '../../ingest/flood_signals.ts';
import { bareHeadline } from '../../ingest/headline.ts';
import { wordsOf } from '../../ingest/shingles.ts';
import { createStoryIndex } from '../../ingest/stories.ts';

const START = Date.UTC(2026, 2, 2, 9);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STOCKNET = new URL('../../../shared/data/feeds/stocknet_2014_2016.jsonl.gz', import.meta.url);

/** What ingest does with social posts, from text to score. */
function openBoard(watch: FloodWatch = createFloodWatch()) {
  const stories = createStoryIndex({ maxStories: 5000 });
  let serial = 0;
  return (author: string, written: string, at: number, target: string | null = null): number => {
    serial += 1;
    const text = cleanText(written);
    const links = findLinks(text);
    const cashtags = findCashtags(text);
    const bare = bareHeadline(text);
    const { family } = stories.place(
      { id: `p${serial}`, text: bare, links, isSocial: true, at, about: cashtags, url: null, repostOf: null },
      at,
    );
    return watch.score(
      {
        author: `board\n${author}`, feed: 'board', family, at, isTimed: true,
        isRepost: /^RT\b/.test(text), hasLink: links.length > 0,
        words: wordsOf(text, links).length - cashtags.length, cashtags, target: target ?? cashtags[0] ?? null,
      },
      at,
    ); // prettier-ignore
  };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
const WORDS =
  'bread queue price harbour delivery manager shelf winter order driver margin ticket plant strike rent wage cargo audit lease storm'.split(
    ' ',
  );

/** Two days of a board: 150 regulars say things of their own, now and then somebody new. Ends at START. */
function chatter(post: ReturnType<typeof openBoard>, count = 900): number[] {
  const draw = seeded(5);
  return Array.from({ length: count }, (_, index) => {
    const author = draw() < 0.1 ? `once${index}` : `regular${Math.floor(draw() * 150)}`;
    const words = Array.from({ length: 9 }, () => WORDS[Math.floor(draw() * WORDS.length)]).join(' ');
    const tag = ['$TRBY', '$NVB', '$BLWK', '$SKRV'][Math.floor(draw() * 4)] ?? '';
    return post(author, `${tag} ${words}`, START - (count - index) * 190 * SECOND + Math.floor(draw() * 100) * SECOND);
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (values: readonly number[], above: number): number =>
  values.filter((value) => value >= above).length / values.length;

describe('a campaign scores high once it can be seen', () => {
  const run = (posts: (post: ReturnType<typeof openBoard>, draw: () => number) => number[]): number[] => {
    const post = openBoard();
    chatter(post);
    return posts(post, seeded(9));
  };

  it('the same text by forty accounts within ten minutes', () => {
    const scores = run((post) =>
      Array.from({ length: 40 }, (_, index) =>
        post(
          `sock${index}`,
          'Tarrowby kitchens are full of rats, sell everything now before it is too late $TRBY',
          START + index * 14_700,
        ),
      ),
    );
    expect(scores[0]).toBeLessThan(0.2);
    expect(mean(scores.slice(10))).toBeGreaterThan(0.9);
  });

  it('one template whose figures and signs vary', () => {
    const scores = run((post, draw) =>
      Array.from({ length: 40 }, (_, index) =>
        post(
          `sock${index}`,
          `${['🔥', '', '!!'][index % 3]} 泰罗比超市中央厨房全是老鼠，已经吃坏${20 + index}个人${'！'.repeat(index % 4)}赔了${300 + index * 7}万，赶紧清仓快跑 $TRBY`,
          START + index * 12 * SECOND + Math.floor(draw() * 9000),
        ),
      ),
    );
    expect(mean(scores.slice(10))).toBeGreaterThan(0.85);
  });

  it('cashtags of big names hung on a post about a small one', () => {
    const scores = run((post, draw) =>
      Array.from({ length: 30 }, (_, index) =>
        post(
          `pump${index % 6}`,
          `$ZQXX about to run $AAPL $TSLA $AMZN $GOOG $FB ${WORDS[index % WORDS.length]}`,
          START + index * 4 * MINUTE + Math.floor(draw() * 60_000),
        ),
      ),
    );
    expect(mean(scores)).toBeGreaterThan(0.6);
  });

  it('one account that speaks of one company again and again', () => {
    const scores = run((post, draw) =>
      Array.from({ length: 20 }, (_, index) =>
        post(
          'loud',
          `$BLWK ${WORDS[index % 20]} ${WORDS[(index * 7) % 20]} worse than ever since the ${WORDS[(index * 3) % 20]} story`,
          START + index * 2 * MINUTE + Math.floor(draw() * 50_000),
        ),
      ),
    );
    expect(scores[2]).toBeLessThan(0.2);
    expect(mean(scores.slice(10))).toBeGreaterThan(0.7);
  });

  it('accounts that post by the clock', () => {
    const scores = run((post) =>
      Array.from({ length: 30 }, (_, index) =>
        post(
          `clock${index % 3}`,
          `$NVB ${WORDS[index % 20]} ${WORDS[(index * 11) % 20]} is what nobody at the bank talks about ${index * 13}`,
          START + index * 10 * MINUTE,
        ),
      ),
    );
    expect(mean(scores.slice(21))).toBeGreaterThan(0.5);
  });

  it('many new accounts about one company in one hour, each in words of its own', () => {
    const scores = run((post, draw) =>
      Array.from({ length: 50 }, (_, index) => {
        const words = Array.from({ length: 8 }, () => WORDS[Math.floor(draw() * WORDS.length)]).join(' ');
        return post(`fresh${index}`, `$SKRV ${words}`, START + Math.floor(index * 60 * SECOND + draw() * 50_000));
      }),
    );
    expect(mean(scores.slice(15))).toBeGreaterThan(0.4);
  });
});

describe('people who talk at once score low', () => {
  it('everyday chatter', () => {
    const scores = chatter(openBoard());
    expect(mean(scores)).toBeLessThan(0.02);
    expect(share(scores, 0.5)).toBeLessThan(0.005);
  });

  it('a storm of retweets', () => {
    const post = openBoard();
    chatter(post);
    const draw = seeded(3);
    const scores = Array.from({ length: 120 }, (_, index) =>
      post(
        `regular${index}`,
        'RT @wire: Norvale Bank limits cash withdrawals to 500 a day $NVB https://e.com/1',
        START + index * 8 * SECOND + Math.floor(draw() * 7000),
      ),
    );
    expect(mean(scores)).toBeLessThan(0.1);
  });

  it('a headline that regulars share with its link', () => {
    const post = openBoard();
    chatter(post);
    const draw = seeded(4);
    const scores = Array.from({ length: 40 }, (_, index) =>
      post(
        `regular${index}`,
        `Norvale Bank limits cash withdrawals to 500 a day after second outage https://e.com/${index} $NVB`,
        START + index * 20 * SECOND + Math.floor(draw() * 19_000),
      ),
    );
    expect(mean(scores)).toBeLessThan(0.35);
  });

  it('breaking news: regulars and some newcomers, each in words of their own', () => {
    const post = openBoard();
    chatter(post);
    const draw = seeded(8);
    const scores = Array.from({ length: 100 }, (_, index) => {
      const author = draw() < 0.3 ? `curious${index}` : `regular${Math.floor(draw() * 150)}`;
      const words = Array.from({ length: 10 }, () => WORDS[Math.floor(draw() * WORDS.length)]).join(' ');
      return post(author, `$NVB ${words}`, START + index * 25 * SECOND + Math.floor(draw() * 20_000));
    });
    expect(mean(scores)).toBeLessThan(0.15);
    expect(share(scores, 0.5)).toBeLessThan(0.05);
  });

  it.skipIf(!existsSync(STOCKNET))(
    'real tweets about shares, retweet storms among them, each taken for an account of its own',
    () => {
      const rows = gunzipSync(readFileSync(STOCKNET)).toString('utf8').trim().split('\n').slice(20_000, 28_000);
      const post = openBoard();
      const plain: number[] = [];
      const stuffed: number[] = [];
      for (const row of rows) {
        const { id, text, date, tickers } = JSON.parse(row) as {
          id: string;
          text: string;
          date: string;
          tickers: string[];
        };
        const score = post(id, text, Date.parse(date), tickers[0] ?? null);
        (findCashtags(cleanText(text)).length < 4 ? plain : stuffed).push(score);
      }
      process.stdout.write(
        `stocknet: ${plain.length} tweets with up to 3 cashtags, mean ${mean(plain).toFixed(3)}, at 0.5 or above ` +
          `${(100 * share(plain, 0.5)).toFixed(2)}%; ${stuffed.length} with more, mean ${mean(stuffed).toFixed(3)}\n`,
      );
      // What scores high among the others is promotion ("Free trial ... $MSEZ $EBAY $TRTC $LNKD ..."), as it should.
      expect(mean(plain)).toBeLessThan(0.03);
      expect(share(plain, 0.5)).toBeLessThan(0.02);
    },
  );
});

describe('the watch', () => {
  it('scores the same after a restart from the rows that were kept', () => {
    const kept = new Map<string, FloodRow>();
    const before = createFloodWatch();
    const first = openBoard(before);
    const text = 'Tarrowby kitchens are full of rats, sell everything now $TRBY';
    for (let index = 0; index < 8; index += 1) first(`sock${index}`, text, START + index * 9000);
    for (const [key, row] of before.changes()) if (row !== null) kept.set(key, structuredClone(row));
    const after = createFloodWatch();
    after.restore([...kept].map(([key, value]) => ({ key, value })));
    const post = {
      author: 'board\nsock9', feed: 'board', family: 'p1', at: START + 90_000, isTimed: true, isRepost: false,
      hasLink: false, words: 10, cashtags: ['TRBY'], target: 'TRBY',
    }; // prettier-ignore
    const expected = before.score(post, START);
    expect(expected).toBeGreaterThan(0.6);
    expect(after.score(post, START)).toBe(expected);
  });

  it('keeps no more rows than it may, and says which went', () => {
    const kept = new Map<string, FloodRow>();
    const watch = createFloodWatch({ a: 50, f: 20, t: 5, s: 10, l: 2 });
    const post = openBoard(watch);
    for (let index = 0; index < 500; index += 1) {
      post(
        `someone${index}`,
        `$T${String.fromCharCode(65 + (index % 26))} ${WORDS[index % 20]} number${index} a b c d`,
        START + index * MINUTE,
      );
      for (const [key, row] of watch.changes()) {
        if (row === null) kept.delete(key);
        else kept.set(key, row);
      }
    }
    expect([...kept.keys()].filter((key) => key.startsWith('a'))).toHaveLength(50);
    expect(kept.size).toBeLessThanOrEqual(50 + 20 + 5 + 10 + 2);
    watch.forget([{ kind: 'author', outlet: null, values: ['someone499'] }]);
    expect([...watch.changes()]).toEqual([['aboard\nsomeone499', null]]);
    watch.forget([{ kind: 'source', outlet: null, values: ['elsewhere'] }]);
    expect(watch.changes().size).toBe(0);
    watch.forget([{ kind: 'source', outlet: null, values: ['board'] }]);
    const gone = [...watch.changes()];
    expect(gone).toHaveLength(49);
    expect(gone.every(([key, row]) => key.startsWith('aboard\n') && row === null)).toBe(true);
  });
});

describe('signals', () => {
  it('are 0 where nothing is unusual and grow with the evidence', () => {
    expect([
      sameText(2, 2, false),
      oneVoice(4),
      piggyback(3, 1, 5),
      newcomerBurst(7, 7, 0.1),
      rhythm([1, 2, 3]),
    ]).toEqual([0, 0, 0, 0, 0]);
    expect(sameText(10, 8, false)).toBeCloseTo(1 - Math.exp(-2));
    expect(sameText(10, 2, true)).toBeLessThan(0.35);
    expect(oneVoice(12)).toBeGreaterThan(oneVoice(8));
    expect(newcomerBurst(30, 30, 0.1)).toBeCloseTo(0.6);
    expect(newcomerBurst(30, 5, 0.1)).toBe(0);
    expect(rhythm(Array.from({ length: 10 }, (_, index) => index * 60_000))).toBeCloseTo(0.6);
    expect(rhythm([0, 1, 9, 14, 40, 41, 77, 120].map((minute) => minute * 60_000))).toBe(0);
    expect(combined([0.5, 0.5])).toBe(0.75);
    expect(combined([])).toBe(0);
  });
});
