/** What the labelling queue asks first, on made candidates of which one thing at a time is telling. */
import { describe, expect, it } from 'vitest';
import {
  chooseNext,
  disagreement,
  driftOf,
  uncertainty,
  type Candidate,
} from '../../../classifier/learning/informative.ts';

const SURE = { negative: 0.02, neutral: 0.96, positive: 0.02 };
const UNSURE = { negative: 0.34, neutral: 0.33, positive: 0.33 };
const WORDS = 'alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa'.split(
  ' ',
);

function candidate(index: number, over: Partial<Candidate> = {}): Candidate {
  return {
    id: `d${index}`,
    story: `s${index}`,
    text: [0, 3, 7, 11].map((step) => `${WORDS[(index * 5 + step) % WORDS.length]}${index}`).join(' '),
    sentiment: 'neutral',
    sentiments: SURE,
    topic: 'Earnings',
    topics: { Earnings: 0.97, Macro: 0.03 },
    confidence: 0.96,
    event: null,
    entities: [],
    shadow: null,
    embedding: null,
    labelled: 0,
    ...over,
  };
}

const chance = (id: string): number => (Number(id.slice(1)) * 0.618) % 1;
const choose = (all: readonly Candidate[], count: number) => chooseNext(all, { count, reference: null, chance });

describe('what is asked next', () => {
  it('asks what the model is unsure of, and what a candidate in shadow sees otherwise, before what both are sure of', () => {
    const all = Array.from({ length: 30 }, (_, index) => candidate(index));
    all[7] = candidate(7, { sentiments: UNSURE, confidence: 0.34 });
    all[9] = candidate(9, { shadow: { negative: 0.9, neutral: 0.05, positive: 0.05 } });
    all[11] = candidate(11, { topics: { Earnings: 0.41, Macro: 0.4, Dividend: 0.19 } });
    all[13] = candidate(13, { event: '财务造假', sentiments: { negative: 0.05, neutral: 0.1, positive: 0.85 } });
    const first = choose(all, 4);
    expect(first.map(({ id }) => id).toSorted()).toEqual(['d11', 'd13', 'd7', 'd9']);
    expect(first.find(({ id }) => id === 'd7')?.reasons).toEqual(['uncertain']);
    expect(first.find(({ id }) => id === 'd9')?.reasons).toEqual(['disagreement']);
    expect(first.find(({ id }) => id === 'd13')?.reasons[0]).toBe('disagreement');
  });

  it('asks a story once, and of ten that say the same in other stories asks others in between', () => {
    const same = Array.from({ length: 10 }, (_, index) =>
      candidate(index, {
        sentiments: UNSURE,
        text: 'Norvale halts withdrawals at all branches today',
        story: `s${index % 5}`,
      }),
    );
    const others = Array.from({ length: 10 }, (_, index) =>
      candidate(20 + index, { sentiments: { negative: 0.5, neutral: 0.4, positive: 0.1 } }),
    );
    const first = choose([...same, ...others], 6).map(({ id }) => Number(id.slice(1)));
    expect(first.filter((id) => id < 10)).toHaveLength(1);
  });

  it('tells likeness by embeddings where there are any, across languages', () => {
    const all = [
      candidate(1, { sentiments: UNSURE, text: 'bank halts withdrawals', embedding: [1, 0, 0.1] }),
      candidate(2, { sentiments: UNSURE, text: '银行暂停取款', embedding: [1, 0.05, 0.1] }),
      candidate(3, { sentiments: { negative: 0.45, neutral: 0.45, positive: 0.1 }, embedding: [0, 1, 0] }),
    ];
    const ids = choose(all, 2).map(({ id }) => id);
    expect(ids).toContain('d3');
  });

  it('draws one in eight at random and one in ten from what somebody else has labelled', () => {
    const all = Array.from({ length: 120 }, (_, index) => candidate(index, index >= 110 ? { labelled: 1 } : {}));
    const chosen = choose(all, 40);
    expect(chosen.filter(({ reasons }) => reasons.includes('sample'))).toHaveLength(4);
    const second = chosen.filter(({ reasons }) => reasons.includes('second_opinion'));
    expect(second).toHaveLength(4);
    expect(second.every(({ id }) => Number(id.slice(1)) >= 110)).toBe(true);
    // What two people have labelled is settled.
    expect(choose([candidate(1, { labelled: 2 })], 5)).toEqual([]);
  });

  it('asks more of what has become frequent, and only while the stream is another than it was', () => {
    const reference = {
      sentiment: { neutral: 1 },
      topic: { Earnings: 0.95, 'Energy | Oil': 0.05 },
      confidence: { '0.9': 1 },
    };
    const all = Array.from({ length: 300 }, (_, index) =>
      candidate(index, index % 2 === 0 ? { topic: 'Energy | Oil', topics: { 'Energy | Oil': 0.97 } } : {}),
    );
    const drift = driftOf(all, reference);
    expect(drift(all[0] as Candidate)).toBe(1);
    expect(drift(all[1] as Candidate)).toBe(0);
    const steady = Array.from({ length: 300 }, (_, index) =>
      candidate(index, index % 20 === 0 ? { topic: 'Energy | Oil', topics: { 'Energy | Oil': 0.97 } } : {}),
    );
    expect(driftOf(steady, reference)(steady[0] as Candidate)).toBe(0);
  });

  it('measures uncertainty and disagreement between nothing and one', () => {
    expect(uncertainty({ sentiments: UNSURE, topics: {} })).toBeCloseTo(1, 3);
    expect(uncertainty({ sentiments: { negative: 1, neutral: 0, positive: 0 }, topics: { a: 1 } })).toBe(0);
    expect(disagreement(candidate(1))).toBe(0);
    expect(disagreement(candidate(1, { shadow: { negative: 1, neutral: 0, positive: 0 } }))).toBeCloseTo(0.98, 5);
  });
});
