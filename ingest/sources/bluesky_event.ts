/**
 * A Jetstream message → a post, a removal, or neither. Pure.
 * Source: Jetstream's README and Go types (github.com/bluesky-social/jetstream-legacy), lexicon app.bsky.feed.post.
 */
import { z } from 'zod';
import { isoTime } from '../../core/event.ts';
import type { RawItem, Removal } from '../source.ts';
import { parseTime } from '../time.ts';

/** The outlet of every post, whichever instance brought it, so that two instances bring a post once. */
export const BLUESKY = 'bluesky';
export const POSTS = 'app.bsky.feed.post';

const linkSchema = z.object({ uri: z.string(), title: z.string().catch(''), description: z.string().catch('') });
const recordSchema = z.object({
  text: z.string().catch(''),
  createdAt: z.string().catch(''),
  langs: z.array(z.string()).catch([]),
  embed: z
    .object({
      external: linkSchema.optional().catch(undefined),
      /** A quoted post; with media beside it the reference lies one level deeper. */
      record: z
        .object({ uri: z.string().optional(), record: z.object({ uri: z.string() }).optional() })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});

const eventSchema = z.object({
  did: z.string().regex(/^did:[a-z]+:[\w.:%-]{1,200}$/),
  time_us: z.number().int().positive(),
  kind: z.string(),
  commit: z
    .object({
      operation: z.string(),
      collection: z.string(),
      rkey: z.string().regex(/^[\w.~:-]{1,512}$/),
      cid: z.string().optional(),
      record: recordSchema.optional(),
    })
    .optional(),
  account: z.object({ active: z.boolean(), status: z.string().optional() }).optional(),
});

export interface JetstreamEvent {
  /** Microseconds; what the cursor counts in. */
  readonly timeUs: number;
  readonly post?: { readonly item: RawItem; readonly languages: readonly string[] };
  readonly removal?: Removal;
}

/** The event, or one sentence that says why the message is none. */
export function readJetstreamEvent(message: string): JetstreamEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch (error) {
    return `It is not JSON: ${(error as Error).message}`;
  }
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `It is no Jetstream event: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  }
  const { did, time_us: timeUs, commit, account } = parsed.data;
  // `deactivated` and `suspended` may be taken back; what was deleted or taken down is not to be kept.
  if (account !== undefined && !account.active && /^(?:deleted|takendown)$/.test(account.status ?? '')) {
    return { timeUs, removal: { author: did, source: BLUESKY, reason: 'account_deleted' } };
  }
  if (commit?.collection !== POSTS) return { timeUs };
  const guid = `at://${did}/${POSTS}/${commit.rkey}`;
  if (commit.operation === 'delete') return { timeUs, removal: { guid, source: BLUESKY, reason: 'deleted' } };
  if (commit.record === undefined) return `It is a ${commit.operation} of a post without its record.`;
  return {
    timeUs,
    post: postOf(did, commit.rkey, timeUs, commit.record, commit.operation === 'update' ? commit.cid : undefined),
  };
}

function postOf(
  did: string,
  rkey: string,
  timeUs: number,
  { text, createdAt, langs, embed }: z.output<typeof recordSchema>,
  revision: string | undefined,
): NonNullable<JetstreamEvent['post']> {
  const quoted = embed?.record?.uri ?? embed?.record?.record?.uri;
  const link = embed?.external;
  const seen = Math.floor(timeUs / 1000);
  const created = parseTime(createdAt);
  const item: RawItem = {
    guid: `at://${did}/${POSTS}/${rkey}`,
    url: `https://bsky.app/profile/${did}/post/${rkey}`,
    // A post that is nothing but a link says what its card says.
    text: text.trim() === '' && link !== undefined ? `${link.title} ${link.description} ${link.uri}` : text,
    html: false,
    author: did,
    // Its author's clock, unless that runs ahead of the network's.
    published_at: isoTime(created === null ? seen : Math.min(created, seen)),
    source: BLUESKY,
    source_class: 'social',
    ...(langs[0] === undefined ? {} : { language: langs[0] }),
    ...(quoted === undefined ? {} : { repost_of: quoted }),
    ...(revision === undefined ? {} : { revision }),
  };
  return { item, languages: langs };
}
