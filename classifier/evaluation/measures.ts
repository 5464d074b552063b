/**
 * Figures from probabilities and gold labels. Macro-F1 is the plain mean over the classes that occur in the gold labels;
 * ECE is the expected calibration error over 15 equal bins of the chosen class's probability (Guo et al. 2017);
 * intervals are percentiles of a seeded bootstrap over rows (Efron & Tibshirani 1993). Pure.
 */
import { generator } from '../train/random.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface ClassFigures {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows whose gold label it is. */
  readonly rows: number;
}

/** One bin of the reliability diagram. */
export interface Bin {
  readonly rows: number;
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Figures {
  readonly rows: number;
  readonly accuracy: number;
  readonly accuracy_interval: Interval;
  readonly macro_f1: number;
  readonly macro_f1_interval: Interval;
  readonly ece: number;
  readonly bins: readonly Bin[];
  readonly classes: readonly ClassFigures[];
  /** Rows: gold; columns: said; in the order of `labels`. */
  readonly confusion: readonly (readonly number[])[];
  readonly labels: readonly string[];
}

export interface Answer {
  /** By label, adding up to 1. */
  readonly probabilities: readonly number[];
  /** Places that count as right. */
  readonly gold: readonly number[];
}

export const ECE_BINS = 15;
const RESAMPLES = 1000;

/** Figures of answers with one label each. */
export function figuresOf(answers: readonly Answer[], labels: readonly string[], resamples = RESAMPLES): Figures {
  const pairs = answers.map(({ probabilities, gold }) => {
    const said = largest(probabilities);
    const right = gold.includes(said);
    return { said, gold: right ? said : (gold[0] ?? 0), right, confidence: probabilities[said] ?? 0 };
  });
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { gold, said } of pairs) (confusion[gold] as number[])[said] = (confusion[gold]?.[said] ?? 0) + 1;
  const bins = binsOf(pairs);
  const gold = Int32Array.from(pairs, (pair) => pair.gold);
  const said = Int32Array.from(pairs, (pair) => pair.said);
  const intervals = bootstrap(gold, said, labels.length, resamples);
  return {
    rows: pairs.length,
    accuracy: pairs.filter(({ right }) => right).length / Math.max(1, pairs.length),
    accuracy_interval: intervals.accuracy,
    macro_f1: macroF1(gold, said, labels.length),
    macro_f1_interval: intervals.macroF1,
    ece: eceOf(bins, pairs.length),
    bins,
    classes: labels.map((label, index) => classFigures(label, index, confusion)),
    confusion,
    labels,
  };
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}

function classFigures(label: string, index: number, confusion: readonly (readonly number[])[]): ClassFigures {
  const right = confusion[index]?.[index] ?? 0;
  const rows = (confusion[index] ?? []).reduce((sum, count) => sum + count, 0);
  const said = confusion.reduce((sum, row) => sum + (row[index] ?? 0), 0);
  return {
    label,
    precision: right / Math.max(1, said),
    recall: right / Math.max(1, rows),
    f1: (2 * right) / Math.max(1, rows + said),
    rows,
  };
}

function binsOf(pairs: readonly { readonly confidence: number; readonly right: boolean }[]): Bin[] {
  return Array.from({ length: ECE_BINS }, (_, bin) => {
    const own = pairs.filter(({ confidence }) => Math.min(ECE_BINS - 1, Math.floor(confidence * ECE_BINS)) === bin);
    const count = Math.max(1, own.length);
    return {
      rows: own.length,
      confidence: own.reduce((sum, { confidence }) => sum + confidence, 0) / count,
      accuracy: own.filter(({ right }) => right).length / count,
    };
  });
}

function eceOf(bins: readonly Bin[], rows: number): number {
  return bins.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.accuracy - bin.confidence), 0) / Math.max(1, rows);
}

/** Gold and said place of each row; the mean of F1 over the classes that occur in gold. */
function macroF1(gold: Int32Array, said: Int32Array, classes: number): number {
  const wanted = new Int32Array(classes);
  const given = new Int32Array(classes);
  const both = new Int32Array(classes);
  for (let row = 0; row < gold.length; row += 1) {
    const [is, was] = [gold[row] ?? 0, said[row] ?? 0];
    wanted[is] = (wanted[is] ?? 0) + 1;
    given[was] = (given[was] ?? 0) + 1;
    if (is === was) both[is] = (both[is] ?? 0) + 1;
  }
  let [sum, occurring] = [0, 0];
  wanted.forEach((count, index) => {
    if (count === 0) return;
    occurring += 1;
    sum += (2 * (both[index] ?? 0)) / (count + (given[index] ?? 0));
  });
  return sum / Math.max(1, occurring);
}

function bootstrap(
  gold: Int32Array,
  said: Int32Array,
  classes: number,
  resamples: number,
): { accuracy: Interval; macroF1: Interval } {
  const rows = gold.length;
  const random = generator(rows, 15);
  const accuracies: number[] = [];
  const scores: number[] = [];
  const [drawnGold, drawnSaid] = [new Int32Array(rows), new Int32Array(rows)];
  for (let round = 0; round < resamples; round += 1) {
    let right = 0;
    for (let row = 0; row < rows; row += 1) {
      const from = Math.floor(random() * rows);
      const [is, was] = [gold[from] ?? 0, said[from] ?? 0];
      drawnGold[row] = is;
      drawnSaid[row] = was;
      if (is === was) right += 1;
    }
    accuracies.push(right / Math.max(1, rows));
    scores.push(macroF1(drawnGold, drawnSaid, classes));
  }
  return { accuracy: percentiles(accuracies), macroF1: percentiles(scores) };
}

/** The middle 95%. */
function percentiles(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.025), high: at(0.975) };
}

export interface MultiLabelFigures {
  readonly rows: number;
  readonly micro_f1: number;
  readonly micro_f1_interval: Interval;
  readonly macro_f1: number;
  /** Share of rows with exactly the right labels. */
  readonly exact: number;
  /** Calibration of every (row, label) decision. */
  readonly ece: number;
  readonly bins: readonly Bin[];
  readonly classes: readonly ClassFigures[];
}

export interface MultiAnswer {
  /** By label, each on its own. */
  readonly probabilities: readonly number[];
  readonly said: readonly boolean[];
  readonly gold: readonly number[];
}

/** Figures of answers with several labels each. */
export function multiLabelFigures(
  answers: readonly MultiAnswer[],
  labels: readonly string[],
  resamples = RESAMPLES,
): MultiLabelFigures {
  const counted = answers.map(({ said, gold }) => {
    const right = gold.filter((place) => said[place] === true).length;
    return { right, said: said.filter(Boolean).length, gold: gold.length };
  });
  const micro = (rows: typeof counted): number => {
    const sum = (pick: (row: (typeof counted)[number]) => number): number =>
      rows.reduce((total, row) => total + pick(row), 0);
    return (2 * sum(({ right }) => right)) / Math.max(1, sum(({ said }) => said) + sum(({ gold }) => gold));
  };
  const classes = labels.map((label, place) => {
    const rows = answers.filter(({ gold }) => gold.includes(place)).length;
    const said = answers.filter((answer) => answer.said[place] === true).length;
    const right = answers.filter((answer) => answer.said[place] === true && answer.gold.includes(place)).length;
    const f1 = (2 * right) / Math.max(1, rows + said);
    return { label, precision: right / Math.max(1, said), recall: right / Math.max(1, rows), f1, rows };
  });
  const occurring = classes.filter(({ rows }) => rows > 0);
  const decisions = answers.flatMap(({ probabilities, gold }) =>
    probabilities.map((probability, place) => ({
      confidence: Math.max(probability, 1 - probability),
      right: gold.includes(place) === probability >= 0.5,
    })),
  );
  const bins = binsOf(decisions);
  const random = generator(answers.length, 15);
  const scores = Array.from({ length: resamples }, () =>
    micro(counted.map(() => counted[Math.floor(random() * counted.length)] as (typeof counted)[number])),
  );
  return {
    rows: answers.length,
    micro_f1: micro(counted),
    micro_f1_interval: percentiles(scores),
    macro_f1: occurring.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, occurring.length),
    exact:
      counted.filter(({ right, said, gold }) => right === said && right === gold).length / Math.max(1, counted.length),
    ece: eceOf(bins, decisions.length),
    bins,
    classes,
  };
}
