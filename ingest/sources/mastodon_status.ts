/**
 * A status of a Mastodon server → an item. Pure. The content is HTML (paragraphs, line breaks, links, mentions), which
 * the stage turns into text. Source: docs.joinmastodon.org/entities/Status.
 */
import { z } from 'zod';
import type { RawItem } from '../source.ts';

const schema = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  created_at: z.string(),
  edited_at: z.string().nullish().catch(null),
  content: z.string(),
  spoiler_text: z.string().catch(''),
  language: z.string().nullish().catch(null),
  url: z.string().nullish().catch(null),
  visibility: z.string().catch('public'),
  account: z.object({ acct: z.string().min(1) }),
  reblog: z.object({ id: z.string() }).nullish().catch(null),
  quote: z
    .object({ quoted_status: z.object({ id: z.string() }).nullish() })
    .nullish()
    .catch(null),
  card: z
    .object({ title: z.string().catch('') })
    .nullish()
    .catch(null),
});

export interface Status {
  readonly id: string;
  readonly item: RawItem;
  readonly languages: readonly string[];
}

/** The status, null for one that is not public, or one sentence that says why the value is none. `host`: the server. */
export function readStatus(value: unknown, host: string): Status | string | null {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `A status of ${host} has no usable ${issue?.path.join('.') ?? 'form'}.`;
  }
  const { id, created_at, edited_at, content, spoiler_text, language, url, visibility, account, reblog, quote, card } =
    parsed.data;
  if (visibility !== 'public' && visibility !== 'unlisted') return null;
  const repeated = reblog?.id ?? quote?.quoted_status?.id;
  const hasWords = content.replace(/<[^<>]*>/g, '').trim() !== '';
  return {
    id,
    languages: language == null ? [] : [language],
    item: {
      // Deletions name a status by its id on this server, so that is what it is known by.
      guid: id,
      text: `${spoiler_text === '' ? '' : `<p>${spoiler_text}</p>`}${hasWords ? content : (card?.title ?? '')}`,
      html: true,
      author: account.acct.includes('@') ? account.acct : `${account.acct}@${host}`,
      published_at: created_at,
      source: host,
      source_class: 'social',
      ...(url == null ? {} : { url }),
      ...(language == null ? {} : { language }),
      ...(edited_at == null ? {} : { revision: edited_at }),
      ...(repeated === undefined ? {} : { repost_of: repeated }),
    },
  };
}

/** True where status id `a` is newer than `b`: ids are numbers too large for a double, as text. */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
