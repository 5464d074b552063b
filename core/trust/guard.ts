/**
 * Between what people say and what is learned from it. Four guards, each of which alone would be got round: how reliable a
 * person is (reliability.ts), what stands out and waits for a second pair of eyes (suspicion.ts), how sure the belief is, and
 * how much of all one person may decide. The last one is the bound that holds against whoever is reliable for a year and
 * then is not: with n people nobody's part of the whole weight is above `mostShare`, or 1/n where fewer than 1/mostShare speak.
 *
 * Nothing is lost: what is held is listed with its reason, and becomes a lesson when a colleague releases it: as its author said
 * it, whatever the model holds likely, unless a colleague has released another label of the same thing.
 */
import { beliefOf, weigh, type Analyst, type Belief } from './reliability.ts';
import { suspicions, TRUST, type Suspicion, type TrustRules } from './suspicion.ts';
import { byTarget, standingReviews, type Review, type Vote } from './vote.ts';

export interface GuardRules extends TrustRules {
  /** Belief below which people are taken to disagree. */
  readonly leastBelief: number;
  /** Most of the whole weight that one person decides. */
  readonly mostShare: number;
}

export const GUARD: GuardRules = { ...TRUST, leastBelief: 0.55, mostShare: 0.25 };

/** What may be learned of one thing. */
export interface Accepted extends Belief {
  /** How much it counts, in (0, 1]. */
  readonly weight: number;
}

export interface Held {
  readonly vote: Vote;
  /** `disagreement`: people contradict one another and nobody outweighs. */
  readonly reason: Suspicion | 'disagreement' | 'rejected';
}

export interface Guarded {
  readonly accepted: readonly Accepted[];
  /** Newest first. */
  readonly held: readonly Held[];
  readonly analysts: readonly (Analyst & {
    /** Part of the whole weight that they decide, after the cap. */
    readonly share: number;
  })[];
}

/** @param votes what stands: at most one of each person about each thing */
export function guard(votes: readonly Vote[], given: readonly Review[] = [], rules: GuardRules = GUARD): Guarded {
  const reviews = standingReviews(given);
  const { analysts } = weigh(votes, reviews);
  const suspected = suspicions(votes, analysts, rules);
  const reliability = new Map([...analysts].map(([author, one]) => [author, one.reliability] as const));
  const held: Held[] = [];
  const open = votes.filter((vote) => {
    const decision = reviews.get(vote.id);
    const reason = decision === 'reject' ? 'rejected' : decision === 'release' ? undefined : suspected.get(vote.id);
    if (reason !== undefined) held.push({ vote, reason });
    return reason === undefined;
  });
  const believed: Belief[] = [];
  for (const group of byTarget(open).values()) {
    const released = new Set(group.flatMap(({ id, value }) => (reviews.get(id) === 'release' ? [value] : [])));
    // A colleague looked and let it through: then it is that label or, of two that were let through, the likelier one. Never
    // what the model or an unreviewed voice says instead, in the name of whoever was released.
    const belief = beliefOf(group, reliability, released);
    if (belief.probability >= rules.leastBelief) believed.push(belief);
    else if (released.size === 1) believed.push({ ...belief, probability: rules.leastBelief });
    else {
      // One voice, or several of one mind, against a model that is surer than they are relied on.
      const isOneMind = new Set(group.map(({ value }) => value)).size === 1;
      held.push(
        ...group.map((vote) => ({ vote, reason: isOneMind ? ('against_all' as const) : ('disagreement' as const) })),
      );
    }
  }
  const { accepted, shares } = capped(believed, rules.mostShare);
  held.sort((a, b) => (a.vote.at > b.vote.at ? -1 : 1));
  return {
    accepted,
    held,
    analysts: [...analysts.values()].map((one) => ({ ...one, share: shares.get(one.author) ?? 0 })),
  };
}

/** Scales people down until nobody's part is above the cap. A thing's weight is shared by those who said what is believed. */
function capped(believed: readonly Belief[], mostShare: number): { accepted: Accepted[]; shares: Map<string, number> } {
  const things = believed.map((belief) => {
    const behind = belief.votes.filter(({ value }) => value === belief.value).map(({ author }) => author);
    return { belief, behind: behind.length === 0 ? belief.votes.map(({ author }) => author) : behind };
  });
  const scale = new Map<string, number>(things.flatMap(({ behind }) => behind.map((author) => [author, 1] as const)));
  const cap = Math.max(mostShare, 1 / Math.max(1, scale.size));
  const totals = (): { own: Map<string, number>; all: number } => {
    const own = new Map<string, number>();
    let all = 0;
    for (const { belief, behind } of things)
      for (const author of behind) {
        const part = (belief.probability * (scale.get(author) ?? 1)) / behind.length;
        own.set(author, (own.get(author) ?? 0) + part);
        all += part;
      }
    return { own, all };
  };
  // Each round brings who is above down to the cap of what the others hold; parts of the others only grow.
  for (let round = 0; round < 100; round += 1) {
    const { own, all } = totals();
    const [author, most] = [...own].reduce((top, one) => (one[1] > top[1] ? one : top), ['', 0]);
    if (all === 0 || most <= cap * all * (1 + 1e-6) || own.size < 2) break;
    const allowed = own.size * cap <= 1 ? all / own.size : (cap / (1 - cap)) * (all - most);
    scale.set(author, (scale.get(author) ?? 1) * Math.min(1, allowed / most));
  }
  const { own, all } = totals();
  const weightOf = (behind: readonly string[]): number =>
    behind.reduce((sum, author) => sum + (scale.get(author) ?? 1), 0) / Math.max(1, behind.length);
  return {
    accepted: things.map(({ belief, behind }) => ({ ...belief, weight: belief.probability * weightOf(behind) })),
    shares: new Map([...own].map(([author, part]) => [author, all === 0 ? 0 : part / all])),
  };
}
