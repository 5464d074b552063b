/**
 * What one person said about one thing, as the guards read it: a correction of a document's sentiment or topic, or a verdict
 * on an alert. Pure data; where it comes from is the store's side (feedback rows) or a test's.
 */
export interface Vote {
  /** Id of the feedback row. */
  readonly id: string;
  /** Name or pseudonym; only compared. */
  readonly author: string;
  /** Document or alert. */
  readonly target: string;
  readonly kind: 'sentiment' | 'topic' | 'verdict';
  readonly value: string;
  /** ISO 8601, by the server's clock. */
  readonly at: string;
  /** What the model had said, in the same form; '' for a verdict. */
  readonly model_value: string;
  /** The model's calibrated probability of each label; empty where it is not known. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Entities that the document is about, by watchlist id. */
  readonly entities: readonly string[];
}

/** What somebody else decided about a vote that was held; the latest of a vote stands. */
export interface Review {
  readonly vote: string;
  readonly decision: 'release' | 'reject';
  readonly at: string;
}

/** What stands of each vote: of two at the same time the later in the list. */
export function standingReviews(reviews: readonly Review[]): ReadonlyMap<string, Review['decision']> {
  const sorted = [...reviews].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return new Map(sorted.map(({ vote, decision }) => [vote, decision] as const));
}

/** Votes about the same thing, in the order in which each thing is first met. */
export function byTarget(votes: readonly Vote[]): Map<string, Vote[]> {
  const groups = new Map<string, Vote[]>();
  for (const vote of votes) {
    const key = `${vote.kind}\n${vote.target}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [vote]);
    else known.push(vote);
  }
  return groups;
}
