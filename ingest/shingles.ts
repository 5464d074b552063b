/**
 * What two copies of a text have in common whatever was done to their punctuation: words (Han characters one by one),
 * and from them a sketch of overlapping word pairs and triples. Pure.
 *
 * The sketch keeps the smallest hashes of all shingles (bottom-k MinHash: Broder 1997; Cohen and Kaplan 2007). Below a
 * common cut-off two sketches are fair samples of their sets, so both resemblance and containment can be read off, and
 * containment is what a truncated or prefixed copy shows. Rejected: SimHash, which knows no containment.
 */

export interface Sketch {
  /** The smallest shingle hashes, ascending, 32-bit unsigned. */
  readonly hashes: readonly number[];
  /** Every shingle with a hash up to this one is in `hashes`. */
  readonly cutoff: number;
}

const KEPT_HASHES = 128;
const ALL = 0xffff_ffff;
const HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const EACH_HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
const WORDS = /[\p{L}\p{M}\p{N}]+/gu;

/** Words in lower case without punctuation, emoji and links; Han characters one by one. */
export function wordsOf(text: string, links: readonly string[]): string[] {
  let plain = text;
  for (const link of links) plain = plain.replaceAll(link, ' ');
  if (HAN.test(plain)) plain = plain.replace(EACH_HAN, ' $& ');
  return plain.toLowerCase().match(WORDS) ?? [];
}

/**
 * A headline without what outlets hang on it: "UPDATE 1-" and "RT @name:" before it, " - Outlet" and " | Section" behind
 * it. At least half of the headline stays.
 */
export function bareHeadline(headline: string): string {
  let bare = headline.replace(/^(?:UPDATE \d+\s?-|RT @\w{1,30}:|\[[^\]]{1,20}\]|【[^】]{1,12}】)\s*/i, '');
  for (let cuts = 0; cuts < 3; cuts += 1) {
    const shorter = bare.replace(/(?:\s+[-–—|·]\s+|\s*[|_]\s*)[^-–—|·_]{1,30}$/u, '');
    if (shorter.length < headline.length / 2) break;
    bare = shorter;
  }
  return bare;
}

/** How much the words say, counted in English words: a Han character is about six tenths of a word. */
export function weightOf(words: readonly string[]): number {
  let weight = 0;
  for (const word of words) weight += HAN.test(word) ? 0.6 : 1;
  return weight;
}

/** Numbers count as one and the same word: a flood that only changes a number is still one text. */
export function sketchOf(words: readonly string[]): Sketch {
  const hashed = words.map((word) => hashWord(/^\p{N}+$/u.test(word) ? '0' : word));
  const isHan = words.map((word) => HAN.test(word));
  const shingles = new Set<number>();
  for (let at = 0; at + 1 < hashed.length; at += 1) {
    const pair = mix(hashed[at] ?? 0, hashed[at + 1] ?? 0);
    // Two Han characters are often one word; three hold an order.
    if (isHan[at] !== true || isHan[at + 1] !== true) shingles.add(pair);
    if (at + 2 < hashed.length) shingles.add(mix(pair, hashed[at + 2] ?? 0));
  }
  const hashes = [...Uint32Array.from(shingles).sort()];
  if (hashes.length <= KEPT_HASHES) return { hashes, cutoff: ALL };
  const kept = hashes.slice(0, KEPT_HASHES);
  return { hashes: kept, cutoff: kept[KEPT_HASHES - 1] ?? ALL };
}

export interface Likeness {
  /** Shared shingles by all shingles of both (Jaccard), in [0, 1]. */
  readonly resemblance: number;
  /** Shared shingles by those of the smaller one, in [0, 1]. */
  readonly containment: number;
  /** Size of the smaller by the size of the larger, in [0, 1]. */
  readonly ratio: number;
}

export function likeness(a: Sketch, b: Sketch): Likeness {
  const cutoff = Math.min(a.cutoff, b.cutoff);
  let shared = 0;
  let ofA = 0;
  let ofB = 0;
  while (true) {
    const left = a.hashes[ofA];
    const right = b.hashes[ofB];
    const hasLeft = left !== undefined && left <= cutoff;
    const hasRight = right !== undefined && right <= cutoff;
    if (!hasLeft && !hasRight) break;
    if (hasLeft && hasRight && left === right) shared += 1;
    const advanceLeft = hasLeft && (!hasRight || left <= right);
    const advanceRight = hasRight && (!hasLeft || right <= left);
    if (advanceLeft) ofA += 1;
    if (advanceRight) ofB += 1;
  }
  const smaller = Math.min(ofA, ofB);
  const larger = Math.max(ofA, ofB);
  if (smaller === 0) return { resemblance: 0, containment: 0, ratio: 0 };
  return {
    resemblance: shared / (ofA + ofB - shared),
    containment: shared / smaller,
    ratio: smaller / larger,
  };
}

/** FNV-1a over UTF-16 units, finished by murmur's mixer so that low bits are as good as high ones. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return finish(hash);
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
