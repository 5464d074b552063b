/**
 * Where the texts lie that others are compared with: slots of fixed size in typed arrays, and from each of a text's
 * smallest shingle hashes a way back to its slot. Everything is allocated for a fixed number of slots, so memory has a
 * ceiling and the garbage collector has nothing to do.
 *
 * A look-up is by buckets of eight slots; the ninth entry overwrites the oldest, and entries of freed slots stay until they are
 * overwritten: what is found is only a candidate and is compared anyway. A frequent shingle so finds the newest texts
 * that have it, a rare one all. Rejected: exact posting lists in JavaScript Maps (four times the memory; a third of the
 * speed at 50,000 stories).
 */
import { KEPT_HASHES, likeness, type Likeness, type Sketch } from './shingles.ts';
import { MOST_MARKS, type Marks } from './marks.ts';

/** Shingle hashes by which a text is found: of copies with a resemblance of a half, 1 in 4,000 shares none of 12. */
const INDEXED_HASHES = 12;
const BUCKET = 8;
const COMPARED_CANDIDATES = 8;
/** Offsets within a slot: counts of hashes and marks, cut-off, first shingle, marks of three kinds, hashes. */
const COUNTS = 0;
const CUTOFF = 1;
const HEAD = 2;
const FIGURES = 3;
const NAMES = FIGURES + MOST_MARKS;
const ABOUT = NAMES + MOST_MARKS;
const HASHES = ABOUT + MOST_MARKS;
const STRIDE = HASHES + KEPT_HASHES;
const FIRST_SLOTS = 1024;

export interface Exemplar extends Sketch, Marks {
  /** Hashes of the watched entities and cashtags that it names. */
  readonly about: readonly number[];
}

export interface Exemplars {
  /** Takes a slot; the caller makes sure that there are less than `capacity`. */
  add(exemplar: Exemplar): number;
  free(slot: number): void;
  /** The texts that share most of the smallest hashes, best first. */
  candidates(exemplar: Pick<Exemplar, 'hashes'>): number[];
  compare(exemplar: Exemplar, slot: number): Likeness;
  read(slot: number): Exemplar;
  readonly size: number;
}

export function createExemplars(capacity: number): Exemplars {
  // Grown by doubling, so that a small installation stays small.
  let pool = new Uint32Array(Math.min(capacity, FIRST_SLOTS) * STRIDE);
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(64, (capacity * INDEXED_HASHES) / (BUCKET / 2))));
  // Slot numbers plus one; 0 is empty.
  const entries = new Int32Array(buckets * BUCKET);
  const oldest = new Uint8Array(buckets);
  const freed: number[] = [];
  let used = 0;
  const gathered = new Int32Array(INDEXED_HASHES * BUCKET);

  const count = (slot: number, kind: 0 | 1 | 2 | 3): number =>
    ((pool[slot * STRIDE + COUNTS] ?? 0) >>> (kind * 8)) & 0xff;
  const part = (slot: number, from: number, length: number): Uint32Array =>
    pool.subarray(slot * STRIDE + from, slot * STRIDE + from + length);
  const hashesOf = (slot: number): Uint32Array => part(slot, HASHES, count(slot, 0));

  function takeSlot(): number {
    const again = freed.pop();
    if (again !== undefined) return again;
    if ((used + 1) * STRIDE > pool.length) {
      const larger = new Uint32Array(Math.min(capacity, (pool.length / STRIDE) * 2) * STRIDE);
      larger.set(pool);
      pool = larger;
    }
    return used++;
  }

  return {
    add(exemplar) {
      const slot = takeSlot();
      const base = slot * STRIDE;
      const { hashes, figures, names, about } = exemplar;
      pool[base + COUNTS] = hashes.length | (figures.length << 8) | (names.length << 16) | (about.length << 24);
      pool[base + CUTOFF] = exemplar.cutoff;
      pool[base + HEAD] = exemplar.head;
      pool.set(figures, base + FIGURES);
      pool.set(names, base + NAMES);
      pool.set(about, base + ABOUT);
      pool.set(hashes, base + HASHES);
      for (let at = 0; at < INDEXED_HASHES && at < hashes.length; at += 1) {
        const bucket = (hashes[at] ?? 0) & (buckets - 1);
        const place = oldest[bucket] ?? 0;
        entries[bucket * BUCKET + place] = slot + 1;
        oldest[bucket] = (place + 1) % BUCKET;
      }
      return slot;
    },
    free(slot) {
      pool[slot * STRIDE + COUNTS] = 0;
      freed.push(slot);
    },
    candidates({ hashes }) {
      let found = 0;
      for (let at = 0; at < INDEXED_HASHES && at < hashes.length; at += 1) {
        const base = ((hashes[at] ?? 0) & (buckets - 1)) * BUCKET;
        for (let place = base; place < base + BUCKET; place += 1) {
          const entry = entries[place] ?? 0;
          if (entry !== 0) gathered[found++] = entry - 1;
        }
      }
      return mostFrequent(gathered.subarray(0, found).sort());
    },
    compare: (exemplar, slot) =>
      likeness(exemplar, { hashes: hashesOf(slot), cutoff: pool[slot * STRIDE + CUTOFF] ?? 0 }),
    read: (slot) => ({
      hashes: hashesOf(slot),
      cutoff: pool[slot * STRIDE + CUTOFF] ?? 0,
      head: pool[slot * STRIDE + HEAD] ?? 0,
      figures: [...part(slot, FIGURES, count(slot, 1))],
      names: [...part(slot, NAMES, count(slot, 2))],
      about: [...part(slot, ABOUT, count(slot, 3))],
    }),
    get size() {
      return used - freed.length;
    },
  };
}

/** The values of a sorted list that stand in it most often, at most eight, the most frequent first. */
function mostFrequent(sorted: Int32Array): number[] {
  const runs: { readonly value: number; readonly count: number }[] = [];
  for (let from = 0; from < sorted.length;) {
    const value = sorted[from] ?? 0;
    let to = from + 1;
    while (to < sorted.length && sorted[to] === value) to += 1;
    runs.push({ value, count: to - from });
    from = to;
  }
  runs.sort((a, b) => b.count - a.count || b.value - a.value);
  return runs.slice(0, COMPARED_CANDIDATES).map(({ value }) => value);
}
