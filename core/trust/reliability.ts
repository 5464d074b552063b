/**
 * How far each person's word can be relied on, and what is probably true of each thing: Dawid & Skene (1979) with one
 * number a person (the "one-coin" model), by expectation and maximisation. A person's reliability has a Beta prior, so that
 * five votes neither make nor break anyone, and is judged only where somebody else spoke of the same thing too, or a review
 * decided: nobody is reliable for agreeing with themselves, nor unreliable for a correction that nobody else has looked at.
 *
 * The model's calibrated probabilities are one voter more, the one that cannot be talked into anything: without it two who
 * collude outvote one who does not. Two honest people who agree outweigh it, unless it is very sure.
 *
 * Rejected: full confusion matrices a person (twenty topics: 400 numbers from a few dozen votes), and plain majority
 * (two careless people outvote one careful one).
 */
import { byTarget, type Review, type Vote } from './vote.ts';

export interface Analyst {
  readonly author: string;
  /** Votes in all, and those about which somebody else spoke too (or a review decided). */
  readonly said: number;
  readonly compared: number;
  /** Mean of the posterior that a vote of theirs is right, in (0, 1). */
  readonly reliability: number;
}

/** What is probably true of one thing. */
export interface Belief {
  readonly target: string;
  readonly kind: Vote['kind'];
  readonly value: string;
  /** In (0, 1]. */
  readonly probability: number;
  readonly votes: readonly Vote[];
}

/** Beta prior of a person: right 8 of 10 times, worth ten votes. */
export const PRIOR = { right: 8, wrong: 2 } as const;
const ROUNDS = 25;
/**
 * How much the model's own probabilities count as prior of what is true; the rest is flat. More where people are judged than
 * where a correction is believed, which is about the cases that the model has wrong.
 */
const MODEL_SHARE = { ofPeople: 0.8, ofThings: 0.5 } as const;
const LABELS: Readonly<Record<Vote['kind'], number>> = { sentiment: 3, topic: 20, verdict: 4 };

/** Reliability of everybody who voted, and a belief for each thing, in the order of the votes. */
export function weigh(
  votes: readonly Vote[],
  reviews: ReadonlyMap<string, Review['decision']> = new Map(),
): { analysts: Map<string, Analyst>; beliefs: Belief[] } {
  const groups = [...byTarget(votes).values()];
  const shared = groups.filter((group) => new Set(group.map(({ author }) => author)).size > 1);
  const said = new Map<string, number>();
  for (const { author } of votes) said.set(author, (said.get(author) ?? 0) + 1);
  const flat = PRIOR.right / (PRIOR.right + PRIOR.wrong);
  let reliability = new Map([...said.keys()].map((author) => [author, flat]));
  const compared = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const right = new Map<string, number>();
    compared.clear();
    const count = (author: string, share: number): void => {
      right.set(author, (right.get(author) ?? 0) + share);
      compared.set(author, (compared.get(author) ?? 0) + 1);
    };
    for (const group of shared) {
      const belief = beliefIn(group, reliability, MODEL_SHARE.ofPeople);
      for (const { id, author, value } of group) if (!reviews.has(id)) count(author, belief.get(value) ?? 0);
    }
    for (const { id, author } of votes) {
      const decision = reviews.get(id);
      if (decision !== undefined) count(author, decision === 'release' ? 1 : 0);
    }
    reliability = new Map(
      [...said.keys()].map((author) => [
        author,
        (PRIOR.right + (right.get(author) ?? 0)) / (PRIOR.right + PRIOR.wrong + (compared.get(author) ?? 0)),
      ]),
    );
  }
  const analysts = new Map(
    [...said].map(([author, count]) => [
      author,
      { author, said: count, compared: compared.get(author) ?? 0, reliability: reliability.get(author) ?? flat },
    ]),
  );
  return { analysts, beliefs: groups.map((group) => beliefOf(group, reliability)) };
}

/** What is probably true of the thing that these votes are about; of the labels `among` alone, where some are given. */
export function beliefOf(
  group: readonly Vote[],
  reliability: ReadonlyMap<string, number>,
  among: ReadonlySet<string> = new Set(),
): Belief {
  const [first] = group;
  let [value, probability] = [first?.value ?? '', 0];
  for (const [label, share] of beliefIn(group, reliability, MODEL_SHARE.ofThings)) {
    if (share > probability && (among.size === 0 || among.has(label))) [value, probability] = [label, share];
  }
  return { target: first?.target ?? '', kind: first?.kind ?? 'sentiment', value, probability, votes: group };
}

/** Posterior over the labels that are named by anyone; what nobody names shares the rest. */
function beliefIn(
  group: readonly Vote[],
  reliability: ReadonlyMap<string, number>,
  modelShare: number,
): Map<string, number> {
  const [first] = group;
  if (first === undefined) return new Map();
  const labels = LABELS[first.kind];
  const named = new Set(group.map(({ value }) => value));
  if (first.model_value !== '') named.add(first.model_value);
  const prior = (label: string): number => {
    const known = first.probabilities[label];
    return known === undefined ? 1 / labels : (1 - modelShare) / labels + modelShare * known;
  };
  const rest = Math.max(0, labels - named.size);
  const odds = (label: string | null): number =>
    group.reduce((product, { author, value }) => {
      const right = Math.min(0.98, Math.max(0.02, reliability.get(author) ?? 0.5));
      return product * (value === label ? right : (1 - right) / (labels - 1));
    }, 1);
  const weights = new Map([...named].map((label) => [label, prior(label) * odds(label)]));
  const left = Math.max(0, 1 - [...named].reduce((sum, label) => sum + prior(label), 0));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0) + (rest > 0 ? left * odds(null) : 0);
  return new Map([...weights].map(([label, weight]) => [label, total > 0 ? weight / total : 0]));
}
