/**
 * Keys and until when each is remembered, in typed arrays: 12 bytes a place, of which a third to two thirds are taken. A key is
 * 64 bits of a hash: of ten million two share them once in a hundred thousand times. What has expired gives its place up when
 * the arrays are next made anew. Rejected: a Map of strings (ten times the memory).
 */

/** 64 bits, as two unsigned halves. */
export type KeyHash = readonly [high: number, low: number];

export interface SeenKeys {
  /** Epoch seconds at which the key is forgotten; 0: it is not known. */
  expiry(key: KeyHash): number;
  /** `now`, epoch seconds: what has expired by then may go. */
  set(key: KeyHash, expiry: number, now: number): void;
}

const FIRST_PLACES = 1024;

export function createSeenKeys(): SeenKeys {
  let places = FIRST_PLACES;
  // High half, low half and expiry of each place; expiry 0: it is free.
  let cells = new Uint32Array(places * 3);
  let taken = 0;

  /** The cell of the key, or the free one where it belongs. */
  function find([high, low]: KeyHash): number {
    for (let place = low & (places - 1); ; place = (place + 1) & (places - 1)) {
      const cell = place * 3;
      if (cells[cell + 2] === 0 || (cells[cell] === high && cells[cell + 1] === low)) return cell;
    }
  }

  function put(key: KeyHash, expiry: number): void {
    const cell = find(key);
    if (cells[cell + 2] === 0) taken += 1;
    [cells[cell], cells[cell + 1]] = key;
    cells[cell + 2] = expiry;
  }

  function makeRoom(now: number): void {
    const old = cells;
    let living = 0;
    for (let cell = 2; cell < old.length; cell += 3) if ((old[cell] ?? 0) > now) living += 1;
    while (places < living * 3) places *= 2;
    cells = new Uint32Array(places * 3);
    taken = 0;
    for (let cell = 0; cell < old.length; cell += 3) {
      const expiry = old[cell + 2] ?? 0;
      if (expiry > now) put([old[cell] ?? 0, old[cell + 1] ?? 0], expiry);
    }
  }

  return {
    expiry: (key) => cells[find(key) + 2] ?? 0,
    set(key, expiry, now) {
      if (taken * 3 >= places * 2) makeRoom(now);
      put(key, expiry);
    },
  };
}
