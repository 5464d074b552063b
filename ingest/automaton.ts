/**
 * All occurrences of many strings in one pass (Aho and Corasick, 1975), over case-folded UTF-16 units. One pass costs
 * the same for ten names or ten thousand. Rejected: one big regular expression (alternation is tried name by name), and
 * a word index (Chinese has no word boundaries).
 */

/** Lower case where that keeps the length, so that positions in folded text are positions in the text itself. */
const FOLD = Uint16Array.from({ length: 0x10000 }, (_, unit) => {
  if (unit === 0x2019 || unit === 0x2018) return 0x27;
  const lower = String.fromCharCode(unit).toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : unit;
});

export interface Automaton {
  /** Calls `hit` for every occurrence, in order of its end: the pattern's index and the end offset (exclusive). */
  scan(text: string, hit: (pattern: number, end: number) => void): void;
}

export function createAutomaton(patterns: readonly string[]): Automaton {
  // Transitions out of the root in a flat table, since most text stays there; all others by state and unit.
  const fromRoot = new Int32Array(0x10000);
  const transitions = new Map<number, number>();
  const failure: number[] = [0];
  const found: number[][] = [[]];

  const next = (state: number, unit: number): number | undefined =>
    state === 0 ? fromRoot[unit] || undefined : transitions.get(state * 0x10000 + unit);

  for (const [index, pattern] of patterns.entries()) {
    let state = 0;
    for (let at = 0; at < pattern.length; at += 1) {
      const unit = FOLD[pattern.charCodeAt(at)] ?? 0;
      let target = next(state, unit);
      if (target === undefined) {
        target = failure.length;
        failure.push(0);
        found.push([]);
        if (state === 0) fromRoot[unit] = target;
        else transitions.set(state * 0x10000 + unit, target);
      }
      state = target;
    }
    if (pattern.length > 0) found[state]?.push(index);
  }
  linkFailures(transitions, fromRoot, failure, found);

  return {
    scan(text, hit) {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const unit = FOLD[text.charCodeAt(at)] ?? 0;
        let target: number | undefined;
        while (state !== 0 && (target = transitions.get(state * 0x10000 + unit)) === undefined) {
          state = failure[state] ?? 0;
        }
        state = target ?? fromRoot[unit] ?? 0;
        const ends = found[state];
        if (ends !== undefined && ends.length > 0) for (const pattern of ends) hit(pattern, at + 1);
      }
    },
  };
}

/** Breadth first: a state fails to the longest proper suffix that is also a prefix, and takes over what ends there. */
function linkFailures(
  transitions: ReadonlyMap<number, number>,
  fromRoot: Int32Array,
  failure: number[],
  found: number[][],
): void {
  const children = new Map<number, [unit: number, state: number][]>();
  for (const [key, state] of transitions) {
    const parent = Math.floor(key / 0x10000);
    const list = children.get(parent) ?? [];
    list.push([key % 0x10000, state]);
    children.set(parent, list);
  }
  const queue = Array.from(fromRoot.filter((state) => state !== 0));
  for (let head = 0; head < queue.length; head += 1) {
    const parent = queue[head] ?? 0;
    for (const [unit, state] of children.get(parent) ?? []) {
      let fallback = failure[parent] ?? 0;
      while (fallback !== 0 && !transitions.has(fallback * 0x10000 + unit)) fallback = failure[fallback] ?? 0;
      const target = fallback === 0 ? (fromRoot[unit] ?? 0) : (transitions.get(fallback * 0x10000 + unit) ?? 0);
      failure[state] = target;
      found[state]?.push(...(found[target] ?? []));
      queue.push(state);
    }
  }
}
