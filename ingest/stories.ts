/**
 * Which story a document belongs to: copies of a wire report, with prefixes, cuts and outlet names, and the variants of a
 * bot flood, share the story of the first one seen. Streaming, bounded: an entry lives 48 hours after its last copy and
 * the oldest give way above the limit.
 *
 * Candidates share one of the smallest shingle hashes (a one-row band of MinHash; shared hashes are votes), the best are
 * compared by their whole sketches. Reports of one event in different words stay apart: that is what makes the number
 * of stories a measure of how many people had something to say. Two texts that name different entities are never copies
 * of each other, however alike: "X to buy back shares" is a template.
 * Rejected: embeddings (they merge different reports of one event, and cost a model call each).
 */
import { stableId } from '../core/event.ts';
import type { Sketch } from './shingles.ts';
import { likeness, sketchOf, weightOf } from './shingles.ts';

export interface StoryText {
  readonly id: string;
  readonly words: readonly string[];
  /** Event time, epoch milliseconds. */
  readonly at: number;
  /** Watched entities and cashtags that it names. */
  readonly about: readonly string[];
}

export interface Placed {
  /** Id of the story's first document. */
  readonly story: string;
  /** 100 for the first, then 75, 56, 42, ...: each copy is worth three quarters of the one before. */
  readonly novelty: number;
}

/** A text that others are compared with. Plain data: it is kept in the state. */
interface Exemplar extends Sketch {
  readonly whole: string;
  readonly about: readonly string[];
  at: number;
}

/** Plain data: one row of the state, by the story's id. */
export interface StoryRow {
  documents: number;
  /** When the last document came, by the process's clock, epoch milliseconds. */
  arrived: number;
  readonly exemplars: Exemplar[];
}

export interface StoryIndex {
  /** Places one document; `now` is the process's clock, epoch milliseconds. */
  place(text: StoryText, now: number): Placed;
  /** Takes up rows of an earlier run. */
  restore(rows: Iterable<{ key: string; value: StoryRow }>): void;
  /** Rows that changed since the last call; null: removed. */
  changes(): Map<string, StoryRow | null>;
  readonly size: number;
}

export const STORY_WINDOW_MS = 48 * 3_600_000;
const INDEXED_HASHES = 12;
const LONGEST_POSTING = 48;
const COMPARED_CANDIDATES = 8;
const EXEMPLARS_A_STORY = 8;
/** Below this many words only equality counts: "to the moon" resembles too much. */
const LEAST_WEIGHT = 5;

export function createStoryIndex(limits: { maxStories?: number } = {}): StoryIndex {
  const maxStories = limits.maxStories ?? 50_000;
  // In order of the last document, so that the first key is the one to give up.
  const stories = new Map<string, StoryRow>();
  const byHash = new Map<number, Exemplar[]>();
  const byWhole = new Map<string, Exemplar>();
  const storyOf = new Map<Exemplar, string>();
  let changed = new Map<string, StoryRow | null>();

  const add = (story: string, exemplar: Exemplar): void => {
    storyOf.set(exemplar, story);
    byWhole.set(exemplar.whole, exemplar);
    for (const hash of exemplar.hashes.slice(0, INDEXED_HASHES)) {
      const posting = byHash.get(hash);
      if (posting === undefined) byHash.set(hash, [exemplar]);
      else {
        posting.push(exemplar);
        if (posting.length > LONGEST_POSTING) posting.shift();
      }
    }
  };

  const remove = (story: string, row: StoryRow): void => {
    stories.delete(story);
    changed.set(story, null);
    for (const exemplar of row.exemplars) {
      storyOf.delete(exemplar);
      if (byWhole.get(exemplar.whole) === exemplar) byWhole.delete(exemplar.whole);
      for (const hash of exemplar.hashes.slice(0, INDEXED_HASHES)) {
        const rest = (byHash.get(hash) ?? []).filter((other) => other !== exemplar);
        if (rest.length === 0) byHash.delete(hash);
        else byHash.set(hash, rest);
      }
    }
  };

  const expire = (now: number): void => {
    for (const [story, row] of stories) {
      if (stories.size <= maxStories && row.arrived >= now - STORY_WINDOW_MS) break;
      remove(story, row);
    }
  };

  const candidates = (exemplar: Exemplar): Exemplar[] => {
    const votes = new Map<Exemplar, number>();
    for (const hash of exemplar.hashes.slice(0, INDEXED_HASHES)) {
      for (const other of byHash.get(hash) ?? []) votes.set(other, (votes.get(other) ?? 0) + 1);
    }
    const ranked = [...votes].sort((a, b) => b[1] - a[1]).slice(0, COMPARED_CANDIDATES);
    return ranked.map(([other]) => other);
  };

  /** The exemplar that this text copies, and how alike they are. */
  const original = (exemplar: Exemplar, isShort: boolean): { found: Exemplar; resemblance: number } | null => {
    const same = byWhole.get(exemplar.whole);
    if (same !== undefined && isNear(same, exemplar)) return { found: same, resemblance: 1 };
    if (isShort) return null;
    let best: { found: Exemplar; resemblance: number } | null = null;
    for (const other of candidates(exemplar)) {
      if (!isNear(other, exemplar) || aboutOthers(other.about, exemplar.about)) continue;
      const { resemblance, containment, ratio } = likeness(exemplar, other);
      if (!isCopy(resemblance, containment, ratio, Math.min(exemplar.hashes.length, other.hashes.length))) continue;
      if (best === null || resemblance > best.resemblance) best = { found: other, resemblance };
    }
    return best;
  };

  return {
    place({ id, words, at, about }, now) {
      expire(now);
      const isShort = weightOf(words) < LEAST_WEIGHT;
      const sketch = isShort ? { hashes: [], cutoff: 0 } : sketchOf(words);
      const exemplar: Exemplar = { ...sketch, whole: stableId(words.join(' ')), about, at };
      const match = words.length === 0 ? null : original(exemplar, isShort);
      const story = match === null ? id : (storyOf.get(match.found) ?? id);
      const row = stories.get(story) ?? { documents: 0, arrived: now, exemplars: [] };
      const novelty = Math.round(100 * 0.75 ** row.documents);
      row.documents += 1;
      row.arrived = now;
      if (match !== null) match.found.at = Math.max(match.found.at, at);
      // A copy is kept to compare with only where it adds something: a flood of one text costs one exemplar.
      if (
        words.length > 0 &&
        (match === null || (match.resemblance < 0.8 && row.exemplars.length < EXEMPLARS_A_STORY))
      ) {
        row.exemplars.push(exemplar);
        add(story, exemplar);
      }
      if (row.exemplars.length > 0) {
        stories.delete(story);
        stories.set(story, row);
        changed.set(story, row);
      }
      return { story, novelty };
    },
    restore(rows) {
      const ordered = [...rows].sort((a, b) => a.value.arrived - b.value.arrived);
      for (const { key, value } of ordered) {
        stories.set(key, value);
        for (const exemplar of value.exemplars) add(key, exemplar);
      }
    },
    changes() {
      const drained = changed;
      changed = new Map();
      return drained;
    },
    get size() {
      return stories.size;
    },
  };
}

/** Thresholds set on hand-made pairs of both kinds in both languages; see test/ingest/stories.test.ts. */
function isCopy(resemblance: number, containment: number, ratio: number, smaller: number): boolean {
  if (resemblance >= 0.55) return true;
  return containment >= 0.8 && ratio >= 0.1 && smaller >= 8;
}

function isNear(a: Exemplar, b: Exemplar): boolean {
  return Math.abs(a.at - b.at) <= STORY_WINDOW_MS;
}

function aboutOthers(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && b.length > 0 && !a.some((name) => b.includes(name));
}
