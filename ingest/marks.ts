/**
 * What tells two fillings of one template apart: the names and the figures in a text. "Norvale to buy back shares" and
 * "Bellwick to buy back shares" share most of their shingles and are two stories. Pure.
 *
 * Names are capitalised words in text that does not capitalise everything, and the first two words that say something in
 * headlines that do. Figures leave out years and dates: a day's reports share those. Rejected: weighing shingles by how
 * rare they are (the answer would depend on what came before, and a restart would change it).
 */
import { hashText } from './shingles.ts';

export interface Marks {
  readonly names: readonly number[];
  readonly figures: readonly number[];
}

export const MOST_MARKS = 6;
const SCANNED_CHARS = 400;
const WORD = /[\p{L}\p{M}][\p{L}\p{M}\p{N}'’]*/gu;
const FIGURE = /(?<![A-Za-z\p{N}.,])\d+(?:[.,/]\d+)*(?![年月日号]|\d|[.,/]\d|(?:st|nd|rd|th)\b)/gu;
const MONTH_BEFORE = /(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*$/i;
const LATIN_CAPITAL = /^\p{Lu}/u;
/** Capitalised for their place, or part of half of all companies' names. */
const COMMON = new Set(
  `a an the in on at as by for from to of and but or if it its this that these those he she they we you i is are was
  were be been will would can could may might has have had do does did not no yes what when where who which why how
  more most after before over under up down out off with without about into than then new now here there all any some
  our your their his her my me us them so just still also only very say says said see sees per vs via amid
  bank banks group inc corp co ltd plc llc company holdings holding limited international financial capital
  shares share stock stocks market markets breaking update news report reports ceo cfo ipo q1 q2 q3 q4 us uk usd
  january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday`.split(/\s+/),
);

export function marksOf(text: string): Marks {
  const head = text.length > SCANNED_CHARS ? text.slice(0, SCANNED_CHARS) : text;
  return { names: namesOf(head), figures: figuresOf(head) };
}

function namesOf(text: string): number[] {
  const words: { readonly lower: string; readonly isCapital: boolean }[] = [];
  let long = 0;
  let capital = 0;
  for (const [word] of text.matchAll(WORD)) {
    const isCapital = LATIN_CAPITAL.test(word);
    const lower = word.toLowerCase().replace(/['’]s$/, '');
    if (lower.length >= 4 && !COMMON.has(lower)) {
      long += 1;
      if (isCapital) capital += 1;
    }
    words.push({ lower, isCapital });
  }
  const isTitle = capital >= 3 && capital > long * 0.6;
  const names = new Set<number>();
  for (const { lower, isCapital } of words) {
    if (!isCapital || lower.length < 2 || COMMON.has(lower)) continue;
    names.add(hashText(lower));
    if (names.size === (isTitle ? 2 : MOST_MARKS)) break;
  }
  return [...names];
}

function figuresOf(text: string): number[] {
  const figures = new Set<number>();
  for (const match of text.matchAll(FIGURE)) {
    const figure = match[0].replaceAll(',', '');
    if (/^(?:19|20)\d\d$/.test(figure)) continue;
    if (figure.length <= 2 && MONTH_BEFORE.test(text.slice(Math.max(0, match.index - 12), match.index))) continue;
    figures.add(hashText(figure));
    if (figures.size === MOST_MARKS) break;
  }
  return [...figures];
}
