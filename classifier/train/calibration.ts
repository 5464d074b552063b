/**
 * What is fitted on development rows after training: each head's temperature, the thresholds of heads with several labels,
 * and how sure the exit must be before a text is answered half way up: the combination of limits that lets most texts leave
 * while no set loses more than `EXIT_COST` of its macro-F1. Only labels that somebody gave count, not inferred ones.
 */
import {
  type CalibrationRow,
  fitSigmoidTemperature,
  fitTemperature,
  fitThresholds,
  sigmoid,
  softmax,
} from '../evaluation/calibrate.ts';
import { figuresOf } from '../evaluation/measures.ts';
import type { Row } from './data.ts';
import type { HeadName } from './labels.ts';
import type { HeadShape } from './model.ts';

export interface Calibration {
  heads: Record<string, { temperature: number; thresholds?: number[] }>;
  exitThreshold: Partial<Record<HeadName, number>>;
}
export const UNCALIBRATED: Calibration = { heads: {}, exitThreshold: {} };

type Logits = Record<string, readonly (readonly number[])[]>;

/** Rows with a label that was given for this head, with the head's logits. */
function asked(head: HeadShape, rows: readonly Row[], logits: Logits): (CalibrationRow & { index: number })[] {
  return rows.flatMap((row, index) => {
    const target = row.targets[(head.target ?? head.name) as HeadName];
    const own = logits[head.name]?.[index];
    if (own === undefined || target === undefined || target.weight < 1) return [];
    return [{ index, set: row.set, logits: own, gold: target.allowed, possible: target.possible }];
  });
}

export function fitHeads(heads: readonly HeadShape[], rows: readonly Row[], logits: Logits): Calibration['heads'] {
  return Object.fromEntries(
    heads.map((head) => {
      const own = asked(head, rows, logits);
      if (own.length === 0) {
        const thresholds = head.kind === 'multi_label' ? { thresholds: head.labels.map(() => 0.5) } : {};
        return [head.name, { temperature: 1, ...thresholds }];
      }
      if (head.kind === 'softmax') return [head.name, { temperature: fitTemperature(own) }];
      const temperature = fitSigmoidTemperature(own);
      return [head.name, { temperature, thresholds: fitThresholds(own, head.labels.length, temperature) }];
    }),
  );
}

export interface SetScore {
  set: string;
  head: string;
  rows: number;
  accuracy: number;
  /** Macro-F1; micro-F1 for a head with several labels. */
  f1: number;
}

/** Scores by set of what `answersOf` says of each row. */
export function scoreSets(
  heads: readonly HeadShape[],
  rows: readonly Row[],
  logits: Logits,
  calibration: Calibration['heads'],
): SetScore[] {
  return heads.flatMap((head) => {
    const own = asked(head, rows, logits);
    const { temperature = 1, thresholds } = calibration[head.name] ?? {};
    return [...new Set(own.map(({ set }) => set))].map((set) => {
      const part = own.filter((row) => row.set === set);
      if (head.kind === 'multi_label')
        return { set, head: head.name, rows: part.length, ...microF1(part, temperature, thresholds) };
      const answers = part.map(({ logits: z, gold, possible }) => ({
        probabilities: softmax(z, temperature, possible),
        gold,
      }));
      const { accuracy, macro_f1: f1 } = figuresOf(answers, head.labels, 0);
      return { set, head: head.name, rows: part.length, accuracy, f1 };
    });
  });
}

function microF1(rows: readonly CalibrationRow[], temperature: number, thresholds: readonly number[] = []) {
  let [right, said, wanted, whole] = [0, 0, 0, 0];
  for (const { logits, gold } of rows) {
    const chosen = logits.flatMap((z, at) => (sigmoid(z, temperature) >= (thresholds[at] ?? 0.5) ? [at] : []));
    const both = chosen.filter((at) => gold.includes(at)).length;
    right += both;
    said += chosen.length;
    wanted += gold.length;
    if (both === gold.length && both === chosen.length) whole += 1;
  }
  return { accuracy: whole / Math.max(1, rows.length), f1: (2 * right) / Math.max(1, said + wanted) };
}

/** Most of a set's macro-F1 that the exit may cost on development rows; a point is the promise, so less is taken. */
const EXIT_COST = 0.006;
/** Fewer than this leaving early do not pay for a second graph. */
const EXIT_LEAST = 0.2;
const LIMITS = [0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99];
const EXIT_GATES = ['sentiment', 'topic', 'event'] as const;

export interface ExitChoice {
  threshold: Calibration['exitThreshold'];
  /** Share of the rows that leave early. */
  share: number;
}

/** The limits that let most rows leave; null where none keeps the promise, or too few rows would leave to pay. */
export function chooseExit(
  heads: readonly HeadShape[],
  rows: readonly Row[],
  logits: Logits,
  calibration: Calibration['heads'],
): ExitChoice | null {
  const exits = heads.filter(({ target }) => target !== undefined);
  const texts = rows
    .map((row, index) => ({ row, index }))
    .filter(({ row }) => row.targets.entity_sentiment === undefined);
  const sure = new Map(
    exits.map(({ name, target }) => {
      const { temperature = 1 } = calibration[name] ?? {};
      return [target, texts.map(({ index }) => Math.max(...softmax(logits[name]?.[index] ?? [], temperature)))];
    }),
  );
  const replaced = heads.filter(({ name }) => exits.some(({ target }) => target === name));
  const plain = texts.map(({ row }) => row);
  const full = Object.fromEntries(
    replaced.map(({ name }) => [name, texts.map(({ index }) => logits[name]?.[index] ?? [])]),
  );
  const before = scoreSets(replaced, plain, full, calibration);
  let best: ExitChoice | null = null;
  for (const sentiment of LIMITS) {
    for (const topic of LIMITS) {
      for (const event of LIMITS) {
        const threshold = { sentiment, topic, event };
        const leaves = texts.map((_, at) => EXIT_GATES.every((gate) => (sure.get(gate)?.[at] ?? 0) >= threshold[gate]));
        const share = leaves.filter(Boolean).length / Math.max(1, leaves.length);
        if (share <= (best?.share ?? EXIT_LEAST)) continue;
        const mixed = Object.fromEntries(
          replaced.map((head) => {
            const exit = exits.find(({ target }) => target === head.name)?.name ?? '';
            return [
              head.name,
              texts.map(({ index }, at) => early(head, exit, leaves[at] === true, index, logits, calibration)),
            ];
          }),
        );
        const after = scoreSets(replaced, plain, mixed, calibration);
        if (after.every(({ f1 }, at) => f1 >= (before[at]?.f1 ?? 0) - EXIT_COST)) best = { threshold, share };
      }
    }
  }
  return best;
}

/** A row's logits as the head would have to give them to say what the exit says (thresholds are compared as odds). */
function early(
  head: HeadShape,
  exit: string,
  leaves: boolean,
  index: number,
  logits: Logits,
  calibration: Calibration['heads'],
): readonly number[] {
  if (!leaves) return logits[head.name]?.[index] ?? [];
  const [own, its] = [calibration[head.name], calibration[exit]];
  return (logits[exit]?.[index] ?? []).map((z, at) => {
    const shift = odds(own?.thresholds?.[at]) - odds(its?.thresholds?.[at]);
    return (own?.temperature ?? 1) * (z / (its?.temperature ?? 1) + shift);
  });
}

function odds(probability = 0.5): number {
  return Math.log(probability / (1 - probability));
}
