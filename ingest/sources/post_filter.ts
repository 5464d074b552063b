/**
 * Which posts of a public stream are wanted: a firehose has some fifty posts a second, few of them about money. Pure.
 * Words are found by the same automaton as entities, in one pass however many there are.
 */
import { z } from 'zod';
import { findCashtags } from '../../core/text.ts';
import { createAutomaton } from '../automaton.ts';

export const postFilterSettings = {
  keywords: z
    .array(z.string().trim().min(1).max(100))
    .max(5000)
    .default([])
    .describe('Only posts with one of these words, in any case; words of Latin letters count as whole words only.'),
  cashtags: z
    .boolean()
    .default(false)
    .describe('Posts with any cashtag ($AAPL) are taken, also without a keyword. With neither, all posts are.'),
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/, 'a language code such as en or zh'))
    .default([])
    .describe('Only posts in one of these languages, where the post says its language; empty: all.'),
};

export interface PostFilterSettings {
  readonly keywords: readonly string[];
  readonly cashtags: boolean;
  readonly languages: readonly string[];
}

/** True where a post is wanted; `languages` are the codes that it gives itself. */
export type PostFilter = (text: string, languages: readonly string[]) => boolean;

export function createPostFilter({ keywords, cashtags, languages }: PostFilterSettings): PostFilter {
  const automaton = createAutomaton(keywords);
  const wanted = new Set(languages);
  const takesAll = keywords.length === 0 && !cashtags;
  return (text, said) => {
    if (wanted.size > 0 && said.length > 0 && !said.some((code) => wanted.has(primary(code)))) return false;
    if (takesAll || (cashtags && findCashtags(text).length > 0)) return true;
    let isFound = false;
    automaton.scan(text, (index, end) => {
      isFound ||= isWhole(text, end - (keywords[index]?.length ?? 0), end);
    });
    return isFound;
  };
}

/** Not a part of a longer word: "gap" is not in "gaping". Han characters have no such borders. */
function isWhole(text: string, start: number, end: number): boolean {
  return (
    !(isWordPart(text[start]) && isWordPart(text[start - 1])) && !(isWordPart(text[end - 1]) && isWordPart(text[end]))
  );
}

function isWordPart(unit: string | undefined): boolean {
  return unit !== undefined && /[\p{L}\p{N}_]/u.test(unit) && !/\p{Script=Han}/u.test(unit);
}

function primary(code: string): string {
  return code.toLowerCase().split(/[-_]/, 1)[0] ?? '';
}
