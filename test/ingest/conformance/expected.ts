/** What gofeed, feed-rs and rss-parser expect of a feed, in one form. */
import type { CorpusFeed } from './corpus.ts';

export interface ExpectedItem {
  readonly title: string;
  readonly link: string;
  /** As it stands in the expectation: ISO 8601 where the reader parsed it, else as written; '' for none. */
  readonly date: string;
  /** The content, or the summary where there is none; HTML or plain. */
  readonly text: string;
  /** Every text of it that would be right: the content and the summary beside it. */
  readonly texts: readonly string[];
}

export interface ExpectedFeed {
  readonly title: string;
  readonly items: readonly ExpectedItem[];
}

type Json = Readonly<Record<string, unknown>>;

export function expectedOf({ reader, expected }: CorpusFeed): ExpectedFeed | null {
  if (typeof expected !== 'object' || expected === null) return null;
  const whole = expected as Json;
  const feed = (reader === 'rss-parser' ? whole['feed'] : whole) as Json;
  const items = (feed['entries'] ?? feed['items'] ?? []) as readonly Json[];
  return { title: text(feed['title']), items: items.map((item) => itemOf(item)) };
}

function itemOf(item: Json): ExpectedItem {
  const contents = [
    item['content:encoded'], item['content'], item['content_html'], item['content_text'], item['summary'],
    item['description'],
  ].map(text).filter((found) => found.trim() !== ''); // prettier-ignore
  return {
    title: text(item['title']),
    link: linkOf(item),
    date: text(
      item['isoDate'] ?? item['publishedParsed'] ?? item['pubDateParsed'] ?? item['published'] ?? item['date_published'] ??
        item['pubDate'] ?? item['updatedParsed'] ?? item['updated'] ?? item['date_modified'],
    ), // prettier-ignore
    text: contents[0] ?? '',
    texts: contents.length === 0 ? [''] : contents,
  };
}

/** A string, or the string in feed-rs' { content } and { body } and gofeed's { value }. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const { content, body, value: inner } = value as Json;
  return text(content ?? body ?? inner ?? '');
}

function linkOf(item: Json): string {
  const direct = text(item['link'] ?? item['url'] ?? item['external_url']);
  if (direct !== '') return direct;
  const links = (item['links'] ?? []) as readonly (string | Json)[];
  for (const link of links) {
    if (typeof link === 'string') return link;
    if ((link['rel'] ?? 'alternate') === 'alternate' && link['href'] !== undefined) return text(link['href']);
  }
  return '';
}
