/** What the routes work with. A route that needs something new adds a field here, and whoever serves it gives it. */
import type { Clock } from '../core/clock.ts';
import type { SourceHealth } from '../core/health.ts';
import type { Store } from '../core/store/store.ts';
import type { ExplainAnswer, Names, PricesAnswer } from './contract.ts';
import { createFeedbackQueries, type FeedbackQueries } from './feedback_queries.ts';
import type { Learning } from './learning_api.ts';
import type { Live } from './live.ts';
import type { Phrase } from './ask/phrasing.ts';
import { createFind } from './search/find.ts';
import { createSearching, type EmbedText, type EntitiesIn, type Searching } from './search/search.ts';
import { createQueries, type Queries } from './queries.ts';
import { shareAnswers, type Share } from './shared_answers.ts';
import type { SettingsDesk } from './settings_api.ts';
import type { WatchlistDesk } from './watchlist_api.ts';
import { resolveSpan, type ExactSpan, type SpanQuestion } from './span.ts';

/** Explains the sentiment of a text, as `modelText` makes it. @throws TidewatchError model.failed */
export type ExplainText = (text: string) => Promise<ExplainAnswer>;

export interface ServiceDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly version: string;
  /** How what is written came: by the API, or by the command line beside a stopped process. */
  readonly via: 'api' | 'command';
  /** Null where nobody can listen. */
  readonly live: Live | null;
  /** Null where this process has no model. */
  readonly explain: ExplainText | null;
  /** Models and the labelling queue; absent or null where this process knows none. */
  readonly learning?: Learning | null;
  /** Who is watched; absent or null where this process reads no watchlist. */
  readonly watchlist?: WatchlistDesk | null;
  /** The settings file; absent or null where this process has none that it may show. */
  readonly settingsFile?: SettingsDesk | null;
  /** Absent or null where this process has no model with embeddings. */
  readonly embed?: EmbedText | null;
  /** Puts plain answers into prose; absent or null where no language model is set. */
  readonly phrase?: Phrase | null;
  /** Absent where no watchlist is known. */
  readonly entitiesIn?: EntitiesIn;
  /** All entities of the watchlist; absent where no watchlist is known. */
  readonly watched?: () => readonly { readonly id: string; readonly name: Names }[];
  /** Closing prices of an entity, oldest first; absent where the settings name no file of them. */
  readonly prices?: ((entity: string) => Promise<PricesAnswer['closes']>) | undefined;
  /** Health of each source now; null where another process reads them. */
  sources(): readonly SourceHealth[] | null;
  /** name@version of the model that labels now; null where this process does not label. */
  model(): string | null;
  /** Display names of a watchlist entity; the id itself for one that is not listed. */
  names(id: string): Names;
}

export interface ApiServices extends ServiceDependencies {
  readonly phrase: Phrase | null;
  readonly queries: Queries;
  readonly feedback: FeedbackQueries;
  readonly searching: Searching;
  /** Answers kept for a second and shared by who asks alike. */
  readonly share: Share;
  /** The span that a question means. */
  span(question: SpanQuestion, stepSecs?: number): Promise<ExactSpan>;
}

export function createServices(dependencies: ServiceDependencies): ApiServices {
  const { store, clock, names } = dependencies;
  const queries = createQueries(store, clock, names);
  const share = shareAnswers();
  return {
    ...dependencies,
    phrase: dependencies.phrase ?? null,
    queries,
    feedback: createFeedbackQueries(store),
    searching: createSearching({
      find: createFind(store),
      clock,
      embed: dependencies.embed ?? null,
      entitiesIn: dependencies.entitiesIn ?? (() => []),
    }),
    share,
    async span(question, stepSecs) {
      const newest = await share('newest', () => queries.newest());
      return resolveSpan(question, clock.now(), newest, stepSecs);
    },
  };
}
