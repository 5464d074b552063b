/**
 * The texts of stories, by which copies find them: equal ones by a hash of the whole, the others by exemplars. What is near
 * in time is for the caller to say.
 */
import { createExemplars, type Exemplar } from './exemplars.ts';
import { differenceOf, isCopy, isNearCopy } from './story_copies.ts';

export interface Match {
  readonly story: string;
  readonly resemblance: number;
}

export interface Found {
  /** The story whose text this one copies. */
  readonly match: Match | null;
  /** The story whose template it fills, where that is all. */
  readonly template: string | null;
}

/** What a story holds here, to be given back with it. */
export interface HeldTexts {
  readonly slots: number[];
  readonly wholes: number[];
}

export interface StoryTexts {
  /** Takes a text of the story; the caller makes sure that there are less than `capacity`. */
  add(story: string, held: HeldTexts, whole: number, exemplar: Exemplar): void;
  remove(story: string, held: HeldTexts): void;
  /** `leastFigures`: from how many figures on two texts that share none are other news. */
  find(exemplar: Exemplar, whole: number, leastFigures: number, isNear: (story: string) => boolean): Found;
  readonly size: number;
}

export function createStoryTexts(capacity: number): StoryTexts {
  const exemplars = createExemplars(capacity);
  const storyOfSlot: string[] = [];
  const byWhole = new Map<number, string>();

  return {
    add(story, held, whole, exemplar) {
      const slot = exemplars.add(exemplar);
      storyOfSlot[slot] = story;
      byWhole.set(whole, story);
      held.slots.push(slot);
      held.wholes.push(whole);
    },
    remove(story, { slots, wholes }) {
      for (const slot of slots) {
        exemplars.free(slot);
        storyOfSlot[slot] = '';
      }
      for (const whole of wholes) if (byWhole.get(whole) === story) byWhole.delete(whole);
    },
    find(exemplar, whole, leastFigures, isNear) {
      const same = byWhole.get(whole);
      if (same !== undefined && isNear(same)) return { match: { story: same, resemblance: 1 }, template: null };
      let match: Match | null = null;
      let template: string | null = null;
      for (const slot of exemplars.candidates(exemplar)) {
        const story = storyOfSlot[slot] ?? '';
        if (story === '' || !isNear(story)) continue;
        const alike = exemplars.compare(exemplar, slot);
        if (!isNearCopy(alike)) continue;
        const other = exemplars.read(slot);
        if (!isCopy(alike, exemplar, other)) continue;
        const difference = differenceOf(exemplar, other, leastFigures);
        if (difference === 'figures' || difference === 'about') template ??= story;
        if (difference !== null) continue;
        if (match === null || alike.resemblance > match.resemblance) match = { story, resemblance: alike.resemblance };
      }
      return { match, template };
    },
    get size() {
      return exemplars.size;
    },
  };
}
