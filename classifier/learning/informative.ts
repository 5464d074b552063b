/**
 * Which documents a person should label next: those that teach the model most, and no two that teach the same.
 *
 * - uncertainty: the calibrated probabilities are close to one another (Lewis & Gale 1994; entropy of the sentiment, and
 *   the margin between the two likeliest topics);
 * - disagreement: a candidate in shadow says something else (query by committee: Seung et al. 1992), or the model's own heads
 *   contradict one another: a negative event in a positive text, an entity that is treated otherwise than the text;
 * - drift: its kind (topic, tenth of confidence) is now a larger part of the stream than of what the model was measured on;
 * - diversity: the next one is chosen by its value times how unlike it is to those already chosen (maximal marginal relevance:
 *   Carbonell & Goldstein 1998), by embedding where there is one, else by shared words; a story is asked once.
 *
 * One in eight is drawn at random whatever its value: a model that is only ever asked about what it finds hard is measured
 * wrongly, and what it has wrong and is sure of would never be met. One in ten is a document that somebody else has labelled:
 * agreement between people is known only where two of them looked. Pure.
 */
import { stabilityIndex, type Reference } from '../drift.ts';

export const REASONS = ['uncertain', 'disagreement', 'drift', 'sample', 'second_opinion'] as const;
export type Reason = (typeof REASONS)[number];

export interface Candidate {
  readonly id: string;
  readonly story: string;
  readonly text: string;
  readonly sentiment: string;
  /** Calibrated, by label. */
  readonly sentiments: Readonly<Record<string, number>>;
  readonly topic: string;
  readonly topics: Readonly<Record<string, number>>;
  readonly confidence: number;
  readonly event: string | null;
  /** Sentiment towards each entity, by label. */
  readonly entities: readonly Readonly<Record<string, number>>[];
  /** What a candidate in shadow gives it; null without one. */
  readonly shadow: Readonly<Record<string, number>> | null;
  /** Null where none is known. */
  readonly embedding: readonly number[] | null;
  /** How many people have labelled it. */
  readonly labelled: number;
}

export interface Chosen {
  readonly id: string;
  /** Why it is asked, the strongest first. */
  readonly reasons: readonly Reason[];
  /** 0 to 1. */
  readonly value: number;
}

interface Valued {
  readonly candidate: Candidate;
  readonly value: number;
  readonly reasons: readonly Reason[];
}

/** Parts below this are no reason. */
const LEAST_PART = 0.3;

/** Uncertainty of a document in [0, 1]. */
export function uncertainty({ sentiments, topics }: Pick<Candidate, 'sentiments' | 'topics'>): number {
  const shares = Object.values(sentiments).filter((share) => share > 0);
  const entropy = shares.reduce((sum, share) => sum - share * Math.log(share), 0) / Math.log(3);
  const [first = 0, second = 0] = Object.values(topics).toSorted((a, b) => b - a);
  const margin = first === 0 ? 0 : 1 - (first - second);
  return Math.min(1, Math.max(entropy, 0.6 * margin));
}

/** How far two readings of one document are apart, in [0, 1]: the largest of all pairs' total variation. */
export function disagreement({ sentiments, event, entities, shadow }: Candidate): number {
  const apart = (other: Readonly<Record<string, number>>): number =>
    ['negative', 'neutral', 'positive'].reduce(
      (sum, label) => sum + Math.abs((sentiments[label] ?? 0) - (other[label] ?? 0)) / 2,
      0,
    );
  const towards = entities.length === 1 && entities[0] !== undefined ? apart(entities[0]) : 0;
  const eventful = event === null ? 0 : (sentiments['positive'] ?? 0);
  return Math.max(shadow === null ? 0 : apart(shadow), 0.7 * towards, eventful);
}

/** How over-represented each topic and tenth of confidence is now, in [0, 1]: 1 from four times its usual share on. */
export function driftOf(all: readonly Candidate[], reference: Reference | null): (one: Candidate) => number {
  if (reference === null || all.length < 200) return () => 0;
  const tenth = ({ confidence }: Candidate): string => (Math.min(9, Math.floor(confidence * 10)) / 10).toFixed(1);
  const sharesBy = (key: (one: Candidate) => string): Record<string, number> => {
    const shares: Record<string, number> = {};
    for (const one of all) shares[key(one)] = (shares[key(one)] ?? 0) + 1 / all.length;
    return shares;
  };
  const measures = [
    { key: ({ topic }: Candidate) => topic, usual: reference.topic },
    { key: tenth, usual: reference.confidence },
  ].map(({ key, usual }) => {
    const now = sharesBy(key);
    // A steady stream has no drift to ask about, whatever one rare topic does.
    return { key, usual, now, moved: stabilityIndex(now, usual) >= 0.1 };
  });
  return (one) =>
    measures.reduce((most, { key, usual, now, moved }) => {
      if (!moved) return most;
      const ratio = (now[key(one)] ?? 0) / Math.max(0.005, usual[key(one)] ?? 0);
      return Math.max(most, Math.min(1, Math.max(0, Math.log(ratio) / Math.log(4))));
    }, 0);
}

export interface QueueOptions {
  readonly count: number;
  readonly reference: Reference | null;
  /** In [0, 1) by id: the same for the same person and day, so that the queue does not change while it is worked through. */
  readonly chance: (id: string) => number;
}

const SAMPLED = 8;
const DOUBLED = 10;

/** The queue, most telling first, a story once. */
export function chooseNext(candidates: readonly Candidate[], options: QueueOptions): Chosen[] {
  const drift = driftOf(candidates, options.reference);
  // A story that somebody has labelled is asked again as a second opinion on that document, not as another copy.
  const known = new Set(candidates.flatMap((one) => (one.labelled > 0 ? [storyOf(one)] : [])));
  const fresh = candidates.filter((one) => !known.has(storyOf(one))).map((one) => valueOf(one, drift(one)));
  const byChance = (a: Candidate, b: Candidate): number => options.chance(a.id) - options.chance(b.id);
  const sampled = fresh.map(({ candidate }) => candidate).toSorted(byChance);
  const doubled = candidates.filter(({ labelled }) => labelled === 1).toSorted(byChance);
  const chosen: Chosen[] = [];
  const stories = new Set<string>();
  const likeness = new Map<Valued, number>(fresh.map((one) => [one, 0]));
  const take = (candidate: Candidate, value: number, reasons: readonly Reason[]): void => {
    chosen.push({ id: candidate.id, value, reasons });
    stories.add(storyOf(candidate));
    const like = similarityTo(candidate);
    for (const [one, before] of likeness) likeness.set(one, Math.max(before, like(one.candidate)));
  };
  const draw = (from: Candidate[]): Candidate | undefined => {
    while (from.length > 0) {
      const next = from.shift();
      if (next !== undefined && !stories.has(storyOf(next))) return next;
    }
    return undefined;
  };
  while (chosen.length < options.count) {
    const place = chosen.length + 1;
    const second = place % DOUBLED === 0 ? draw(doubled) : undefined;
    const drawn = second ?? (place % SAMPLED === 0 ? draw(sampled) : undefined);
    if (drawn !== undefined) {
      take(drawn, 0, [drawn.labelled === 1 ? 'second_opinion' : 'sample']);
      continue;
    }
    let best: Valued | null = null;
    let most = -1;
    for (const [one, like] of likeness) {
      if (stories.has(storyOf(one.candidate))) continue;
      const worth = one.value * (1 - like);
      if (worth > most) [best, most] = [one, worth];
    }
    if (best === null) break;
    likeness.delete(best);
    take(best.candidate, best.value, best.reasons);
  }
  return chosen;
}

const storyOf = ({ story, id }: Candidate): string => (story === '' ? id : story);

/** Any one part is enough: one less the product of what each leaves. */
function valueOf(candidate: Candidate, drift: number): Valued {
  const parts: readonly (readonly [Reason, number])[] = [
    ['uncertain', uncertainty(candidate)],
    ['disagreement', disagreement(candidate)],
    ['drift', 0.5 * drift],
  ];
  const value = 1 - parts.reduce((left, [, part]) => left * (1 - part), 1);
  const reasons = parts
    .filter(([, part]) => part >= LEAST_PART)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason]) => reason);
  return { candidate, value, reasons: reasons.length === 0 ? ['uncertain'] : reasons };
}

/** In [0, 1]: cosine of the embeddings where both have one, else shared words over all words. */
function similarityTo(one: Candidate): (other: Candidate) => number {
  const words = wordsOf(one.text);
  return (other) => {
    if (one.embedding !== null && other.embedding !== null) return Math.max(0, cosine(one.embedding, other.embedding));
    const theirs = wordsOf(other.text);
    let shared = 0;
    for (const word of theirs) if (words.has(word)) shared += 1;
    return shared / Math.max(1, words.size + theirs.size - shared);
  };
}

const remembered = new Map<string, ReadonlySet<string>>();

/** Words, and of Chinese pairs of signs. */
function wordsOf(text: string): ReadonlySet<string> {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{Script=Han}]+|[\p{L}\p{N}]+/gu)) {
    if (!/\p{Script=Han}/u.test(word)) found.add(word);
    else for (let at = 0; at + 1 < word.length; at += 1) found.add(word.slice(at, at + 2));
  }
  if (remembered.size > 5000) remembered.clear();
  remembered.set(text, found);
  return found;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right);
}
