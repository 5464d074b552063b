/**
 * Whether one text is a copy of another, and if so, what may still say that the two speak of different things: fillings of
 * one template ("X to buy back shares") look like copies. Pure. The thresholds were set on hand-made pairs of both kinds in both
 * languages; see test/ingest/stories.test.ts and docs/stories.md.
 */
import type { Exemplar } from './exemplars.ts';
import type { Likeness } from './shingles.ts';

export type Difference = 'about' | 'names' | 'figures';

const LEAST_RESEMBLANCE = 0.55;
/** Where neither text holds the other one's beginning, they are likely to speak of different subjects. */
const LEAST_APART = 0.75;
const LEAST_CONTAINMENT = 0.8;
const LEAST_RATIO = 0.1;
/** A text of fewer hashes is contained in too many. */
const LEAST_CONTAINED = 8;

/** Whether it can be one at all, before more is read of it: of the candidates few are. */
export function isNearCopy({ resemblance, containment }: Likeness): boolean {
  return resemblance >= LEAST_RESEMBLANCE || containment >= LEAST_CONTAINMENT;
}

export function isCopy({ resemblance, containment, ratio }: Likeness, a: Exemplar, b: Exemplar): boolean {
  const apart = isWhole(a) && isWhole(b) && !a.hashes.includes(b.head) && !b.hashes.includes(a.head);
  if (resemblance >= (apart ? LEAST_APART : LEAST_RESEMBLANCE)) return true;
  const shorter = Math.min(a.hashes.length, b.hashes.length);
  return !apart && containment >= LEAST_CONTAINMENT && ratio >= LEAST_RATIO && shorter >= LEAST_CONTAINED;
}

/** Whether the sketch holds every shingle of its text. */
function isWhole({ cutoff }: Exemplar): boolean {
  return cutoff === 0xffff_ffff;
}

/** What says that two texts of one form speak of different things; null where nothing does. */
export function differenceOf(a: Exemplar, b: Exemplar, leastFigures: number): Difference | null {
  if (areDisjoint(a.about, b.about, 1)) return 'about';
  if (areDisjoint(a.names, b.names, 1)) return 'names';
  if (areDisjoint(a.figures, b.figures, leastFigures)) return 'figures';
  return null;
}

function areDisjoint(a: readonly number[], b: readonly number[], least: number): boolean {
  return a.length >= least && b.length >= least && !a.some((mark) => b.includes(mark));
}
