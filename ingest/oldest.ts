/**
 * The first key of a Map whose entries are moved to its end when they are used, without looking for it anew each time: V8
 * skips deleted entries one by one from the front, which made the eviction of one of 200,000 cost 100 µs.
 *
 * It keeps its place with an iterator, and an iterator that stands still holds every table that the map has outgrown or
 * tidied up since (3 million moves among 30,000 entries: 215 MB). So it takes a new one after as many moves as there are
 * entries.
 */
export interface Oldest {
  /** The key to give up first; undefined where there is none. */
  peek(): string | undefined;
  /** To be called when the key was moved to the end, or removed. */
  moved(key: string): void;
}

const LEAST_MOVES = 1000;

export function oldestOf(map: ReadonlyMap<string, unknown>): Oldest {
  // Live: it comes by entries that are added at the end after it was made.
  let keys = map.keys();
  let first: string | undefined;
  let moves = 0;
  return {
    peek() {
      if (first !== undefined && map.has(first)) return first;
      let next = keys.next();
      if (next.done === true) {
        keys = map.keys();
        next = keys.next();
      }
      first = next.done === true ? undefined : next.value;
      return first;
    },
    moved(key) {
      moves += 1;
      if (moves > map.size + LEAST_MOVES) {
        moves = 0;
        keys = map.keys();
        first = undefined;
      }
      if (key === first) first = undefined;
    },
  };
}
