/**
 * The source port: something that brings items, at its own pace, for as long as the process runs or until it is done.
 *
 * A source owns its cursor and its connection; everything after (cleaning, dedupe, stories, the stream) is the stage's.
 * The order that makes a crash harmless: emit, wait until it resolves (the items are durable in the stream), then move
 * the cursor in `context.state`. A crash in between repeats at most one batch, and ids are deterministic.
 * Rejected: async generators (a source could not learn that its items are durable before it moves its cursor).
 */

/** An item as its origin wrote it; `normalize` makes a Document of it. */
export interface RawItem {
  /** The origin's own id of the item, unique within its outlet. */
  readonly guid?: string;
  readonly url?: string;
  readonly title?: string;
  readonly text: string;
  /** Whether title and text are HTML; absent: guessed from the text. */
  readonly html?: boolean;
  readonly author?: string;
  /** In any common form; see time.ts. */
  readonly published_at?: string;
  /** Of a recorded feed: when it had come in. A replay's clock goes by it, so that what came late comes late again. */
  readonly fetched_at?: string;
  readonly language?: string;
  /** The item's own outlet; absent: the name of the source instance. */
  readonly source?: string;
  readonly source_class?: 'news' | 'social';
  /** Tickers that the origin tagged it with. */
  readonly tickers?: readonly string[];
  /** Of an edited item: what tells this edit from others. Same guid and published_at: it takes the first one's place. */
  readonly revision?: string;
  /** Guid or address of the item that this one repeats or quotes. */
  readonly repost_of?: string;
}

/** What its origin deleted: one item by its guid, or all of an author; exactly one of the two is set. */
export interface Removal {
  readonly guid?: string;
  /** As the items' `author` was. */
  readonly author?: string;
  /** The items' own outlet, where they had one; absent: the name of the source instance. */
  readonly source?: string;
  readonly reason: 'deleted' | 'account_deleted';
  /** Of a recorded feed: when it was taken back. A replay's clock goes by it. */
  readonly at?: string;
}

/** An input that is no item: a broken line, a wrong record. It goes to the dead-letter topic with its reason. */
export interface Refusal {
  readonly code: 'input.invalid' | 'input.too_large';
  /** One sentence that names the place and the rule. */
  readonly reason: string;
  /** The input, or its beginning. */
  readonly value: unknown;
  /** Of an item: its outlet, and the id of the document that it would have been, where its guid or address say so. */
  readonly origin?: { readonly source: string; readonly id: string | null } | undefined;
}

export interface EmitOptions {
  readonly refused?: readonly Refusal[];
  /** Taken after the items of the same emit. Of something never taken in: harmless, and counted. */
  readonly removed?: readonly Removal[];
  /** Gives up waiting for room in the stream. Items already appended stay. */
  readonly signal?: AbortSignal;
}

/** What became of the items of one emit. */
export interface Receipt {
  readonly accepted: number;
  readonly duplicates: number;
  /** Items that are no document (no text, too long), by their index in the emitted list. */
  readonly refused: readonly { readonly index: number; readonly reason: string }[];
  /** How long they are known from now on: an item that is not emitted again for longer is news when it comes again. */
  readonly rememberedMs: number;
}

/**
 * Resolves when all items and removals are durable: only then may the source move its cursor. Waits, however long, while
 * the stream is full or unavailable; rejects only with a signal's reason.
 */
export type Emit = (items: readonly RawItem[], options?: EmitOptions) => Promise<Receipt>;

export interface Source {
  /** True where the source never ends by itself: a feed, a server. */
  readonly endless: boolean;
  /**
   * Resolves when a finite source is done or the context's signal aborts, within two seconds of it. Bad input and
   * unreachable servers are reported through `condition`, not thrown; a thrown error stops this source alone.
   */
  run(emit: Emit): Promise<void>;
  condition(): SourceCondition;
}

/** How a source fares with its origin; it says nothing of items. */
export interface SourceCondition {
  /** `dead`: it has failed for good; only a person can mend it. */
  readonly status: 'starting' | 'ok' | 'failing' | 'dead';
  /** Why it is failing or dead, in one sentence with what to do; null otherwise. */
  readonly reason: string | null;
  readonly last_success_at: string | null;
  readonly next_attempt_at: string | null;
}
