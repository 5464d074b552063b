/**
 * Which story a document belongs to: copies of a wire report, with prefixes, cuts and outlet names, and the variants of a
 * bot flood, share the story of the first one seen; what says of itself that it repeats or quotes another joins that
 * one's story. Streaming, bounded: a story lives 48 hours after its last document and the oldest give way above the limit.
 *
 * Candidates share some of the smallest shingle hashes (exemplars.ts), the best are compared by their whole sketches
 * (story_texts.ts, story_copies.ts).
 * Reports of one event in different words stay apart: that is what makes the number of stories a measure of how many
 * people had something to say. So do fillings of one template (other entities, names or figures): "X to buy back
 * shares". Fillings of one template by other figures or cashtags keep a `family` in common: floods.ts looks at that.
 * Rejected: embeddings (they merge different reports of one event, and cost a model call each).
 */
import type { Exemplar } from './exemplars.ts';
import { marksOf, MOST_MARKS } from './marks.ts';
import { oldestOf } from './oldest.ts';
import { hashText, hashWhole, sketchOf, weightOf, wordsOf } from './shingles.ts';
import {
  fromStored,
  rowOf,
  stored,
  storiesOf,
  storyKey,
  textKey,
  type StoryRow,
  type StoryValue,
} from './story_rows.ts';
import { createStoryTexts, type Found, type HeldTexts, type Match } from './story_texts.ts';

export interface StoryText {
  readonly id: string;
  /** Title and text, without what an outlet hangs on them (headline.ts). */
  readonly text: string;
  readonly links: readonly string[];
  /** A post, not news: floods vary a figure in one and the same text, news that differs by a figure is other news. */
  readonly isSocial: boolean;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  /** Watched entities and cashtags that it names. */
  readonly about: readonly string[];
  readonly url: string | null;
  /** Id or address of the document that it repeats or quotes, as its source says. */
  readonly repostOf: string | null;
}

export interface Placed {
  /** Id of the story's first document. */
  readonly story: string;
  /**
   * 100 for the first, then 75, 56, 42, ...: each document of the story within 24 hours of event time before it takes a
   * quarter, as RavenPack's event novelty score does ("ENS", RavenPack News Analytics user guide 4.0).
   */
  readonly novelty: number;
  /** Story whose template it fills; its own where there is none. */
  readonly family: string;
}

export interface StoryIndex {
  /** Places one document; `now` is the process's clock, epoch milliseconds. */
  place(text: StoryText, now: number): Placed;
  has(story: string): boolean;
  /** Whether there is a story of this one document: what others share is not its own. */
  isOwn(document: string): boolean;
  /** Forgets that story. */
  forget(document: string): void;
  /** Takes up rows of an earlier run. */
  restore(rows: Iterable<{ key: string; value: StoryValue }>): void;
  /** Rows that changed since the last call; null: removed. */
  changes(): Map<string, StoryValue | null>;
  readonly size: number;
}

export const STORY_WINDOW_MS = 48 * 3_600_000;
const NOVELTY_WINDOW_MS = 24 * 3_600_000;
/** After 18 earlier documents the novelty rounds to 0. */
const KEPT_TIMES = 20;
const KEPT_KEYS = 12;
const EXEMPLARS_A_STORY = 8;
/** Below this many words only equality counts: "to the moon" resembles too much. */
const LEAST_WEIGHT = 5;
/** Two days at 35 new stories a minute; docs/stories.md has the memory that it takes. */
const MOST_STORIES = 100_000;

interface Story extends StoryRow, HeldTexts {}

export function createStoryIndex(limits: { maxStories?: number } = {}): StoryIndex {
  const maxStories = limits.maxStories ?? MOST_STORIES;
  const capacity = Math.ceil(maxStories * 1.25) + EXEMPLARS_A_STORY;
  const held = createStoryTexts(capacity);
  // In order of the last document, so that the first key is the one to give up.
  const stories = new Map<string, Story>();
  const oldest = oldestOf(stories);
  const byKey = new Map<number, string>();
  let changed = new Map<string, StoryValue | null>();

  const remove = (id: string, story: Story): void => {
    stories.delete(id);
    oldest.moved(id);
    changed.set(storyKey(id), null);
    for (const number of story.slots.keys()) changed.set(textKey(id, number), null);
    held.remove(id, story);
    for (const key of story.keys) if (byKey.get(key) === id) byKey.delete(key);
  };

  const expire = (now: number): void => {
    for (let id = oldest.peek(); id !== undefined; id = oldest.peek()) {
      const story = stories.get(id);
      if (story === undefined) break;
      const hasRoom = stories.size <= maxStories && held.size + EXEMPLARS_A_STORY <= capacity;
      if (hasRoom && story.arrived >= now - STORY_WINDOW_MS) break;
      remove(id, story);
    }
  };

  const remember = (id: string, story: Story, value: string): void => {
    const key = keyOf(value);
    if (story.keys.includes(key)) return;
    byKey.set(key, id);
    story.keys.push(key);
    if (story.keys.length <= KEPT_KEYS) return;
    // The first two stay: most of what repeats a story repeats its beginning.
    const [given] = story.keys.splice(2, 1);
    if (given !== undefined && byKey.get(given) === id) byKey.delete(given);
  };

  const isNear = (id: string, at: number): boolean => {
    const story = stories.get(id);
    return story !== undefined && Math.abs(story.latest - at) <= STORY_WINDOW_MS;
  };

  const repeated = (repostOf: string | null): Match | null => {
    if (repostOf === null) return null;
    const story = stories.has(repostOf) ? repostOf : byKey.get(keyOf(repostOf));
    return story === undefined ? null : { story, resemblance: 1 };
  };

  return {
    place({ id, text, links, isSocial, at, about, url, repostOf }, now) {
      expire(now);
      const words = wordsOf(text, links);
      const isShort = weightOf(words) < LEAST_WEIGHT;
      const exemplar: Exemplar = {
        ...(isShort ? NOTHING : sketchOf(words)),
        ...marksOf(text),
        about: about.slice(0, MOST_MARKS).map(hashText),
      };
      const whole = hashWhole(words);
      const copied =
        words.length === 0 ? NOWHERE : held.find(exemplar, whole, isSocial ? 2 : 1, (other) => isNear(other, at));
      const quoted = repeated(repostOf);
      const placed = quoted ?? copied.match;
      const story = placed?.story ?? id;
      const row = stories.get(story) ?? newStory(now, at, familyOf(copied.template) ?? story);
      const before = row.times.filter((time) => Math.abs(time - at) < NOVELTY_WINDOW_MS).length;
      row.documents += 1;
      row.arrived = now;
      row.latest = Math.max(row.latest, at);
      row.times.push(at);
      if (row.times.length > KEPT_TIMES) row.times.shift();
      // A copy is kept to compare with only where it adds something: a flood of one text costs one exemplar. The words
      // around a quotation are not the story's.
      const adds =
        placed === null || (quoted === null && placed.resemblance < 0.8 && row.slots.length < EXEMPLARS_A_STORY);
      if (words.length > 0 && adds) {
        changed.set(textKey(story, row.slots.length), stored(whole, exemplar));
        held.add(story, row, whole, exemplar);
      }
      if (row.slots.length > 0) {
        if (story !== id) remember(story, row, id);
        if (url !== null) remember(story, row, url);
        if (placed === null && repostOf !== null) remember(story, row, repostOf);
        stories.delete(story);
        stories.set(story, row);
        oldest.moved(story);
        changed.set(storyKey(story), row);
      }
      return { story, novelty: Math.round(100 * 0.75 ** before), family: row.family };
    },
    has: (story) => stories.has(story),
    isOwn: (document) => stories.get(document)?.documents === 1,
    forget(document) {
      const story = stories.get(document);
      if (story?.documents === 1) remove(document, story);
    },
    restore(rows) {
      for (const { id, row, texts } of storiesOf(rows)) {
        const story: Story = { ...row, slots: [], wholes: [] };
        stories.set(id, story);
        for (const key of story.keys) byKey.set(key, id);
        for (const text of texts) held.add(id, story, text.whole, fromStored(text));
        expire(-Infinity);
      }
    },
    changes() {
      const drained = changed;
      changed = new Map();
      for (const [key, value] of drained)
        if (value !== null && 'slots' in value) drained.set(key, rowOf(value as Story));
      return drained;
    },
    get size() {
      return stories.size;
    },
  };

  function familyOf(template: string | null): string | null {
    return template === null ? null : (stories.get(template)?.family ?? template);
  }
}

const NOTHING = { hashes: new Uint32Array(0), cutoff: 0, head: 0 };
const NOWHERE: Found = { match: null, template: null };

function newStory(now: number, at: number, family: string): Story {
  return { documents: 0, arrived: now, latest: at, family, times: [], keys: [], slots: [], wholes: [] };
}

function keyOf(value: string): number {
  return hashWhole([value]);
}
