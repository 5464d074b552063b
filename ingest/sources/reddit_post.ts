/**
 * A listing of Reddit's API → posts, what is gone, and what is none. Pure.
 * Source: reddit.com/dev/api (Listing, kinds t1 to t6; fullname = kind_id).
 */
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { isoTime } from '../../core/event.ts';
import type { RawItem, Refusal } from '../source.ts';

export interface RedditPost {
  /** Such as t3_1abcd. */
  readonly fullname: string;
  readonly createdSecs: number;
  readonly item: RawItem;
}

export interface RedditListing {
  /** Oldest first. */
  readonly posts: readonly RedditPost[];
  /** Fullnames of posts that their author deleted, or that were removed. */
  readonly removed: readonly string[];
  readonly refused: readonly Refusal[];
  /** Fullname behind which older posts follow; null where they end. */
  readonly after: string | null;
}

const listingSchema = z.object({
  kind: z.literal('Listing'),
  data: z.object({ children: z.array(z.unknown()), after: z.string().min(1).nullish().catch(null) }),
});
const postSchema = z.object({
  kind: z.literal('t3'),
  data: z.object({
    name: z.string().regex(/^t3_[a-z0-9]{1,13}$/),
    title: z.string(),
    selftext: z.string().catch(''),
    author: z.string().catch('[deleted]'),
    subreddit: z.string().catch(''),
    permalink: z
      .string()
      .regex(/^\/\S{1,500}$/)
      .catch(''),
    created_utc: z.number().positive(),
    edited: z.union([z.boolean(), z.number()]).catch(false),
    crosspost_parent: z.string().optional().catch(undefined),
    removed_by_category: z.string().nullish().catch(null),
  }),
});

/** @throws TidewatchError feed.malformed where it is no listing at all */
export function readListing(answer: unknown): RedditListing {
  const listing = listingSchema.safeParse(answer);
  if (!listing.success) {
    throw new TidewatchError('feed.malformed', 'Reddit’s answer is no listing', {
      hint: 'Its API may have changed: look for a newer version of Tidewatch.',
    });
  }
  const posts: RedditPost[] = [];
  const removed: string[] = [];
  const refused: Refusal[] = [];
  const { children, after } = listing.data.data;
  for (const child of children) {
    const post = postSchema.safeParse(child);
    if (!post.success) {
      refused.push({
        code: 'input.invalid',
        reason: `An entry of Reddit's listing has no usable ${post.error.issues[0]?.path.join('.') ?? 'form'}.`,
        value: child,
      });
      continue;
    }
    const { name, created_utc: createdSecs, ...data } = post.data.data;
    const isGone =
      data.removed_by_category != null ||
      (data.author === '[deleted]' && /^\[(?:deleted|removed)\]$|^$/.test(data.selftext.trim()));
    if (isGone) removed.push(name);
    else posts.push({ fullname: name, createdSecs, item: itemOf(name, createdSecs, data) });
  }
  return { posts: posts.toReversed(), removed, refused, after: after ?? null };
}

function itemOf(
  name: string,
  createdSecs: number,
  {
    title,
    selftext,
    author,
    permalink,
    edited,
    crosspost_parent,
  }: Omit<z.output<typeof postSchema>['data'], 'name' | 'created_utc'>,
): RawItem {
  return {
    guid: name,
    title,
    text: selftext,
    html: false,
    author,
    published_at: isoTime(Math.round(createdSecs * 1000)),
    source: 'reddit',
    source_class: 'social',
    ...(permalink === '' ? {} : { url: `https://www.reddit.com${permalink}` }),
    ...(typeof edited === 'number' ? { revision: String(edited) } : {}),
    ...(crosspost_parent === undefined ? {} : { repost_of: crosspost_parent }),
  };
}
