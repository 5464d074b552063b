/**
 * All occurrences of many strings in one pass (Aho and Corasick, 1975), over case-folded UTF-16 units. One pass costs
 * about the same for ten names or ten thousand.
 *
 * Transitions lie in one open-addressed hash table of typed arrays: a JavaScript Map keyed by state × unit took three
 * times as long at 50,000 names, because each look-up boxed a number above 2^31. Rejected: one big regular expression
 * (alternation is tried name by name), a word index (Chinese has no word boundaries), a full state × alphabet table
 * (4,000 different units times 500,000 states).
 */
import { SIMPLIFIED_UNITS } from '../core/simplified.ts';

/** Lower case where that keeps the length, and simplified Han: positions in folded text are positions in the text itself. */
const FOLD = Uint16Array.from(SIMPLIFIED_UNITS, (unit) => {
  if (unit === 0x2019 || unit === 0x2018) return 0x27;
  const lower = String.fromCharCode(unit).toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : unit;
});

export interface Automaton {
  /** Calls `hit` for every occurrence, in order of its end: the pattern's index and the end offset (exclusive). */
  scan(text: string, hit: (pattern: number, end: number) => void): void;
}

const NONE = -1;

/** @param patterns strings to find; equal ones (after folding) are all reported, empty ones never */
export function createAutomaton(patterns: readonly string[]): Automaton {
  const length = patterns.reduce((sum, pattern) => sum + pattern.length, 1);
  const edges = createEdges(length);
  // Transitions out of the root in a flat table, since most text stays there.
  const fromRoot = new Int32Array(0x10000);
  const failure = new Int32Array(length);
  // What ends at a state: a pattern, then by `same` equal patterns; `shorter` is the next state on the failure path with one.
  const ends = new Int32Array(length).fill(NONE);
  const same = new Int32Array(patterns.length).fill(NONE);
  const shorter = new Int32Array(length);
  const parents = new Int32Array(length);
  const units = new Uint16Array(length);
  let states = 1;

  for (const [index, pattern] of patterns.entries()) {
    let state = 0;
    for (let at = 0; at < pattern.length; at += 1) {
      const unit = FOLD[pattern.charCodeAt(at)] ?? 0;
      let target = state === 0 ? (fromRoot[unit] ?? 0) : edges.get(state, unit);
      if (target === 0) {
        target = states;
        states += 1;
        parents[target] = state;
        units[target] = unit;
        if (state === 0) fromRoot[unit] = target;
        else edges.set(state, unit, target);
      }
      state = target;
    }
    if (state !== 0) {
      same[index] = ends[state] ?? NONE;
      ends[state] = index;
    }
  }

  // Breadth first: a state fails to the longest proper suffix that is also a beginning.
  for (const state of byDepth(parents, states)) {
    const unit = units[state] ?? 0;
    let fallback = failure[parents[state] ?? 0] ?? 0;
    if (parents[state] === 0) continue;
    while (fallback !== 0 && edges.get(fallback, unit) === 0) fallback = failure[fallback] ?? 0;
    const target = fallback === 0 ? (fromRoot[unit] ?? 0) : edges.get(fallback, unit);
    failure[state] = target;
    shorter[state] = ends[target] === NONE ? (shorter[target] ?? 0) : target;
  }

  return {
    scan(text, hit) {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const unit = FOLD[text.charCodeAt(at)] ?? 0;
        let target = 0;
        while (state !== 0 && (target = edges.get(state, unit)) === 0) state = failure[state] ?? 0;
        state = target === 0 ? (fromRoot[unit] ?? 0) : target;
        if (state === 0) continue;
        for (let end = ends[state] === NONE ? (shorter[state] ?? 0) : state; end !== 0; end = shorter[end] ?? 0) {
          for (let index = ends[end] ?? NONE; index !== NONE; index = same[index] ?? NONE) hit(index, at + 1);
        }
      }
    },
  };
}

/** States in order of their distance from the root. A state's number is above its parent's, so one pass knows depths. */
function byDepth(parents: Int32Array, states: number): Int32Array {
  const depths = new Int32Array(states);
  for (let state = 1; state < states; state += 1) depths[state] = (depths[parents[state] ?? 0] ?? 0) + 1;
  return Int32Array.from({ length: states - 1 }, (_, index) => index + 1).sort(
    (a, b) => (depths[a] ?? 0) - (depths[b] ?? 0),
  );
}

interface Edges {
  /** The target state, or 0 where there is no such transition. */
  get(state: number, unit: number): number;
  set(state: number, unit: number, target: number): void;
}

/** Room for `count` transitions at a load of at most one half, with linear probing. */
function createEdges(count: number): Edges {
  const bits = Math.max(4, Math.ceil(Math.log2(count * 2)));
  const mask = 2 ** bits - 1;
  const states = new Int32Array(mask + 1);
  const units = new Uint16Array(mask + 1);
  const targets = new Int32Array(mask + 1);
  const slot = (state: number, unit: number): number => {
    let at = ((Math.imul(state, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> (32 - bits)) & mask;
    while (targets[at] !== 0 && (states[at] !== state || units[at] !== unit)) at = (at + 1) & mask;
    return at;
  };
  return {
    get: (state, unit) => targets[slot(state, unit)] ?? 0,
    set(state, unit, target) {
      const at = slot(state, unit);
      states[at] = state;
      units[at] = unit;
      targets[at] = target;
    },
  };
}
