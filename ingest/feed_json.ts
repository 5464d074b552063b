/** JSON Feed 1.0 and 1.1 (jsonfeed.org) → items, by zod; rss-parser does not know it. Pure. */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { LONGEST_BODY } from './feed_item.ts';
import type { Feed } from './feed.ts';
import { htmlToText } from './html.ts';
import type { RawItem } from './source.ts';

const jsonFeedSchema = z.object({
  /** The address of the version; some write the number alone. */
  version: z.string().regex(/^(?:https?:\/\/(?:www\.)?jsonfeed\.org\/version\/)?1(?:\.\d)?$/),
  title: z.string().optional().catch(undefined),
  feed_url: z.string().optional().catch(undefined),
  hubs: z
    .array(z.object({ type: z.string(), url: z.string() }))
    .optional()
    .catch(undefined),
  items: z.array(z.record(z.string(), z.unknown())),
});

/** @throws TidewatchError feed.malformed */
export function readJsonFeed(text: string, address?: string): Feed {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^[\s\ufeff]+/, ''));
  } catch (error) {
    throw new TidewatchError('feed.malformed', `The feed is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const parsed = jsonFeedSchema.safeParse(value);
  if (!parsed.success) {
    throw new TidewatchError('feed.malformed', 'The answer is JSON, but no JSON Feed 1.x (version, items)');
  }
  const { title, items, feed_url, hubs } = parsed.data;
  return {
    title: title ?? null,
    ttlSeconds: null,
    skipHours: [],
    skipDays: [],
    hubs: (hubs ?? []).filter(({ type }) => type.toLowerCase() === 'websub').map(({ url }) => url),
    self: feed_url ?? null,
    isTruncated: false,
    items: items.map((item) => jsonItem(item, address)),
  };
}

function jsonItem(item: Record<string, unknown>, address: string | undefined): RawItem {
  const field = (name: string): string => {
    const value = item[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  };
  const link = field('url') || field('external_url');
  const html = htmlToText(field('content_html'));
  // Where both are there the plain text is often the shorter form, for those who cannot show the other.
  const body = html || field('content_text');
  const text = body === '' || (body.length > LONGEST_BODY && field('summary') !== '') ? field('summary') : body;
  const authors = Array.isArray(item['authors']) ? (item['authors'] as unknown[]) : [item['author']];
  const name = (authors[0] as { name?: unknown } | null | undefined)?.name;
  const optional = {
    guid: field('id'),
    url: URL.canParse(link, address) ? new URL(link, address).href : link,
    author: typeof name === 'string' ? name : '',
    published_at: field('date_published') || field('date_modified'),
    language: field('language'),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== ''));
  return { title: htmlToText(field('title')), text, html: false, ...present };
}
