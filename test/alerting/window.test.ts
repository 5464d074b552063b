import { describe, expect, it } from 'vitest';
import { MOST_SEEN_LATE } from '../../alerting/hindsight.ts';
import { observe } from '../../alerting/observation.ts';
import {
  admitLate,
  closeThrough,
  forgetBefore,
  newRecord,
  windowAt,
  type SeriesRecord,
} from '../../alerting/window.ts';
import { HOUR, START, opinionOf, withDocument, type OpinionFacts } from './opinions.ts';

const rules = { bucketMs: HOUR, windowMs: 8 * HOUR, authorCap: 2, halfLifeMs: 14 * 24 * HOUR };
const all = (): boolean => true;

function recordWith(facts: readonly OpinionFacts[]): SeriesRecord {
  const record = newRecord({ kind: 'entity', entity: 'acme', topic: null });
  record.waiting.push(...facts.map((one) => observe(opinionOf(one))));
  return record;
}

describe('the window of a series', () => {
  it('sums probabilities of being negative, not labels', () => {
    const record = recordWith([
      { id: 'a', time: START, negative: 0.9 },
      { id: 'b', time: START + 1, negative: 0.4 },
      { id: 'c', time: START + 2, negative: 0.1 },
    ]);
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, all);
    expect(window.negative).toBeCloseTo(1.4, 12);
    expect(window.stories).toBe(3);
    expect(window.driving.map(({ id }) => id)).toEqual(['a']);
  });

  it('counts a story once and its copies apart', () => {
    const record = recordWith(
      Array.from({ length: 25 }, (_, index) => ({
        id: `copy ${index}`,
        time: START + index,
        negative: 0.9,
        story: 'wire',
        source: `outlet ${index}`,
      })),
    );
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, all);
    expect(window.negative).toBeCloseTo(0.9, 12);
    expect([window.stories, window.authors, window.documents]).toEqual([1, 1, 25]);
    expect(window.copies.get('wire')).toBe(24);
  });

  it('counts at most author_cap stories of one author in any window', () => {
    const record = recordWith(
      Array.from({ length: 40 }, (_, index) => ({
        id: `post ${String(index).padStart(2, '0')}`,
        time: START + index * 60_000,
        negative: 0.9,
        author: `bot ${index % 3}`,
      })),
    );
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, all);
    expect([window.stories, window.authors, window.capped]).toEqual([6, 3, 34]);
  });

  it('lets an author speak again once the earlier stories have left the window', () => {
    const record = recordWith([
      { id: 'a', time: START, author: 'x' },
      { id: 'b', time: START + 1, author: 'x' },
      { id: 'c', time: START + 2, author: 'x' },
      { id: 'd', time: START + 9 * HOUR, author: 'x' },
    ]);
    closeThrough(record, START + HOUR, rules);
    expect(windowAt(record, START + HOUR, rules, all).stories).toBe(2);
    for (let end = 2; end <= 10; end += 1) closeThrough(record, START + end * HOUR, rules);
    const later = windowAt(record, START + 10 * HOUR, rules, all);
    expect([later.stories, later.capped]).toEqual([1, 0]);
  });

  it('takes unsigned posts of one outlet for one author, unsigned news stories for many', () => {
    const unsigned = (sourceClass: 'news' | 'social'): SeriesRecord =>
      recordWith(
        Array.from({ length: 5 }, (_, index) => ({
          id: String(index),
          time: START + index,
          negative: 0.9,
          author: null,
          sourceClass,
        })),
      );
    const social = unsigned('social');
    const news = unsigned('news');
    for (const record of [social, news]) closeThrough(record, START + HOUR, rules);
    expect(windowAt(social, START + HOUR, rules, all).authors).toBe(1);
    expect(windowAt(social, START + HOUR, rules, all).stories).toBe(2);
    expect(windowAt(news, START + HOUR, rules, all).authors).toBe(5);
  });

  it('covers its start and leaves out its end', () => {
    const record = recordWith([
      { id: 'first', time: START },
      { id: 'last', time: START + 8 * HOUR - 1 },
      { id: 'next', time: START + 8 * HOUR },
    ]);
    closeThrough(record, START + 8 * HOUR, rules);
    expect(windowAt(record, START + 8 * HOUR, rules, all).stories).toBe(2);
    expect(record.waiting.map(({ id }) => id)).toEqual(['next']);
    closeThrough(record, START + 9 * HOUR, rules);
    expect(windowAt(record, START + 9 * HOUR, rules, all).stories).toBe(2);
  });

  it('leaves out feeds without a history of their own', () => {
    const record = recordWith([
      { id: 'a', time: START, feed: 'old' },
      { id: 'b', time: START, feed: 'new' },
    ]);
    closeThrough(record, START + HOUR, rules);
    expect(windowAt(record, START + HOUR, rules, (lane) => lane === 'old').stories).toBe(1);
  });

  it('counts a late document in its own bucket and in later windows', () => {
    const record = recordWith([{ id: 'a', time: START + HOUR }]);
    closeThrough(record, START + 4 * HOUR, rules);
    admitLate(record, observe(opinionOf({ id: 'late', time: START + 30 * 60_000 })), START + 4 * HOUR, rules);
    expect(record.buckets.map(({ start }) => (start - START) / HOUR)).toEqual([0, 1]);
    expect(windowAt(record, START + 5 * HOUR, rules, all).stories).toBe(2);
    closeThrough(record, START + 9 * HOUR, rules);
    expect(windowAt(record, START + 9 * HOUR, rules, all).stories).toBe(1);
  });

  it('keeps a late document that is older than the window in the history only', () => {
    const record = recordWith([{ id: 'a', time: START + 20 * HOUR }]);
    closeThrough(record, START + 21 * HOUR, rules);
    admitLate(record, observe(opinionOf({ id: 'late', time: START })), START + 21 * HOUR, rules);
    expect(record.buckets.flatMap(({ admitted }) => admitted).map(({ id }) => id)).toEqual(['a']);
    expect([...record.past.stories.subarray(0, record.past.size)]).toEqual([1, 1]);
  });

  describe('dated so far back that only the history counts it', () => {
    const END = START + 100 * HOUR;
    const counted = ({ past }: SeriesRecord): number[] => [...past.stories.subarray(0, past.size)];

    /** A record to which these come when everything up to END is closed. */
    function after(facts: readonly OpinionFacts[]): SeriesRecord {
      const record = recordWith([]);
      closeThrough(record, END, rules);
      for (const one of facts) admitLate(record, observe(opinionOf(one)), END, rules);
      return record;
    }

    it('counts a story once a block, however often it is copied', () => {
      const copies = Array.from({ length: 80 }, (_, index) => ({
        id: `copy ${index}`,
        time: START + (index % 16) * HOUR,
        story: 'wire',
        source: `outlet ${index}`,
      }));
      expect(counted(after(copies))).toEqual([1, 1]);
    });

    it('counts at most author_cap stories of one author a block', () => {
      const posts = Array.from({ length: 80 }, (_, index) => ({
        id: `post ${index}`,
        time: START + (index % 16) * HOUR,
        author: `bot ${index % 3}`,
      }));
      expect(counted(after(posts))).toEqual([6, 6]);
    });

    it('is in the history as in order: the same sums for what comes late', () => {
      const facts = Array.from({ length: 60 }, (_, index) => ({
        id: `d${String(index).padStart(2, '0')}`,
        time: START + index * 8 * 60_000,
        author: `author ${index % 7}`,
        story: `story ${index % 11}`,
      }));
      const inOrder = recordWith(facts);
      closeThrough(inOrder, START + 8 * HOUR, rules);
      expect(counted(after(facts))).toEqual(counted(inOrder));
    });

    it('costs a bounded memory, which goes with the blocks', () => {
      const many = Array.from({ length: 3 * MOST_SEEN_LATE }, (_, index) => ({ id: `d${index}`, time: START + index }));
      const record = after(many);
      expect(counted(record)).toEqual([many.length]);
      expect(record.hindsight?.size).toBe(MOST_SEEN_LATE);
      admitLate(record, observe(opinionOf({ id: 'kept', time: START + 50 * HOUR })), END, rules);
      expect(forgetBefore(record, START + 9 * HOUR, rules)).toBe(true);
      expect([record.hindsight?.size, counted(record)]).toEqual([1, [1]]);
      expect(forgetBefore(record, END, rules)).toBe(true);
      expect(record.hindsight).toBeNull();
    });
  });

  it('keeps what is needed to show for the most negative documents only', () => {
    const record = recordWith(
      Array.from({ length: 100 }, (_, index) => ({ id: `d${index}`, time: START, negative: index / 100 })),
    );
    closeThrough(record, START + HOUR, rules);
    const shown = record.buckets.flatMap(({ admitted }) => admitted).filter((one) => one.shown !== null);
    expect(shown).toHaveLength(30);
    expect(Math.min(...shown.map(({ negative }) => negative))).toBe(0.7);
  });

  it('forgets blocks that no baseline reaches', () => {
    const record = recordWith([
      { id: 'a', time: START },
      { id: 'b', time: START + 25 * HOUR },
    ]);
    closeThrough(record, START + 26 * HOUR, rules);
    expect(forgetBefore(record, START + 9 * HOUR, rules)).toBe(true);
    expect(record.past.size).toBe(1);
  });

  it('counts a document for less the more it looks coordinated', () => {
    const record = newRecord({ kind: 'entity', entity: 'acme', topic: null });
    for (const [index, coordinated] of [0, 0.5, 1].entries()) {
      const opinion = opinionOf({ id: `c${index}`, time: START + index, negative: 0.8 });
      record.waiting.push(observe(withDocument(opinion, { coordinated })));
    }
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, all);
    expect([window.stories, window.leaning, window.authors, window.discounted]).toEqual([1.5, 1.5, 1.5, 1.5]);
    expect(window.negative).toBeCloseTo(1.2, 12);
    expect([...record.past.stories.subarray(0, record.past.size)]).toEqual([1.5]);
  });
});
