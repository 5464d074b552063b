/**
 * What a person was shown, opened and dismissed: rows that are only ever added, like feedback (core/feedback.ts), from which
 * "For you" learns. A row names a document and a story by id and holds none of their text. The features that the story had
 * when it was shown are kept with it, so that learning sees what the person saw, and a replay is exact.
 */
import { randomUUID } from 'node:crypto';
import { isoTime } from './event.ts';

/** `on` and `off` turn the ranking on and off for the person; off, nothing else is kept of them. */
export const READING_KINDS = ['shown', 'open', 'dismiss', 'on', 'off'] as const;
export type ReadingKind = (typeof READING_KINDS)[number];

/** One row. `propensity`: the probability with which it was shown at its place, where a draw decided; 0 where a ranking did. */
export interface ReadingRow {
  readonly id: string;
  readonly at: string;
  readonly kind: ReadingKind;
  readonly author: string;
  readonly document_id: string;
  readonly story: string;
  /** Place in the list, 0 the first. */
  readonly place: number;
  readonly propensity: number;
  readonly features: readonly number[];
}

export function newReading(
  kind: ReadingKind,
  author: string,
  now: number,
  shown: Partial<Pick<ReadingRow, 'document_id' | 'story' | 'place' | 'propensity' | 'features'>> = {},
): ReadingRow {
  const { document_id = '', story = '', place = 0, propensity = 0, features = [] } = shown;
  const id = randomUUID().replaceAll('-', '');
  return { id, at: isoTime(now), kind, author, document_id, story, place, propensity, features };
}
