/** The loss of labels against a computation by hand. */
import { expect, test } from 'vitest';
import { besideTeacher } from '../../../classifier/train/distil_loss.ts';
import { HEADS } from '../../../classifier/train/labels.ts';
import { lossOf } from '../../../classifier/train/loss.ts';
import type { Targets } from '../../../classifier/train/targets.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { tinyRows } from './tiny.ts';

const tf = await loadTensorflow('cpu');
const heads = HEADS.filter(({ name }) => name === 'sentiment').map((head) => ({ ...head, weight: 1 }));
/** Probabilities of a quarter, a quarter and a half. */
const LOGITS = [0, 0, Math.log(2)];
const ALL = [0, 1, 2];

function loss(targets: Targets['sentiment'][], smoothing: number): number {
  const logits = { sentiment: tf.tensor2d(targets.map(() => LOGITS)) };
  const rows = targets.map((sentiment) => (sentiment === undefined ? {} : { sentiment }));
  return lossOf(tf, heads, logits, rows, smoothing).total.arraySync();
}

test('one label, several that are allowed, and one that is not possible', () => {
  expect(loss([{ allowed: [2], possible: ALL, weight: 1 }], 0)).toBeCloseTo(Math.log(2));
  expect(loss([{ allowed: [0, 1], possible: ALL, weight: 1 }], 0)).toBeCloseTo(Math.log(2));
  expect(loss([{ allowed: [0], possible: [0, 2], weight: 1 }], 0)).toBeCloseTo(Math.log(3));
  expect(loss([{ allowed: [2], possible: ALL, weight: 0.5 }, undefined], 0)).toBeCloseTo(Math.log(2) / 4);
});

test('smoothing spreads a share over what is possible; a set may have its own', () => {
  const spread = Math.log(4) - Math.log(2) / 3;
  const smooth = (share: number): number => (1 - share) * Math.log(2) + share * spread;
  const label = { allowed: [2], possible: ALL, weight: 1 };
  expect(loss([label], 0.1)).toBeCloseTo(smooth(0.1));
  expect(loss([label, { ...label, smoothing: 0.3 }], 0.1)).toBeCloseTo((smooth(0.1) + smooth(0.3)) / 2);
});

test('labels weigh what the teacher leaves them', () => {
  const row = tinyRows(1)[0] ?? expect.fail();
  expect(besideTeacher(row)).toEqual(row.targets);
  expect(besideTeacher({ ...row, teacherShare: 0.75 }).sentiment).toEqual({ ...row.targets.sentiment, weight: 0.25 });
});
