/**
 * The words that tell the driving stories from what is usually written: log-odds ratio with an informative Dirichlet prior
 * (Monroe, Colaresi & Quinn 2008, "Fightin' Words"). The prior is the usual text itself, so that a word nobody ever used
 * cannot win by one mention, and the ratio is divided by its standard error: z. Chinese is cut into words by Intl.Segmenter
 * (ICU's dictionary). Rejected: plain frequencies ("the"), tf-idf (no error bar, favours the rarest word).
 */
import type { Evidence } from './event.ts';
import { ENGLISH_STOP_WORDS, CHINESE_STOP_WORDS } from './stop_words.ts';

type Language = 'en' | 'zh';

/** Weight of the whole prior in words: about the text that the driving stories bring. */
const PRIOR_WORDS = 500;
/** Roughly the one-sided 2.5% point; and a word must be there more than once. */
const LEAST_Z = 1.96;
const LEAST_COUNT = 2;
const MOST_WORDS = 12;

const segmenters = new Map<Language, Intl.Segmenter>();

/** The different words of one text in lower case, without stop words, numbers and single letters. Each text votes once. */
export function wordsOf(text: string, language: Language): ReadonlySet<string> {
  let segmenter = segmenters.get(language);
  if (segmenter === undefined)
    segmenters.set(language, (segmenter = new Intl.Segmenter(language, { granularity: 'word' })));
  const words = new Set<string>();
  const stop = language === 'en' ? ENGLISH_STOP_WORDS : CHINESE_STOP_WORDS;
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike !== true) continue;
    const word = segment.toLowerCase().replace(/[’']s$/u, '');
    if (word.length < 2 || stop.has(word) || !/^[\p{L}][\p{L}\p{N}'’-]*$/u.test(word)) continue;
    words.add(word);
  }
  return words;
}

/**
 * The words of `texts` that are over-represented against `usual`, most telling first. `names` are left out: that an alert on
 * a company names the company is no finding.
 */
export function tellingWords(
  texts: readonly string[],
  usual: readonly string[],
  language: Language,
  names: readonly string[],
): Evidence['words'] {
  const here = countsOf(texts, language);
  const there = countsOf(usual, language);
  const named = new Set(names.flatMap((name) => [...wordsOf(name, language)]));
  const all = here.total + there.total;
  if (here.total === 0 || all === 0) return [];
  const found: Evidence['words'] = [];
  for (const [word, count] of here.counts) {
    if (count < LEAST_COUNT || named.has(word)) continue;
    const before = there.counts.get(word) ?? 0;
    const prior = (PRIOR_WORDS * (count + before)) / all;
    const odds = (of: number, total: number): number => Math.log((of + prior) / (total + PRIOR_WORDS - of - prior));
    const z =
      (odds(count, here.total) - odds(before, there.total)) / Math.sqrt(1 / (count + prior) + 1 / (before + prior));
    if (!(z >= LEAST_Z)) continue; // a word that is all there is, here and there, has no odds (NaN)
    found.push({ word, language, z: Math.round(z * 100) / 100, count, usual: before });
  }
  return found.sort((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1)).slice(0, MOST_WORDS);
}

function countsOf(texts: readonly string[], language: Language): { counts: Map<string, number>; total: number } {
  const counts = new Map<string, number>();
  let total = 0;
  for (const text of texts) {
    for (const word of wordsOf(text, language)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
      total += 1;
    }
  }
  return { counts, total };
}
