/** How a source fares, as one stage says it and another shows it. */
export interface SourceHealth {
  readonly name: string;
  /** The component's type: rss, file, http. */
  readonly type: string;
  /**
   * `quiet`: it answers, but has brought nothing for longer than its own usual rate explains; `failing`: it does not
   * answer, or not with what it should; `dead`: it has failed for good, or for so long that it looks so.
   */
  readonly status: 'starting' | 'ok' | 'quiet' | 'failing' | 'dead' | 'finished';
  /** Why it is quiet, failing or dead, in one sentence with what to do; null otherwise. */
  readonly reason: string | null;
  readonly last_success_at: string | null;
  readonly last_item_at: string | null;
  /** Documents taken in since the process started. */
  readonly items: number;
  readonly next_attempt_at: string | null;
  /** How old the newest document of the last batch was when it came, in seconds; kept over restarts; null before the first. */
  readonly lag_secs?: number | null;
  /** Documents an hour that it usually brings at this time of the week; null while that is being learnt. */
  readonly usual_per_hour?: number | null;
}

/** What stands behind the `reason` of a source that is quiet or dead, for whoever says it in another language. */
export type SourceCause =
  | {
      readonly kind: 'silence';
      readonly since: string;
      /** Documents that were usual in that time, and the probability of none. */
      readonly expected: number;
      readonly probability: number;
    }
  | { readonly kind: 'failure'; readonly since: string; readonly error: string | null };

/** A change of a source's health, as the topic `sources` carries it. `at`: when it was seen. */
export type SourceNews = { readonly at: string } & ChangedSource;

/** Without a cause where it is well again, and in what an earlier version wrote. */
export type ChangedSource = (SourceHealth & { readonly cause?: SourceCause }) | RemovedSource;

/** A source that was said to be down and has left the settings since. */
export interface RemovedSource {
  readonly name: string;
  readonly status: 'removed';
}
