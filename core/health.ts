/** How a source fares, as one stage says it and another shows it. */
export interface SourceHealth {
  readonly name: string;
  /** The component's type: rss, file, http. */
  readonly type: string;
  /** `quiet`: it answers, but has brought nothing new for an hour. */
  readonly status: 'starting' | 'ok' | 'quiet' | 'failing' | 'finished';
  /** Why it is failing, in one sentence with what to do; null otherwise. */
  readonly reason: string | null;
  readonly last_success_at: string | null;
  readonly last_item_at: string | null;
  /** Documents taken in since the process started. */
  readonly items: number;
  readonly next_attempt_at: string | null;
}
