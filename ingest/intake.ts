/**
 * What happens to the items of every source, in one place and one after another: cleaned, checked against what was seen,
 * given entities, a story and a flood score, appended to the stream, recorded; and what their origins took back is passed on. One batch at a time, so that two sources that bring the
 * same item in the same moment bring it once.
 *
 * Storage that is full or away is waited for here, so no source has to know about it.
 */
import { either } from '../core/abort.ts';
import { isReplayClock, type Clock } from '../core/clock.ts';
import { stableId, type Document } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS, deadLetterTopic, type Message, type Stream } from '../core/stream/stream.ts';
import { deadLetter } from './dead_letter.ts';
import { openAuthors, REPLAYED, withStoredAuthor, type Authors, type AuthorSettings } from './authors.ts';
import { contentIdOf } from './dedupe.ts';
import { createEntityMatcher } from './entities.ts';
import { insist, orAborted } from './insist.ts';
import { openIngestMemory, type Forgetful, type IngestMemory } from './memory.ts';
import { postOf, storyTextOf } from './placing.ts';
import { removalMessage, type RemovalMessage } from './removals.ts';
import { normalize } from './normalize.ts';
import type { IngestSettings } from './settings.ts';
import { wordsOf } from './shingles.ts';
import type { EmitOptions, RawItem, Receipt, Refusal, Removal } from './source.ts';
import { createRefusalLog } from './refusal_log.ts';
import { parseTime } from './time.ts';
import type { WatchedEntity } from './watchlist.ts';

export interface IntakeParts {
  readonly stream: Stream;
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Aborts every wait when the stage stops. */
  readonly signal: AbortSignal;
}

export interface TakeOptions extends EmitOptions {
  /**
   * Sent back out of the dead letters: authors are in the form in which they are stored, and stay so; what is refused again
   * gets a letter again, since the one before is used up.
   */
  readonly isRedriven?: boolean;
}

export interface Intake extends Forgetful {
  /**
   * Takes items of one source; see Emit. `stop` is the source's own signal, which aborts with the stage's: thousands of
   * sources that wait at one signal cost more than what they wait for, since taking a listener off looks through all.
   */
  take(feed: string, items: readonly RawItem[], options?: TakeOptions, stop?: AbortSignal): Promise<Receipt>;
  /** Looks for these entities from the next batch on. */
  watch(watched: readonly WatchedEntity[]): void;
  /** Resolves when no batch is in hand. */
  idle(): Promise<void>;
}

/** A batch this long takes some tens of milliseconds: the event loop is free again in between. */
const BATCH = 400;

/** What one batch is made of. */
interface Handful {
  readonly items: readonly RawItem[];
  readonly refused: readonly Refusal[];
  readonly removed: readonly Removal[];
  readonly isRedriven: boolean;
  readonly storedAuthor: Authors['stored'];
}

interface Batch {
  readonly documents: Document[];
  readonly refused: { readonly index: number; readonly reason: string }[];
  /** What was refused for the first time: a feed offers the same items at each fetch, a service the same records. */
  readonly letters: Refusal[];
  readonly duplicates: Map<string, number>;
  readonly removals: RemovalMessage[];
}

export function createIntake(
  settings: Pick<IngestSettings, 'dedupe_hours' | 'max_text_chars'> & AuthorSettings,
  watched: readonly WatchedEntity[],
  parts: IntakeParts,
): Intake {
  const { stream, state, clock, log, metrics } = parts;
  const rememberedMs = settings.dedupe_hours * 3_600_000;
  let matchEntities = createEntityMatcher(watched);
  const sayRefused = createRefusalLog(log);
  const authors = openAuthors(settings, state, isReplayClock(clock) ? REPLAYED : undefined);
  // Null: to be read anew, as it was before a batch that failed.
  let memory: Promise<IngestMemory> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function remembered(): Promise<IngestMemory> {
    if (memory !== null) return memory;
    const opening = openIngestMemory(state, settings.dedupe_hours);
    memory = opening;
    opening.catch(() => {
      if (memory === opening) memory = null;
    });
    return opening;
  }

  async function prepare(feed: string, handful: Handful): Promise<Batch> {
    const { items, removed, storedAuthor } = handful;
    const held = await remembered();
    const { seen, stories, floods } = held;
    const batch: Batch = { documents: [], refused: [], letters: [], duplicates: new Map(), removals: [] };
    const refuse = (refusal: Refusal): void => {
      const isKnown = seen.refusedBefore(refusalIdOf(feed, refusal), clock.now());
      if (!isKnown || handful.isRedriven) batch.letters.push(refusal);
    };
    seen.begin();
    for (const refusal of handful.refused) refuse(refusal);
    for (const [index, item] of items.entries()) {
      // In a replay the items are the clock: each is fetched when it was, or else at the moment it was published.
      if (isReplayClock(clock)) clock.advanceTo(parseTime(item.fetched_at ?? item.published_at ?? '') ?? 0);
      const now = clock.now();
      const normal = normalize(item, { now, feed, maxTextChars: settings.max_text_chars, storedAuthor });
      if ('refused' in normal) {
        batch.refused.push({ index, reason: normal.refused.reason });
        refuse({ ...normal.refused, value: item });
        continue;
      }
      const { document } = normal;
      const { title, text, links } = document;
      const words = wordsOf(title === null ? text : `${title} ${text}`, links);
      const keys = { id: document.id, revision: item.revision, contentId: contentIdOf(document, words) };
      const reason = seen.reason(keys, now);
      if (reason !== null) {
        batch.duplicates.set(reason, (batch.duplicates.get(reason) ?? 0) + 1);
        continue;
      }
      const entities = matchEntities(document);
      const about = [...entities.map(({ id }) => id), ...document.cashtags];
      const { story, novelty, family } = stories.place(storyTextOf(document, about), now);
      const coordinated =
        document.source_class === 'social' ? floods.score(postOf({ ...document, entities }, words, family), now) : 0;
      batch.documents.push({ ...document, entities, story, novelty, coordinated });
    }
    for (const removal of removed) {
      if (isReplayClock(clock)) clock.advanceTo(parseTime(removal.at ?? '') ?? 0);
      const message = removalMessage(removal, { feed, authors, now: clock.now() });
      if (message.kind === 'document' && !message.values.some((id) => seen.knows(id, clock.now()))) {
        metrics.skipped('removal_unknown');
        continue;
      }
      held.drop([message]);
      batch.removals.push(message);
    }
    return batch;
  }

  async function store(feed: string, batch: Batch, handful: Handful, signal: AbortSignal): Promise<void> {
    const messages: Message<Document>[] = batch.documents.map((value) => ({ key: keyOf(value), value }));
    const letters = batch.letters.map((refusal) => {
      const value = withStoredAuthor(refusal.value, handful.storedAuthor);
      return { key: feed, value: deadLetter({ ...refusal, value }, feed, clock.now()) };
    });
    const waiting = { clock, log, metrics, signal };
    await insist(() => authors.keep(), waiting);
    if (messages.length > 0) await insist(() => stream.append(TOPICS.documents, messages, signal), waiting);
    if (letters.length > 0)
      await insist(() => stream.append(deadLetterTopic(TOPICS.documents), letters, signal), waiting);
    const removals = batch.removals.map((value) => ({ key: value.values[0] ?? value.id, value }));
    if (removals.length > 0) await insist(() => stream.append(TOPICS.removals, removals, signal), waiting);
    const held = await remembered();
    // From here on the batch is in the stream: what is left to write is written even while the stage stops.
    await insist(() => state.transaction(() => held.record(clock.now())), waiting);
    held.settle();
  }

  async function takeBatch(feed: string, handful: Handful, signal: AbortSignal): Promise<Receipt> {
    signal.throwIfAborted();
    const started = performance.now();
    let batch: Batch;
    try {
      batch = await prepare(feed, handful);
      await store(feed, batch, handful, signal);
    } catch (error) {
      // Nothing of it was recorded, so the next try must find the stories as they were.
      memory = null;
      throw error;
    }
    const duplicates = [...batch.duplicates.values()].reduce((sum, count) => sum + count, 0);
    metrics.in(handful.items.length + handful.refused.length);
    metrics.out(batch.documents.length);
    for (const [reason, count] of batch.duplicates) metrics.skipped(reason, count);
    if (batch.removals.length > 0) metrics.skipped('removed', batch.removals.length);
    const refusedBefore = handful.refused.length + batch.refused.length - batch.letters.length;
    if (refusedBefore > 0) metrics.skipped('refused_before', refusedBefore);
    for (const { code } of batch.letters) metrics.error(code);
    sayRefused(
      feed,
      batch.letters.map(({ reason }) => reason),
    );
    metrics.seconds((performance.now() - started) / 1000);
    return {
      accepted: batch.documents.length,
      duplicates,
      refused: batch.refused,
      rememberedMs,
    };
  }

  async function takeAll(
    feed: string,
    items: readonly RawItem[],
    options: TakeOptions,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const receipt = { accepted: 0, duplicates: 0, refused: [] as { index: number; reason: string }[], rememberedMs };
    const refused = options.refused ?? [];
    const removed = options.removed ?? [];
    const isRedriven = options.isRedriven === true;
    const storedAuthor = isRedriven ? authors.storedOnce : authors.stored;
    const hasMore = refused.length > 0 || removed.length > 0;
    for (let from = 0; from < Math.max(items.length, hasMore ? 1 : 0); from += BATCH) {
      const handful: Handful = {
        items: items.slice(from, from + BATCH),
        refused: from === 0 ? refused : [],
        // After the items: one of them may be what was taken back.
        removed: from + BATCH >= items.length ? removed : [],
        isRedriven,
        storedAuthor,
      };
      const turn = last.then(() => takeBatch(feed, handful, signal));
      last = turn.catch(() => undefined);
      const part = await orAborted(turn, signal);
      receipt.accepted += part.accepted;
      receipt.duplicates += part.duplicates;
      receipt.refused.push(...part.refused.map(({ index, reason }) => ({ index: index + from, reason })));
    }
    return receipt;
  }

  return {
    watch(entities) {
      matchEntities = createEntityMatcher(entities);
    },
    async take(feed, items, options = {}, stop = parts.signal) {
      if (options.signal === undefined) return takeAll(feed, items, options, stop);
      const { signal, letGo } = either(stop, options.signal);
      try {
        return await takeAll(feed, items, options, signal);
      } finally {
        letGo();
      }
    },
    count: async (targets) => (await remembered()).count(targets),
    async forget(targets) {
      try {
        await (await remembered()).forget(targets);
      } catch (error) {
        memory = null;
        throw error;
      }
    },
    async idle() {
      await last;
    },
  };
}

/** The same input, refused for the same reason: known by the id that it would have had, else by itself. */
function refusalIdOf(feed: string, { code, reason, value, origin }: Refusal): string {
  return stableId(feed, code, reason, origin?.id ?? JSON.stringify(value));
}

/** Documents of one entity keep their order, so that its windows close in order. */
function keyOf(document: Document): string {
  return document.entities[0]?.id ?? document.id;
}
