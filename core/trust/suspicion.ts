/**
 * What makes a vote stand out, so that a person looks at it before anything learns from it. Each rule names its reason; none
 * throws a vote away. Thresholds are in one place, with what they cost an honest person: a held vote is released by one
 * click of a colleague.
 */
import type { Analyst } from './reliability.ts';
import type { Vote } from './vote.ts';

export type Suspicion = 'rate' | 'unreliable' | 'against_all' | 'one_sided';

export interface TrustRules {
  /** Votes of one person within an hour beyond which the rest wait. */
  readonly mostAnHour: number;
  readonly mostADay: number;
  /** Reliability below which nothing of a person is learned, once so many of their votes could be compared. */
  readonly leastReliability: number;
  readonly leastCompared: number;
  /** A correction to a label that the model holds for less likely than this, and nobody else names, waits. */
  readonly leastProbability: number;
  /** Corrections of one person about one entity, all to one side, less likely than this by chance, wait. */
  readonly oneSided: number;
}

export const TRUST: TrustRules = {
  mostAnHour: 300,
  mostADay: 1500,
  leastReliability: 0.6,
  leastCompared: 5,
  leastProbability: 0.005,
  oneSided: 1e-3,
};

/** From here on a person's word stands against a model that is sure. */
const PROVEN = { reliability: 0.8, compared: 20 } as const;
const FEWEST_ONE_SIDED = 6;

/** The first reason to hold each vote, by its id; votes without one are not named. */
export function suspicions(
  votes: readonly Vote[],
  analysts: ReadonlyMap<string, Analyst>,
  rules: TrustRules,
): Map<string, Suspicion> {
  const found = new Map<string, Suspicion>();
  const hold = (id: string, reason: Suspicion): void => void (found.has(id) ? undefined : found.set(id, reason));
  for (const id of overRate(votes, rules)) hold(id, 'rate');
  for (const { id, author } of votes) {
    const one = analysts.get(author);
    const known = (one?.compared ?? 0) >= rules.leastCompared;
    if (one !== undefined && known && one.reliability < rules.leastReliability) hold(id, 'unreliable');
  }
  const alike = grouped(votes, labelKey);
  for (const vote of votes) {
    const probability = vote.probabilities[vote.value];
    if (probability === undefined || probability >= rules.leastProbability) continue;
    const one = analysts.get(vote.author);
    const proven = one !== undefined && one.reliability >= PROVEN.reliability && one.compared >= PROVEN.compared;
    const second = alike.get(labelKey(vote))?.some(({ author }) => author !== vote.author) ?? false;
    if (!proven && !second) hold(vote.id, 'against_all');
  }
  for (const id of campaigns(votes, rules)) hold(id, 'one_sided');
  return found;
}

function labelKey({ kind, target, value }: Vote): string {
  return `${kind}\n${target}\n${value}`;
}

/** By key, each thing looked at once: there may be tens of thousands of votes, and all are read anew each time. */
function grouped<One>(things: readonly One[], keyOf: (one: One) => string): Map<string, One[]> {
  const groups = new Map<string, One[]>();
  for (const one of things) {
    const key = keyOf(one);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [one]);
    else known.push(one);
  }
  return groups;
}

/** What one person said beyond the caps, in the order of saying. */
function overRate(votes: readonly Vote[], { mostAnHour, mostADay }: TrustRules): string[] {
  return [...grouped(votes, ({ author }) => author).values()].flatMap((said) => {
    const inOrder = said.map(({ id, at }) => ({ id, time: Date.parse(at) })).sort((a, b) => a.time - b.time);
    return inOrder
      .filter(({ time }, index) => {
        const hourAgo = inOrder[index - mostAnHour]?.time ?? -Infinity;
        const dayAgo = inOrder[index - mostADay]?.time ?? -Infinity;
        return time - hourAgo < 3_600_000 || time - dayAgo < 86_400_000;
      })
      .map(({ id }) => id);
  });
}

/**
 * A person's corrections about one entity that nearly all go one way, where those of everybody else do not: a binomial
 * tail against the share of that side among the others' corrections (at least a half, at most 0.9), corrected for the number
 * of pairs that are looked at (Bonferroni).
 */
function campaigns(votes: readonly Vote[], { oneSided }: TrustRules): string[] {
  const corrections = votes.filter(
    ({ kind, value, model_value }) => kind === 'sentiment' && model_value !== '' && value !== model_value,
  );
  const mentions = corrections.flatMap(({ id, author, value, entities }) =>
    [...new Set(entities)].map((entity) => ({ id, author, value, entity })),
  );
  const looked = [...grouped(mentions, ({ entity }) => entity).values()].flatMap((all) => {
    const sides = grouped(all, ({ value }) => value);
    const byAuthor = [...grouped(all, ({ author }) => author).values()];
    return byAuthor.filter((own) => own.length >= FEWEST_ONE_SIDED).map((own) => ({ own, all, sides }));
  });
  return looked.flatMap(({ own, all, sides }) =>
    ['negative', 'neutral', 'positive'].flatMap((side) => {
      const one = own.filter(({ value }) => value === side);
      const others = (sides.get(side)?.length ?? 0) - one.length;
      const usual = (others + 1) / (all.length - own.length + 2);
      const chance = binomialTail(one.length, own.length, Math.min(0.9, Math.max(0.5, usual)));
      return chance < oneSided / looked.length ? one.map(({ id }) => id) : [];
    }),
  );
}

/** Probability of at least `hits` of `trials` at `share` each. */
export function binomialTail(hits: number, trials: number, share: number): number {
  let log = 0;
  let sum = 0;
  for (let k = 0; k <= trials; k += 1) {
    log = k === 0 ? trials * Math.log(1 - share) : log + Math.log((trials - k + 1) / k) + Math.log(share / (1 - share));
    if (k >= hits) sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
