/**
 * What a text is found by: its words in lower case without their plural, and of Chinese every pair of neighbouring signs
 * (bigrams need no dictionary, and serve as well as words for retrieval: Nie, Gao, Zhang & Zhou 2000), a single letter
 * before them counted as one (A股, K线). One cut for what is stored and what is asked, here, because the classifier writes
 * and the dashboards read. What is stored has the signs of its beginning one by one, too, so that 油, or 跌 beside a name,
 * is found where they stand within longer words: all signs of an article would double its terms for little.
 * Terms are kept as hashes of 32 bits: ClickHouse scans a million rows of them in tenths of a second without an index, and
 * the table holds no text. Two of a query's words meet a stranger's hash once in some thousands of queries; ranking bears it.
 * Rejected: ClickHouse's tokenbf and ngrambf indexes (they skip blocks, rank nothing, and a common word skips none), its
 * text index (one tokeniser a column, where our columns hold two languages).
 */
import { simplified } from '../simplified.ts';
import { cleanedText } from '../text.ts';

/** What lies beyond is not found by words: an article says what it is about before. */
const MOST_TERMS = 1_000;
/** A headline's length. */
const SINGLE_SIGNS = 30;
const RUN =
  /(?:\p{Script=Latin} ?)?\p{Script=Han}+|[\p{Script=Latin}\p{N}][\p{Script=Latin}\p{N}\p{M}]*(?:['’.&-][\p{Script=Latin}\p{N}]+)*|[\p{L}\p{N}]+/gu;
const ENDS_IN_HAN = /\p{Script=Han}$/u;
const SIGN = /\p{Script=Han}/gu;
const STOP = new Set(
  'a an and are as at be been but by for from had has have he her his if in into is it its no not of on or our over said she so such than that the their them then there these they this to too up us was we were what when which while who will with would you your'.split(
    ' ',
  ),
);

/** The terms of a text in order, repeated as often as they occur. Title may be null or empty. */
export function termsOf(title: string | null, text: string): string[] {
  return termsOfClean(readAs(title, text));
}

/** The terms as they are stored. */
export function hashedTerms(title: string | null, text: string): number[] {
  const clean = readAs(title, text);
  const terms = termsOfClean(clean);
  const signs = new Set((clean.match(SIGN) ?? []).slice(0, SINGLE_SIGNS));
  for (const term of terms) signs.delete(term);
  return [...terms, ...signs].map(hashTerm);
}

/** 台積電 and 台积电 are one word. */
function readAs(title: string | null, text: string): string {
  return simplified(cleanedText(title || null, text));
}

function termsOfClean(clean: string): string[] {
  const terms: string[] = [];
  for (const [run] of clean.matchAll(RUN)) {
    if (ENDS_IN_HAN.test(run)) terms.push(...bigrams(run.toLowerCase().replace(' ', '')));
    else {
      const word = stem(
        run
          .toLowerCase()
          .replace(/['’]s$/u, '')
          .replaceAll('’', "'"),
      );
      if (!STOP.has(word)) terms.push(word);
    }
    if (terms.length >= MOST_TERMS) break;
  }
  return terms.slice(0, MOST_TERMS);
}

/** FNV-1a over UTF-16 units, with Murmur3's last mix, so that near words lie far apart; in [0, 2^32). */
export function hashTerm(term: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < term.length; index += 1) hash = Math.imul(hash ^ term.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Pairs of neighbouring signs; a sign alone is its own term. */
function bigrams(run: string): string[] {
  const signs = Array.from(run);
  if (signs.length === 1) return signs;
  return signs.slice(1).map((sign, index) => `${signs[index] ?? ''}${sign}`);
}

/** Harman's S-stemmer (1991): plurals only, so that no two meanings become one. */
function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/[^aeo]es$/.test(word)) return word.slice(0, -1);
  return /[^us]s$/.test(word) ? word.slice(0, -1) : word;
}
