/**
 * May this candidate take the place of the current model? Three questions, each over the same rows for both:
 *
 * - better on what people taught: more right on the held-out feedback, which no candidate ever trained on, and by more than
 *   chance makes one time in ten: who promotes every coin that fell well promotes noise;
 * - no worse on what it knew: over all public development sets together, and on each of some size, it may lose at most a
 *   stated number of points (non-inferiority; a margin, because a test of "no difference" passes whatever is measured too
 *   little). A set of few rows may lose more before it counts: three standard errors of the paired difference;
 * - enough was asked: on a handful of rows any candidate is better half of the time.
 *
 * Feedback can be poisoned, its held-out part with it, which is why the public sets can refuse alone. Pure.
 */
import type { Outcome } from './outcomes.ts';

export interface GateRules {
  /** Fewest held-out labels that a decision may rest on. */
  readonly leastHeldOut: number;
  /** Most that chance alone may make of the gain on them (one-sided test of McNemar). */
  readonly mostChance: number;
  /** Most points of accuracy that all public sets together may lose. */
  readonly lossOverall: number;
  /** Most points that one public set may lose, where chance alone does not explain more. */
  readonly lossOfSet: number;
}

export const GATE: GateRules = { leastHeldOut: 30, mostChance: 0.1, lossOverall: 0.5, lossOfSet: 1.5 };

/** One line of the table: both models on the same rows of one set and head. */
export interface Comparison {
  readonly set: string;
  readonly head: string;
  readonly rows: number;
  /** Shares in [0, 1]. */
  readonly current: number;
  readonly candidate: number;
  /** Rows that only the candidate has right, and that only the current model has. */
  readonly gained: number;
  readonly lost: number;
  /** Probability of so uneven a division by chance (McNemar's exact test, two-sided). */
  readonly pValue: number;
}

/** One rule and whether it holds: the figures of the sentence in `reasons`, for who says it in another language. */
export interface Judged extends Comparison {
  readonly rule: 'asked' | 'gain' | 'public_asked' | 'public' | 'public_set';
  readonly holds: boolean;
  /** What the rule demands: fewest rows, or most points lost; for `gain` the most that chance may make. */
  readonly limit: number;
}

export interface Verdict {
  readonly promotable: boolean;
  /** One plain sentence a rule, those that refuse first. */
  readonly reasons: readonly string[];
  /** The same, in the same order. */
  readonly rules: readonly Judged[];
  readonly feedback: readonly Comparison[];
  readonly published: readonly Comparison[];
}

export function compare(outcomes: readonly Outcome[]): Comparison[] {
  const groups = new Map<string, Outcome[]>();
  for (const one of outcomes) {
    const key = `${one.set}\t${one.head}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return [...groups.values()].map((own) => comparisonOf(own[0]?.set ?? '', own[0]?.head ?? '', own));
}

function comparisonOf(set: string, head: string, own: readonly Outcome[]): Comparison {
  const gained = own.filter(({ wasRight, isRight }) => isRight && !wasRight).length;
  const lost = own.filter(({ wasRight, isRight }) => wasRight && !isRight).length;
  const share = (right: (one: Outcome) => boolean): number => own.filter(right).length / Math.max(1, own.length);
  return {
    set,
    head,
    rows: own.length,
    current: share(({ wasRight }) => wasRight),
    candidate: share(({ isRight }) => isRight),
    gained,
    lost,
    pValue: mcnemar(gained, lost),
  };
}

/** Two-sided exact test of McNemar: a binomial of the rows on which the two differ. */
export function mcnemar(gained: number, lost: number): number {
  const all = gained + lost;
  const fewer = Math.min(gained, lost);
  let [term, sum] = [0, 0];
  for (let k = 0; k <= fewer; k += 1) {
    term = k === 0 ? -all * Math.LN2 : term + Math.log((all - k + 1) / k);
    sum += Math.exp(term);
  }
  return Math.min(1, 2 * sum);
}

/** Judges by outcomes on held-out feedback and on public development rows. */
export function judge(heldOut: readonly Outcome[], published: readonly Outcome[], rules: GateRules = GATE): Verdict {
  const [feedback, sets] = [compare(heldOut), compare(published)];
  const taught = comparisonOf('feedback', 'all', heldOut);
  const all = comparisonOf('public', 'all', published);
  const lossOf = (one: Comparison): number => 100 * (one.current - one.candidate);
  const isGain = taught.gained > taught.lost && taught.pValue / 2 <= rules.mostChance;
  const judged: Judged[] = [
    { ...taught, rule: 'asked', holds: taught.rows >= rules.leastHeldOut, limit: rules.leastHeldOut },
    { ...taught, rule: 'gain', holds: isGain, limit: rules.mostChance },
    { ...all, rule: 'public_asked', holds: all.rows > 0, limit: 1 },
    { ...all, rule: 'public', holds: lossOf(all) <= rules.lossOverall, limit: rules.lossOverall },
    ...sets.flatMap((one): Judged[] => {
      const chance = (100 * Math.sqrt(one.gained + one.lost)) / Math.max(1, one.rows);
      const limit = Math.max(rules.lossOfSet, 3 * chance);
      return lossOf(one) <= limit ? [] : [{ ...one, rule: 'public_set', holds: false, limit }];
    }),
  ];
  const inOrder = [...judged.filter(({ holds }) => !holds), ...judged.filter(({ holds }) => holds)];
  return {
    promotable: judged.every(({ holds }) => holds),
    reasons: inOrder.map(sentence),
    rules: inOrder,
    feedback,
    published: sets,
  };
}

function sentence({ rule, set, head, rows, current, candidate, gained, lost, pValue, limit }: Judged): string {
  const [before, after] = [points(current), points(candidate)];
  switch (rule) {
    case 'asked':
      return `${rows} held-out labels of people were asked; ${limit} are the least to decide by.`;
    case 'gain':
      return (
        `Held-out feedback: ${before} right before, ${after} after ` +
        `(${gained} gained, ${lost} lost, p = ${pValue.toPrecision(2)}).`
      );
    case 'public_asked':
      return `${rows} labels of public development sets were asked.`;
    case 'public':
      return (
        `All public sets together: ${before} before, ${after} after, ${signed(100 * (candidate - current))} points; ` +
        `at most ${limit} may be lost.`
      );
    case 'public_set':
    default:
      return (
        `${set}, ${head}: ${before} before, ${after} after on ${rows} rows; ` +
        `at most ${limit.toFixed(1)} points may be lost there.`
      );
  }
}

/** The table of why: a row a set and head, the reasons below. */
export function verdictTable({ promotable, reasons, feedback, published }: Verdict): string {
  const head = ['set', 'head', 'rows', 'before', 'after', 'gained', 'lost', 'p'];
  const rows = [...feedback, ...published].map((one) => [
    one.set,
    one.head,
    String(one.rows),
    points(one.current),
    points(one.candidate),
    String(one.gained),
    String(one.lost),
    one.pValue.toPrecision(2),
  ]);
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [
    line(head),
    ...rows.map(line),
    '',
    ...reasons.map((reason) => `- ${reason}`),
    promotable ? 'It may be promoted.' : 'It is not promoted.',
  ].join('\n');
}

const points = (share: number): string => (100 * share).toFixed(1);
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(1)}`;
