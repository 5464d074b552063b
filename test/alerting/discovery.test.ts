import { describe, expect, it } from 'vitest';
import { levelOf, qValues, type Tested } from '../../alerting/discovery.ts';
import { confusionFault, createCorrection, negativeWeights, type Confusion } from '../../alerting/correction.ts';
import type { SeriesKind } from '../../core/event.ts';
import { HOUR, randomFrom } from './opinions.ts';

describe('false-discovery control', () => {
  const tested = (kind: SeriesKind, ...values: number[]): Tested[] => values.map((pValue) => ({ kind, pValue }));

  it('gives the q-values of Benjamini and Hochberg for one kind', () => {
    // m = 10: 0.001·10/1, 0.004·10/2, 0.03·10/3; the one above takes the least of what follows.
    const values = qValues(tested('entity', 0.03, 0.001, 0.004), new Map([['entity', 10]]));
    for (const [index, value] of [0.1, 0.01, 0.02].entries()) expect(values[index]).toBeCloseTo(value, 12);
  });

  it('does not let many pairs drown few entities', () => {
    const live = new Map<SeriesKind, number>([
      ['entity', 100],
      ['entity_topic', 20_000],
    ]);
    const [entity, pair] = [qValues(tested('entity', 1e-5), live)[0], qValues(tested('entity_topic', 1e-5), live)[0]];
    expect(entity).toBeCloseTo(1e-5 * 2 * 100, 12);
    expect(pair).toBeCloseTo(1e-5 * 2 * 20_000, 12);
  });

  it('allows an hour its part of a month', () => {
    expect(levelOf(1, HOUR)).toBeCloseTo(1 / 720, 12);
    expect(levelOf(1000, HOUR)).toBe(0.05);
    expect(levelOf(1000, HOUR, 0.3)).toBe(0.3);
    expect(levelOf(30, 6 * HOUR)).toBe(0.05);
  });

  it('holds under the null and beside true incidents: false alerts a month, and false ones among all (simulation)', () => {
    const random = randomFrom(11);
    const live = new Map<SeriesKind, number>([
      ['entity', 200],
      ['entity_topic', 800],
    ]);
    const [ticks, months] = [720 * 10, 10];
    const level = levelOf(1, HOUR);
    const counts = { quietFalse: 0, false: 0, all: 0 };
    for (let tick = 0; tick < ticks; tick += 1) {
      // The least p-values of 1,000 even ones are all that matter; 40 smallest by order statistics would do, all are drawn.
      const nulls: Tested[] = [];
      for (let index = 0; index < 1000; index += 1) {
        const pValue = random();
        if (pValue < 0.01) nulls.push({ kind: index < 200 ? 'entity' : 'entity_topic', pValue });
      }
      counts.quietFalse += qValues(nulls, live).filter((q) => q <= level).length;
      const incidents = tick % 72 === 0 ? tested('entity', 1e-9, 1e-8, 1e-7) : [];
      const values = qValues([...incidents, ...nulls], live);
      counts.all += values.filter((q) => q <= level).length;
      counts.false += values.slice(incidents.length).filter((q) => q <= level).length;
    }
    // Expected 1 a month: 10, give or take 3 standard deviations.
    expect(counts.quietFalse / months).toBeLessThan(2);
    expect(counts.all).toBeGreaterThanOrEqual(300);
    expect(counts.false / counts.all).toBeLessThan(0.08);
  });
});

describe('correction by the confusion matrix', () => {
  const worse: Confusion = [
    [0.6, 0.3, 0.1],
    [0.3, 0.5, 0.2],
    [0.2, 0.2, 0.6],
  ];
  const better: Confusion = [
    [0.9, 0.08, 0.02],
    [0.06, 0.9, 0.04],
    [0.02, 0.08, 0.9],
  ];
  const corrected = createCorrection(
    new Map([
      ['worse@1', worse],
      ['better@1', better],
    ]),
  );
  /** What a model of that matrix says on average of so many texts of each class. */
  const said = (matrix: Confusion, mix: readonly number[]) => {
    const sum = (column: 0 | 1 | 2): number =>
      matrix.reduce((all, row, index) => all + row[column] * (mix[index] ?? 0), 0);
    return { negative: sum(0), neutral: sum(1), positive: sum(2) };
  };

  it('counts the same world by a good and by a bad model', () => {
    const mix = [0.2, 0.5, 0.3];
    expect(said(worse, mix).negative).toBeCloseTo(0.33, 9);
    expect(corrected(said(worse, mix), 'worse@1')).toBeCloseTo(0.2, 9);
    expect(corrected(said(better, mix), 'better@1')).toBeCloseTo(0.2, 9);
  });

  it('leaves a model alone of which nothing is known', () => {
    expect(corrected({ negative: 0.7, neutral: 0.2, positive: 0.1 }, 'other@1')).toBe(0.7);
  });

  it('refuses a matrix that tells nothing apart, or is none', () => {
    expect(confusionFault(better)).toBeNull();
    expect(
      confusionFault([
        [0.4, 0.3, 0.3],
        [0.35, 0.35, 0.3],
        [0.3, 0.3, 0.4],
      ]),
    ).toContain('tells nothing apart');
    expect(
      confusionFault([
        [0.9, 0.08, 0.2],
        [0.06, 0.9, 0.04],
        [0.02, 0.08, 0.9],
      ]),
    ).toContain('row 1 sums to 1.180');
    expect(
      negativeWeights([
        [1, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
      ]),
    ).toBeNull();
  });
});
