/**
 * What ingest remembers of documents, texts and authors, read from the state at the start and written to it with each
 * batch, in one transaction: what was seen (dedupe.ts), stories, and what floods are known by.
 */
import type { Target } from '../core/removal.ts';
import { openChangelog, takeOver, type Changelog } from '../core/state/changelog.ts';
import type { State } from '../core/state/state.ts';
import { openSeenDocuments, type SeenDocuments } from './dedupe.ts';
import { createFloodWatch, isAuthorOf, type FloodRow, type FloodWatch } from './floods.ts';
import { createStoryIndex, type StoryIndex } from './stories.ts';
import { storyOf, type StoryValue } from './story_rows.ts';

/** How many things are where, by table of the state. */
export type Counts = Record<string, number>;

/** For who wants something forgotten. */
export interface Forgetful {
  /** Stories that are of one document named here alone, and what is remembered of authors; what is of many stays. */
  count(targets: readonly Target[]): Counts | Promise<Counts>;
  /**
   * Forgets those, also while a batch is in hand. Resolves when no trace of them is in the state; reads all of its part
   * there. @throws TidewatchError storage.*
   */
  forget(targets: readonly Target[]): Promise<void>;
}

export interface IngestMemory extends Forgetful {
  readonly seen: SeenDocuments;
  readonly stories: Pick<StoryIndex, 'place'>;
  readonly floods: Pick<FloodWatch, 'score'>;
  /** Writes what changed and what was seen. Within `State.transaction`; may be done again where that was undone. */
  record(now: number): void;
  /** To be called once that is durable. */
  settle(): void;
  /** Forgets those in memory; the next batch writes that they are gone. For what origins take back all day. */
  drop(targets: readonly Target[]): void;
}

const STORIES = 'ingest_story_log';
const FLOODS = 'ingest_flood_log';

/** @throws TidewatchError storage.* */
export async function openIngestMemory(state: State, dedupeHours: number): Promise<IngestMemory> {
  await takeOver(state, 'ingest_story_index', STORIES);
  await takeOver(state, 'ingest_floods', FLOODS);
  const seen = await openSeenDocuments(state, dedupeHours);
  const stories = createStoryIndex();
  const floods = createFloodWatch();
  const storyLog = openChangelog<StoryValue>(state, STORIES);
  const floodLog = openChangelog<FloodRow>(state, FLOODS);
  stories.restore(Array.from(storyLog.rows, ([key, value]) => ({ key, value })));
  floods.restore(Array.from(floodLog.rows, ([key, value]) => ({ key, value })));
  const ofStories = recorder(storyLog.changelog, () => stories.changes());
  const ofFloods = recorder(floodLog.changelog, () => floods.changes());

  return {
    seen,
    stories,
    floods,
    record(now) {
      seen.record(now);
      for (const part of [ofStories, ofFloods]) part.record();
    },
    settle() {
      seen.settle();
      for (const part of [ofStories, ofFloods]) part.settle();
    },
    count(targets) {
      const own = named(targets).filter((id) => stories.isOwn(id)).length;
      const rows = floods.rowsOf(targets).length;
      return { ...(own > 0 ? { [STORIES]: own } : {}), ...(rows > 0 ? { [FLOODS]: rows } : {}) };
    },
    drop,
    async forget(targets) {
      drop(targets);
      const documents = new Set(named(targets));
      const isAuthor = isAuthorOf(targets);
      if (documents.size > 0) await ofStories.erase((key) => documents.has(storyOf(key)) && !stories.has(storyOf(key)));
      await ofFloods.erase((key) => isAuthor(key) || (documents.has(key.slice(1)) && !floods.has(key)));
    },
  };

  function drop(targets: readonly Target[]): void {
    for (const id of named(targets)) stories.forget(id);
    floods.forget(targets);
  }
}

/** The memory in a state that no ingest stage has in hand: opened for each question. */
export function keptMemory(state: State, dedupeHours: number): Forgetful {
  return {
    count: async (targets) => (await openIngestMemory(state, dedupeHours)).count(targets),
    forget: async (targets) => (await openIngestMemory(state, dedupeHours)).forget(targets),
  };
}

function named(targets: readonly Target[]): string[] {
  return targets.flatMap(({ kind, values }) => (kind === 'document' ? values : []));
}

/** The changes of one index on their way into its log: they wait until they are durable. */
function recorder<Value>(changelog: Changelog<Value>, drain: () => ReadonlyMap<string, Value | null>) {
  const waiting = new Map<string, Value | null>();
  const gather = (): void => {
    for (const [key, value] of drain()) waiting.set(key, value);
  };
  return {
    record(): void {
      gather();
      changelog.record(waiting);
    },
    settle(): void {
      changelog.settle();
      waiting.clear();
    },
    async erase(isForgotten: (key: string) => boolean): Promise<void> {
      gather();
      for (const key of waiting.keys()) if (isForgotten(key)) waiting.delete(key);
      await changelog.erase(isForgotten);
    },
  };
}
