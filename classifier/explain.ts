/**
 * Which words carried the label. Each word's Shapley value of the label's log-odds, estimated as Kernel SHAP does
 * (Lundberg & Lee 2017, "A Unified Approach to Interpreting Model Predictions", with the paired samples of Covert & Lee
 * 2021): the model labels variants of the text with some words taken out, and a weighted least squares shares the label's
 * log-odds out, so that the weights add up to the difference between the whole text and none of its words. All words
 * alone, each word left out, then random halves; every subset where there are six words or fewer, which is exact.
 * Texts of more words than the budget allows fall back to occlusion (Zeiler & Fergus 2014): each part left out once.
 *
 * Rejected: gradients (the served model is int8 and has none), attention weights (they say where the model looked, not
 * what moved it), and occlusion alone: "profit rose but guidance was slashed" minus one bad word is still bad news.
 * Words are deleted, not masked: the model was never trained on a mask, and Chinese reads on without a gap.
 */
import type { Sentiment } from '../core/event.ts';
import type { Backend } from './backend.ts';
import type { Labels } from './labels.ts';
import { solve } from './least_squares.ts';
import { partRead } from './part_read.ts';
import { generator } from './train/random.ts';
import { inPhrases, withOnly, wordsOf, type Word } from './words.ts';

export interface WordWeight extends Word {
  /** Log-odds that the word adds to the label (below 0: takes from it), in nats. */
  readonly weight: number;
}

export interface Explanation {
  /** The sentiment that is explained, and its probability. */
  readonly label: Sentiment;
  readonly probability: number;
  /** `exact` and `shapley` weights add up to the label's log-odds against the text without words; `occlusion` ones do not. */
  readonly method: 'exact' | 'shapley' | 'occlusion';
  /** What the model read of it; the words' places are places in it. */
  readonly text: string;
  readonly words: readonly WordWeight[];
}

export interface ExplainOptions {
  /** The sentiment to explain; without it, the one that the model chose. */
  readonly label?: Sentiment;
  /** Variants of the part that is read, at most. 64 take about 0.1 s for a headline on two CPU cores. */
  readonly variants?: number;
}

/** Where log-odds end: probabilities are given to four decimals. */
const SUREST = 1e-4;
const VARIANTS = 64;

/**
 * Explains the sentiment of a text, which is as `modelText` makes it, by the part of it that the model reads: a phrase of the rest
 * could have no weight, and a megabyte of it would be taken apart in vain. The same text gives the same answer.
 * @throws TidewatchError model.failed
 */
export async function explain(backend: Backend, given: string, options: ExplainOptions = {}): Promise<Explanation> {
  const text = await partRead(backend, given);
  const budget = options.variants ?? VARIANTS;
  const all = wordsOf(text);
  const shapley = all.length * 2 + 2 <= budget;
  const words = shapley ? all : inPhrases(text, all, budget - 1);
  const exact = 2 ** words.length <= budget;
  const coalitions = exact
    ? everySubset(words.length)
    : shapley
      ? sampled(words.length, budget - 2)
      : leftOut(words.length);
  const variants = coalitions.map(({ kept }) => withOnly(text, words, (place) => kept[place] === true));
  const answers = await backend.classify([text, withOnly(text, words, () => false), ...variants], { remember: false });
  const [whole, empty, ...rest] = answers as [Labels, Labels, ...Labels[]];
  const label = options.label ?? whole.sentiment;
  const valueOf = (labels: Labels): number => logOdds(labels.sentiment_probabilities[label]);
  const full = valueOf(whole);
  const values = rest.map(valueOf);
  const weights =
    exact || shapley ? shapleyValues(coalitions, values, valueOf(empty), full) : values.map((value) => full - value);
  return {
    label,
    probability: whole.sentiment_probabilities[label],
    method: exact ? 'exact' : shapley ? 'shapley' : 'occlusion',
    text,
    words: words.map((word, place) => ({ ...word, weight: Math.round((weights[place] ?? 0) * 1e3) / 1e3 })),
  };
}

function logOdds(probability: number): number {
  const safe = Math.min(1 - SUREST, Math.max(SUREST, probability));
  return Math.log(safe / (1 - safe));
}

interface Coalition {
  /** By word: is it in the variant? */
  readonly kept: readonly boolean[];
  readonly weight: number;
}

/** Weight of all coalitions of one size together, under the Shapley kernel. */
const sizeWeight = (size: number, count: number): number => (count - 1) / (size * (count - size));

function everySubset(count: number): Coalition[] {
  const ways = (size: number): number =>
    Array.from({ length: size }).reduce<number>((product, _, index) => (product * (count - index)) / (index + 1), 1);
  return Array.from({ length: Math.max(0, 2 ** count - 2) }, (_, index) => {
    const kept = Array.from({ length: count }, (_, place) => (((index + 1) >> place) & 1) === 1);
    const size = kept.filter(Boolean).length;
    return { kept, weight: sizeWeight(size, count) / ways(size) };
  });
}

/** Each word alone and each left out, then random subsets with their complements, all by the kernel's weight. */
function sampled(count: number, budget: number): Coalition[] {
  const outer = sizeWeight(1, count) / count;
  const alone = Array.from({ length: count }, (_, own) => Array.from({ length: count }, (_, place) => place === own));
  const pairs = Math.floor((budget - 2 * count) / 2);
  const sizes = Array.from({ length: Math.max(0, count - 3) }, (_, index) => index + 2);
  const inner = sizes.reduce((sum, size) => sum + sizeWeight(size, count), 0);
  const random = generator(count, 11);
  const drawn = Array.from({ length: sizes.length === 0 ? 0 : pairs }, () => {
    let place = random() * inner;
    const size = sizes.find((size) => (place -= sizeWeight(size, count)) <= 0) ?? sizes.at(-1) ?? 1;
    const order = Array.from({ length: count }, (_, index) => ({ index, key: random() })).sort((a, b) => a.key - b.key);
    const chosen = new Set(order.slice(0, size).map(({ index }) => index));
    return Array.from({ length: count }, (_, index) => chosen.has(index));
  });
  const both = (kept: boolean[], weight: number): Coalition[] => [
    { kept, weight },
    { kept: kept.map((is) => !is), weight },
  ];
  return [
    ...alone.flatMap((kept) => both(kept, outer)),
    ...drawn.flatMap((kept) => both(kept, inner / (2 * drawn.length))),
  ];
}

function leftOut(count: number): Coalition[] {
  return Array.from({ length: count }, (_, own) => ({
    kept: Array.from({ length: count }, (_, place) => place !== own),
    weight: 1,
  }));
}

/** Weighted least squares under the rule that the values sum to full - empty: the last word's follows from the others. */
function shapleyValues(
  coalitions: readonly Coalition[],
  values: readonly number[],
  empty: number,
  full: number,
): number[] {
  const count = coalitions[0]?.kept.length ?? 1;
  const total = full - empty;
  if (count === 1) return [total];
  const rows = coalitions.map(({ kept, weight }, index) => {
    const last = kept[count - 1] === true ? 1 : 0;
    return {
      factors: Array.from({ length: count - 1 }, (_, place) => (kept[place] === true ? 1 : 0) - last),
      target: (values[index] ?? 0) - empty - last * total,
      weight,
    };
  });
  const found = solve(rows);
  return [...found, total - found.reduce((sum, value) => sum + value, 0)];
}
