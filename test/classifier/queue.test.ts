import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutBatches, cutRequests, dealOut } from '../../classifier/queue.ts';

describe('cutting batches by token budget', () => {
  it('puts texts of like length together, longest first', () => {
    const batches = cutBatches([3, 30, 4, 29], { maxTokens: 64, maxTexts: 64 }, 0);
    expect(batches).toEqual([
      { members: [1, 3], length: 30 },
      { members: [2, 0], length: 4 },
    ]);
  });

  it('gives a text that is over the budget a batch of its own', () => {
    expect(cutBatches([600, 2], { maxTokens: 512, maxTexts: 64 }, 0)).toEqual([
      { members: [0], length: 600 },
      { members: [1], length: 2 },
    ]);
  });

  it('puts every text in exactly one batch, and keeps both limits', () => {
    const anyLengths = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 });
    const anyHalvings = fc.integer({ min: 0, max: 3 });
    const anyLimits = fc.record({
      maxTokens: fc.integer({ min: 1, max: 600 }),
      maxTexts: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(anyLengths, anyLimits, anyHalvings, (lengths, limits, halvings) => {
        const batches = cutBatches(lengths, limits, halvings);
        const members = batches.flatMap((batch) => batch.members);
        expect([...members].sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
        for (const batch of batches) {
          expect(batch.members.length).toBeLessThanOrEqual(limits.maxTexts);
          const longest = Math.max(...batch.members.map((member) => lengths[member] ?? 0));
          for (let times = 0; times <= halvings; times += 1) {
            expect(Number.isInteger(batch.length / 2 ** times)).toBe(true);
            expect((batch.length / 2 ** times) % 4).not.toBe(3);
          }
          expect(batch.length - longest).toBeGreaterThanOrEqual(0);
          expect(batch.length - longest).toBeLessThan(2 ** (halvings + 1));
          if (batch.members.length > 1)
            expect(batch.members.length * batch.length).toBeLessThanOrEqual(limits.maxTokens);
        }
      }),
    );
  });

  it('wastes less on padding than batches in order of arrival', () => {
    const lengths = Array.from({ length: 256 }, (_, index) => 5 + ((index * 37) % 90));
    const padded = cutBatches(lengths, { maxTokens: 512, maxTexts: 64 }, 0).reduce(
      (sum, { members, length }) => sum + members.length * length,
      0,
    );
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    expect(padded / tokens).toBeLessThan(1.1);
  });
});

describe('cutting texts into requests', () => {
  it('keeps the order, and no request carries more texts or bytes than it may, save a single larger text', () => {
    const limits = { maxTexts: 3, maxBytes: 10 };
    expect(cutRequests([4, 4, 4, 20, 1, 1, 1, 1], limits)).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 4 },
      { from: 4, to: 7 },
      { from: 7, to: 8 },
    ]);
    expect(cutRequests([], limits)).toEqual([]);
  });
});

describe('texts dealt to several copies of a model', () => {
  it('give each hand texts of all lengths, each text once', () => {
    expect(dealOut([5, 50, 10, 40, 20], 2)).toEqual([
      [1, 4, 0],
      [3, 2],
    ]);
  });

  it('leave no hand empty', () => {
    expect(dealOut([7], 4)).toEqual([[0]]);
    expect(dealOut([], 4)).toEqual([]);
  });
});
