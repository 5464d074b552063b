/**
 * What happens to the items of every source, in one place and one after another: cleaned, checked against what was seen,
 * given entities and a story, appended to the stream, recorded. One batch at a time, so that two sources that bring the
 * same item in the same moment bring it once.
 *
 * Storage that is full or away is waited for here, so no source has to know about it.
 */
import type { Clock, ReplayClock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import { isoTime, type Document } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS, deadLetterTopic, type DeadLetter, type Message, type Stream } from '../core/stream/stream.ts';
import { contentIdOf, openSeenDocuments } from './dedupe.ts';
import { createEntityMatcher } from './entities.ts';
import { normalize, type PlainDocument } from './normalize.ts';
import type { IngestSettings } from './settings.ts';
import { bareHeadline, wordsOf } from './shingles.ts';
import type { EmitOptions, RawItem, Receipt, Refusal } from './source.ts';
import { createStoryIndex, type StoryRow } from './stories.ts';
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

export interface Intake {
  /** Takes items of one source; see Emit. */
  take(feed: string, items: readonly RawItem[], options?: EmitOptions): Promise<Receipt>;
  /** Resolves when no batch is in hand. */
  idle(): Promise<void>;
}

/** A batch this long takes some tens of milliseconds: the event loop is free again in between. */
const BATCH = 400;
/** Longest string kept of a refused input. */
const DEAD_LETTER_CHARS = 2000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

interface Batch {
  readonly documents: Document[];
  readonly refused: { readonly index: number; readonly refusal: Refusal }[];
  readonly duplicates: Map<string, number>;
}

export function createIntake(
  settings: Pick<IngestSettings, 'dedupe_hours' | 'max_text_chars'>,
  watched: readonly WatchedEntity[],
  parts: IntakeParts,
): Intake {
  const { stream, state, clock, log, metrics } = parts;
  const matchEntities = createEntityMatcher(watched);
  const seen = openSeenDocuments(state, settings.dedupe_hours);
  const storyRows = state.table<StoryRow>('ingest_stories');
  let stories = restoredStories();
  let last: Promise<unknown> = Promise.resolve();

  function restoredStories(): ReturnType<typeof createStoryIndex> {
    const index = createStoryIndex();
    index.restore(storyRows.entries());
    return index;
  }

  function prepare(feed: string, items: readonly RawItem[]): Batch {
    const batch: Batch = { documents: [], refused: [], duplicates: new Map() };
    seen.begin();
    for (const [index, item] of items.entries()) {
      // In a replay the items are the clock: each is fetched at the moment it was published.
      if (isReplayClock(clock)) clock.advanceTo(parseTime(item.published_at ?? '') ?? 0);
      const now = clock.now();
      const normal = normalize(item, { now, feed, maxTextChars: settings.max_text_chars });
      if ('refused' in normal) {
        batch.refused.push({ index, refusal: { ...normal.refused, value: item } });
        continue;
      }
      const { document } = normal;
      const { title, text, links } = document;
      const words = wordsOf(title === null ? text : `${title} ${text}`, links);
      const reason = seen.reason({ id: document.id, contentId: contentIdOf(document, words) }, now);
      if (reason !== null) {
        batch.duplicates.set(reason, (batch.duplicates.get(reason) ?? 0) + 1);
        continue;
      }
      const entities = matchEntities(document);
      const about = [...entities.map(({ id }) => id), ...document.cashtags];
      const placed = stories.place(
        { id: document.id, words: storyWords(document, words), at: Date.parse(document.published_at), about },
        now,
      );
      batch.documents.push({ ...document, entities, ...placed });
    }
    return batch;
  }

  async function store(feed: string, batch: Batch, refused: readonly Refusal[], signal: AbortSignal): Promise<void> {
    const messages: Message<Document>[] = batch.documents.map((value) => ({ key: keyOf(value), value }));
    const letters = [...refused, ...batch.refused.map(({ refusal }) => refusal)].map((refusal) => ({
      key: feed,
      value: deadLetter(refusal, clock.now()),
    }));
    if (messages.length > 0) await insist(() => stream.append(TOPICS.documents, messages, signal), signal);
    if (letters.length > 0)
      await insist(() => stream.append(deadLetterTopic(TOPICS.documents), letters, signal), signal);
    const changes = [...stories.changes()];
    // From here on the batch is in the stream: what is left to write is written even while the stage stops.
    await insist(
      () =>
        state.transaction(() => {
          seen.record(clock.now());
          for (const [story, row] of changes) void (row === null ? storyRows.remove(story) : storyRows.put(story, row));
        }),
      signal,
    );
  }

  /** Tries until it works; says the first failure and the recovery. Rejects with the signal's reason. */
  async function insist(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await work();
        if (failures > 0) log.info('The storage takes documents again');
        return;
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        const error = toTidewatchError(thrown, 'storage.unavailable');
        metrics.error(error.code);
        if (!error.retryable) throw error;
        log[failures === 0 ? 'error' : 'debug'](
          { code: error.code },
          `Documents wait: ${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`,
        );
        await clock.sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures), signal);
      }
    }
  }

  async function takeBatch(
    feed: string,
    items: readonly RawItem[],
    refused: readonly Refusal[],
    signal: AbortSignal,
  ): Promise<Receipt> {
    signal.throwIfAborted();
    const started = performance.now();
    const batch = prepare(feed, items);
    try {
      await store(feed, batch, refused, signal);
    } catch (error) {
      // Nothing of it was recorded, so the next try must find the stories as they were.
      stories = restoredStories();
      throw error;
    }
    const duplicates = [...batch.duplicates.values()].reduce((sum, count) => sum + count, 0);
    metrics.in(items.length + refused.length);
    metrics.out(batch.documents.length);
    for (const [reason, count] of batch.duplicates) metrics.skipped(reason, count);
    for (const { code } of [...refused, ...batch.refused.map(({ refusal }) => refusal)]) metrics.error(code);
    metrics.seconds((performance.now() - started) / 1000);
    return {
      accepted: batch.documents.length,
      duplicates,
      refused: batch.refused.map(({ index, refusal }) => ({ index, reason: refusal.reason })),
    };
  }

  return {
    async take(feed, items, options = {}) {
      const signal = options.signal === undefined ? parts.signal : AbortSignal.any([parts.signal, options.signal]);
      const receipt = { accepted: 0, duplicates: 0, refused: [] as { index: number; reason: string }[] };
      const allRefused = options.refused ?? [];
      for (let from = 0; from < Math.max(items.length, allRefused.length > 0 ? 1 : 0); from += BATCH) {
        const refused = from === 0 ? allRefused : [];
        const turn = last.then(() => takeBatch(feed, items.slice(from, from + BATCH), refused, signal));
        last = turn.catch(() => undefined);
        const part = await orAborted(turn, signal);
        receipt.accepted += part.accepted;
        receipt.duplicates += part.duplicates;
        receipt.refused.push(...part.refused.map(({ index, reason }) => ({ index: index + from, reason })));
      }
      return receipt;
    },
    async idle() {
      await last;
    },
  };
}

/** The result, or the signal's reason: a batch may wait long behind another one that waits for room. */
async function orAborted<Value>(result: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The words that copies share: an outlet's name behind a headline is none of them. */
function storyWords({ title, text, links }: PlainDocument, words: readonly string[]): readonly string[] {
  const headline = title ?? (text.length <= 200 ? text : '');
  const bare = bareHeadline(headline);
  if (bare === headline) return words;
  return wordsOf(title === null ? bare : `${bare} ${text}`, links);
}

/** Documents of one entity keep their order, so that its windows close in order. */
function keyOf(document: Document): string {
  return document.entities[0]?.id ?? document.id;
}

function deadLetter({ code, reason, value }: Refusal, now: number): DeadLetter {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && inner.length > DEAD_LETTER_CHARS ? `${inner.slice(0, DEAD_LETTER_CHARS)}…` : inner,
  );
  return { stage: 'ingest', code, reason, at: isoTime(now), value: JSON.parse(text.toWellFormed()) as unknown };
}

function isReplayClock(clock: Clock): clock is ReplayClock {
  return 'advanceTo' in clock;
}
