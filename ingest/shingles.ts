/**
 * What two copies of a text have in common whatever was done to their punctuation: words (Han characters one by one),
 * and from them a sketch of overlapping word pairs and triples. Pure.
 *
 * The sketch keeps the smallest hashes of all shingles (bottom-k MinHash: Broder 1997; Cohen and Kaplan 2007). Below a
 * common cut-off two sketches are fair samples of their sets, so both resemblance and containment can be read off, and
 * containment is what a truncated or prefixed copy shows. 64 hashes hold every shingle of a headline or post, and tell
 * the resemblance of long articles within 6 points (one standard deviation). Rejected: SimHash, which knows no containment.
 */

export interface Sketch {
  /** The smallest shingle hashes, ascending, 32-bit unsigned. */
  readonly hashes: Uint32Array;
  /** Every shingle with a hash up to this one is in `hashes`. */
  readonly cutoff: number;
  /** The first shingle of the text; 0 without one. */
  readonly head: number;
}

export const KEPT_HASHES = 64;
const ALL = 0xffff_ffff;
const EACH_HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
const WORDS = /[\p{L}\p{M}\p{N}]+/gu;
const NUMBER = /^\p{N}+$/u;
const MASKED = '0';

/** Words in lower case without punctuation, emoji and links; Han characters one by one. */
export function wordsOf(text: string, links: readonly string[]): string[] {
  let plain = text;
  for (const link of links) plain = plain.replaceAll(link, ' ');
  if (mayHoldHan(plain)) plain = plain.replace(EACH_HAN, ' $& ');
  return plain.toLowerCase().match(WORDS) ?? [];
}

/** How much the words say, counted in English words: a Han character is about six tenths of a word. */
export function weightOf(words: readonly string[]): number {
  let weight = 0;
  for (const word of words) weight += isHan(word) ? 0.6 : 1;
  return weight;
}

/** Numbers count as one and the same word: a flood that only changes a number is still one text. */
export function sketchOf(words: readonly string[]): Sketch {
  const shingles = new Uint32Array(Math.max(0, words.length * 2 - 3));
  let count = 0;
  let last = 0;
  let beforeLast = 0;
  let lastIsHan = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const hash = hashText(isNumber(word) ? MASKED : word);
    const han = isHan(word);
    if (at > 0) {
      const pair = mix(last, hash);
      // Two Han characters are often one word; three hold an order.
      if (!lastIsHan || !han) shingles[count++] = pair;
      if (at > 1) shingles[count++] = mix(beforeLast, pair);
    }
    beforeLast = last;
    last = hash;
    lastIsHan = han;
  }
  const head = count === 0 ? 0 : (shingles[0] ?? 0);
  const sorted = shingles.subarray(0, count).sort();
  let distinct = 0;
  for (let at = 0; at < count && distinct <= KEPT_HASHES; at += 1) {
    if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[distinct++] = sorted[at] ?? 0;
  }
  if (distinct <= KEPT_HASHES) return { hashes: sorted.subarray(0, distinct), cutoff: ALL, head };
  const hashes = sorted.subarray(0, KEPT_HASHES);
  return { hashes, cutoff: hashes[KEPT_HASHES - 1] ?? ALL, head };
}

export interface Likeness {
  /** Shared shingles by all shingles of both (Jaccard), in [0, 1]. */
  readonly resemblance: number;
  /** Shared shingles by those of the smaller one, in [0, 1]. */
  readonly containment: number;
  /** Size of the smaller by the size of the larger, in [0, 1]. */
  readonly ratio: number;
}

export function likeness(a: Pick<Sketch, 'hashes' | 'cutoff'>, b: Pick<Sketch, 'hashes' | 'cutoff'>): Likeness {
  const cutoff = Math.min(a.cutoff, b.cutoff);
  const endOfA = countUpTo(a.hashes, cutoff);
  const endOfB = countUpTo(b.hashes, cutoff);
  let shared = 0;
  for (let ofA = 0, ofB = 0; ofA < endOfA && ofB < endOfB;) {
    const left = a.hashes[ofA] ?? 0;
    const right = b.hashes[ofB] ?? 0;
    if (left === right) shared += 1;
    if (left <= right) ofA += 1;
    if (right <= left) ofB += 1;
  }
  const smaller = Math.min(endOfA, endOfB);
  if (smaller === 0) return { resemblance: 0, containment: 0, ratio: 0 };
  return {
    resemblance: shared / (endOfA + endOfB - shared),
    containment: shared / smaller,
    ratio: smaller / Math.max(endOfA, endOfB),
  };
}

function countUpTo(hashes: Uint32Array, cutoff: number): number {
  let end = hashes.length;
  while (end > 0 && (hashes[end - 1] ?? 0) > cutoff) end -= 1;
  return end;
}

/** FNV-1a over UTF-16 units, finished by murmur's mixer so that low bits are as good as high ones; 32-bit unsigned. */
export function hashText(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return finish(hash);
}

/** 53 bits: two texts among a million share it once in ten thousand times. */
export function hashWhole(words: readonly string[]): number {
  let low = 0;
  let high = 0x2545f491;
  for (const word of words) {
    const hash = hashText(word);
    low = mix(low, hash);
    high = Math.imul(high ^ hash, 0x9e3779b1) ^ (high >>> 13);
  }
  return (finish(high) & 0x1f_ffff) * 2 ** 32 + low;
}

function mix(a: number, b: number): number {
  return finish(Math.imul(a, 31) + b);
}

function finish(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Scripts written without blanks start at Hiragana; what is below needs no look at its script. */
function mayHoldHan(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) >= 0x1100) return true;
  return false;
}

/** Of a word of `wordsOf`: Han, kana and hangul stand alone there. */
function isHan(word: string): boolean {
  const unit = word.charCodeAt(0);
  return (
    unit >= 0x1100 &&
    word.length <= 2 &&
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word)
  );
}

function isNumber(word: string): boolean {
  const unit = word.charCodeAt(0);
  if (unit >= 48 && unit <= 57) return NUMBER.test(word);
  return unit > 127 && NUMBER.test(word);
}
