/** What stories.ts and floods.ts look at of a document. Pure. */
import type { Document } from '../core/event.ts';
import type { Post } from './floods.ts';
import { bareHeadline } from './headline.ts';
import type { PlainDocument } from './normalize.ts';
import type { StoryText } from './stories.ts';

/** Longest text without a title that may be a headline with an outlet's name behind it. */
const HEADLINE_CHARS = 200;

/** `about`: ids of watched entities, and cashtags. */
export function storyTextOf(document: PlainDocument, about: readonly string[]): StoryText {
  const { id, title, text, links, url, published_at, repost_of, source_class } = document;
  const bare = bareHeadline(title ?? (text.length <= HEADLINE_CHARS ? text : ''));
  const whole = title === null ? (text.length <= HEADLINE_CHARS ? bare : text) : `${bare} ${text}`;
  // A board that is read as a plain feed is not marked as social, but its posts are signed.
  const isSocial = source_class === 'social' || document.author !== null;
  return { id, text: whole, links, isSocial, at: Date.parse(published_at), about, url, repostOf: repost_of };
}

/** A social document as a post; `words` are those of its title and text. */
export function postOf(
  document: PlainDocument & Pick<Document, 'entities'>,
  words: readonly string[],
  family: string,
): Post {
  const { author, source, feed, published_at, published_at_mark, repost_of, text, links, cashtags, entities } =
    document;
  return {
    author: author === null ? null : `${source}\n${author}`,
    feed,
    family,
    at: Date.parse(published_at),
    isTimed: published_at_mark === 'stated' || published_at_mark === 'no_zone',
    isRepost: repost_of !== null || /^(?:RT|MT)\b|\s(?:RT|via)\s@\w/.test(text) || /(?:\/\/|转发)@/.test(text),
    hasLink: links.length > 0,
    words: Math.max(0, words.length - cashtags.length),
    cashtags,
    target: entities[0]?.id ?? cashtags[0] ?? null,
  };
}
