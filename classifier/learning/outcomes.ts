/**
 * Which of the same questions two models answer right, one by one: so that a comparison can be paired. Two models that are
 * both right on 85 of 100 may differ in none of them or in thirty, and only the pairs tell (McNemar 1947).
 */
import { sigmoid, softmax } from '../evaluation/calibrate.ts';
import type { Calibration } from '../train/calibration.ts';
import type { Row } from '../train/data.ts';
import type { HeadName } from '../train/labels.ts';
import type { HeadShape } from '../train/model.ts';

/** One question: who asks it, what each model makes of it. */
export interface Outcome {
  readonly set: string;
  readonly head: string;
  /** Place of the right label among the head's; -1 for a head of several labels. */
  readonly gold: number;
  readonly current: number;
  readonly candidate: number;
  readonly wasRight: boolean;
  readonly isRight: boolean;
}

export interface Answered {
  readonly logits: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly calibration: Calibration['heads'];
}

/** Questions whose label somebody gave: one a row and head that both models have. */
export function outcomesOf(
  heads: readonly HeadShape[],
  rows: readonly Row[],
  current: Answered,
  candidate: Answered,
): Outcome[] {
  return heads.flatMap((head) =>
    rows.flatMap((row, index) => {
      const target = row.targets[head.name as HeadName];
      const [before, after] = [current.logits[head.name]?.[index], candidate.logits[head.name]?.[index]];
      // What follows from another label weighs less than 1 on development rows, and is never measured on.
      if (target === undefined || target.weight < 1 || before === undefined || after === undefined) return [];
      const about = { set: row.set, head: head.name };
      if (head.kind === 'multi_label') {
        const exact = (own: readonly number[], { calibration }: Answered): boolean =>
          isExact(own, calibration[head.name], target.allowed);
        const [wasRight, isRight] = [exact(before, current), exact(after, candidate)];
        return [{ ...about, gold: -1, current: Number(wasRight), candidate: Number(isRight), wasRight, isRight }];
      }
      const [was, is] = [bestOf(before, target.possible), bestOf(after, target.possible)];
      const right = (place: number): boolean => target.allowed.includes(place);
      const gold = right(is) ? is : right(was) ? was : (target.allowed[0] ?? -1);
      return [{ ...about, gold, current: was, candidate: is, wasRight: right(was), isRight: right(is) }];
    }),
  );
}

function bestOf(logits: readonly number[], possible: readonly number[]): number {
  const probabilities = softmax(logits, 1, possible);
  return probabilities.reduce((best, value, place) => (value > (probabilities[best] ?? -1) ? place : best), 0);
}

function isExact(
  logits: readonly number[],
  { temperature, thresholds }: Calibration['heads'][string] = { temperature: 1 },
  allowed: readonly number[],
): boolean {
  return logits.every(
    (logit, place) => sigmoid(logit, temperature) >= (thresholds?.[place] ?? 0.5) === allowed.includes(place),
  );
}
