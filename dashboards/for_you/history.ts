/** From a person's rows to what a ranker learns from: lessons, tastes, what was dismissed, on or off. Pure. */
import type { ReadingRow } from '../../core/reading.ts';
import type { Candidate, Tastes } from './features.ts';
import { FEATURES, tasteKeys } from './features.ts';
import type { Lesson } from './ranker.ts';

export interface History {
  readonly isOn: boolean;
  readonly lessons: readonly Lesson[];
  readonly tastes: Tastes;
  /** Stories that are not to be shown again. */
  readonly dismissed: ReadonlySet<string>;
  readonly opened: ReadonlySet<string>;
}

/** A story that somebody corrected was read closely. */
export interface Correction {
  readonly document_id: string;
  readonly story: string;
}

/**
 * `rows` oldest first; `stories` gives what a story is about, for those that the store still has. A story that was shown and
 * not opened counts less the lower it stood: places are looked at about as one over the root of their number (Joachims et
 * al. 2017 fit exponents near one half on such lists).
 */
export function historyOf(
  rows: readonly ReadingRow[],
  corrections: readonly Correction[],
  stories: ReadonlyMap<string, Candidate>,
): History {
  const isOn = rows.findLast(({ kind }) => kind === 'on' || kind === 'off')?.kind !== 'off';
  const of = (kind: ReadingRow['kind']): Set<string> =>
    new Set(rows.filter((row) => row.kind === kind).map(({ story }) => story));
  const opened = new Set([...of('open'), ...corrections.map(({ story }) => story)]);
  const dismissed = of('dismiss');
  // The first time that a story was shown says what it looked like when it was chosen or passed over.
  const shown = new Map<string, ReadingRow>();
  for (const row of rows) {
    const isSeen = row.kind === 'shown' && row.features.length === FEATURES.length;
    if (isSeen && !shown.has(row.story)) shown.set(row.story, row);
  }
  const lessons: Lesson[] = [...shown.values()].map(({ story, place, features }) => {
    const isOpened = opened.has(story);
    const isDismissed = dismissed.has(story);
    return {
      features,
      liked: isOpened && !isDismissed ? 1 : 0,
      weight: isOpened || isDismissed ? 1 : 0.6 / Math.sqrt(place + 1),
    };
  });
  const tastes = new Map<string, { opened: number; shown: number }>();
  const count = (story: string, wasOpened: boolean, weight: number): void => {
    const candidate = stories.get(story);
    if (candidate === undefined) return;
    for (const key of tasteKeys(candidate)) {
      const known = tastes.get(key) ?? { opened: 0, shown: 0 };
      known.shown += weight;
      if (wasOpened) known.opened += weight;
      tastes.set(key, known);
    }
  };
  for (const story of new Set([...shown.keys(), ...opened, ...dismissed])) {
    const isLiked = opened.has(story) && !dismissed.has(story);
    count(story, isLiked, dismissed.has(story) ? 2 : isLiked ? 1 : 1 / Math.sqrt((shown.get(story)?.place ?? 0) + 1));
  }
  return { isOn, lessons, tastes, dismissed, opened };
}
