/**
 * How much a text is about an entity, 0 to 100, as news analytics vendors define relevance: 100 for the only subject of
 * a headline, little for the last of twenty names in a list. Four parts: named in the title (or a text without one, in
 * its first sentence), how early, how often, and which share of all mentions. Pure.
 */

export interface MentionCount {
  /** Offset of the first mention within title and text together. */
  readonly first: number;
  readonly mentions: number;
  readonly inTitle: boolean;
}

const TITLE = 35;
const PLACE = 15;
const OFTEN = 15;
const SHARE = 35;
/** This many mentions are as good as any number. */
const MANY = 3;

/**
 * @param length characters of title and text together
 * @param total mentions of all entities together, at least this one's
 * @returns a whole number from 1 to 100
 */
export function relevanceOf({ first, mentions, inTitle }: MentionCount, length: number, total: number): number {
  const place = length <= 1 ? 1 : 1 - first / length;
  // A short text has no room to repeat a name: one mention in 150 characters is as much as it can say.
  const room = Math.max(1, Math.min(MANY, Math.round(length / 150)));
  const often = Math.min(1, mentions / room);
  const share = mentions / Math.max(mentions, total);
  const score = (inTitle ? TITLE : 0) + PLACE * place + OFTEN * often + SHARE * share;
  return Math.max(1, Math.min(100, Math.round(score)));
}
