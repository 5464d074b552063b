/** Logistic regression against what it must find: the shares of a table, and the side of a line. */
import { expect, test } from 'vitest';
import { fitLabels } from '../../../classifier/train/logistic.ts';
import { generator } from '../../../classifier/train/random.ts';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

test('one feature of two values gives the shares of the table', () => {
  // 40 rows at 0, of which 10 are true; 60 at 2, of which 45 are.
  const features = Float32Array.from({ length: 100 }, (_, row) => (row < 40 ? 0 : 2));
  const gold = Array.from({ length: 100 }, (_, row) => (row < 10 || row >= 55 ? [0] : []));
  const { weight, bias } = fitLabels(features, 1, gold, 1, 1e-9);
  expect(sigmoid(bias[0] ?? 0)).toBeCloseTo(0.25, 4);
  expect(sigmoid((bias[0] ?? 0) + 2 * (weight[0] ?? 0))).toBeCloseTo(0.75, 4);
});

test('each label is found by its own side; ridge holds what is perfectly apart, and a label never seen stays improbable', () => {
  const random = generator(7);
  const rows = 400;
  const features = Float32Array.from({ length: rows * 3 }, () => random() * 2 - 1 + 5);
  const side = (row: number, column: number): boolean => (features[row * 3 + column] ?? 0) > 5;
  const gold = Array.from({ length: rows }, (_, row) => [0, 1].filter((label) => side(row, label)));
  const { weight, bias } = fitLabels(features, 3, gold, 3, 1e-3);
  const logit = (row: number, label: number): number =>
    [0, 1, 2].reduce(
      (sum, at) => sum + (weight[label * 3 + at] ?? 0) * (features[row * 3 + at] ?? 0),
      bias[label] ?? 0,
    );
  const wrong = gold.filter((_, row) => [0, 1].some((label) => logit(row, label) > 0 !== side(row, label)));
  expect(wrong.length).toBeLessThan(rows / 20);
  expect([...weight, ...bias].every((number) => Number.isFinite(number))).toBe(true);
  expect(Math.max(...gold.map((_, row) => sigmoid(logit(row, 2))))).toBeLessThan(0.02);
});
