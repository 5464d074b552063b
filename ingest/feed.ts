/**
 * A feed's text → items. RSS 0.9x, 1.0, 2.0 and Atom by rss-parser, JSON Feed 1.1 by zod. Pure.
 *
 * rss-parser recognises the format and walks the items; dates, links and texts it hands over as they stand in the XML
 * (the element names are changed on the way in), because its own handling loses the whole feed over one bad date or
 * link, and builds snippets in quadratic time. See docs/decisions/0003-feed-parser.md.
 */
import Parser from 'rss-parser';
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { repairFeedXml } from './feed_xml.ts';
import { htmlToText } from './html.ts';
import type { RawItem } from './source.ts';
import { parseTime } from './time.ts';

export interface Feed {
  readonly title: string | null;
  /** How long the publisher says that a copy stays fresh, in seconds. */
  readonly ttlSeconds: number | null;
  /** Oldest first where times are known; else in reverse order of the feed, which lists the newest first. */
  readonly items: readonly RawItem[];
}

/** A summary stands in for a body longer than this many characters: the model reads the beginning only. */
const LONGEST_BODY = 15_000;
const KEPT = [
  'title', 'link', 'guid', 'id', 'description', 'summary', 'content', 'content:encoded', 'pubDate', 'dc:date',
  'published', 'updated', 'issued', 'modified', 'created', 'author', 'dc:creator', 'dc:language',
] as const; // prettier-ignore
type Field = (typeof KEPT)[number];
type Element =
  | string
  | { readonly _?: string; readonly $?: Readonly<Record<string, string>>; readonly [key: string]: unknown };
type Entry = { readonly [name in Field as `raw:${name}`]?: readonly Element[] };

const parser = new Parser<{ 'raw:ttl'?: readonly Element[]; 'raw:title'?: readonly Element[] }, Entry>({
  defaultRSS: 2,
  xml2js: { tagNameProcessors: [(name: string) => (isKept(name) || name === 'ttl' ? `raw:${name}` : name)] },
  customFields: {
    feed: [
      ['raw:ttl', 'raw:ttl', { keepArray: true }],
      ['raw:title', 'raw:title', { keepArray: true }],
    ] as never,
    item: KEPT.map((name) => [`raw:${name}`, `raw:${name}`, { keepArray: true }]),
  },
});

function isKept(name: string): name is Field {
  return (KEPT as readonly string[]).includes(name);
}

/** @throws TidewatchError feed.malformed */
export async function parseFeed(text: string): Promise<Feed> {
  const feed = /^[\s\ufeff]*\{/.test(text) ? parseJsonFeed(text) : await parseXmlFeed(text);
  const timed = feed.items.map((item, index) => ({ item, index, at: parseTime(item.published_at ?? '') }));
  const allTimed = timed.every(({ at }) => at !== null);
  timed.sort((a, b) => (allTimed ? (a.at ?? 0) - (b.at ?? 0) : 0) || b.index - a.index);
  return { ...feed, items: timed.map(({ item }) => item) };
}

async function parseXmlFeed(xml: string): Promise<Feed> {
  const repaired = repairFeedXml(xml);
  if (repaired.trim() === '') throw new TidewatchError('feed.malformed', 'The feed is empty');
  const atom = !/<(?:rss|rdf:RDF)[\s>]/.test(repaired.slice(0, 20_000));
  let parsed: Awaited<ReturnType<typeof parser.parseString>>;
  try {
    parsed = await parser.parseString(repaired);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 3).join(' ') : String(error);
    throw new TidewatchError('feed.malformed', `The feed is not RSS or Atom: ${reason.slice(0, 200)}`, {
      cause: error,
      hint: 'Open its address in a browser: it may have moved, or want a log-in.',
    });
  }
  const minutes = Number(textOf(parsed['raw:ttl']?.[0]));
  return {
    title: htmlToText(textOf(parsed['raw:title']?.[0])).trim() || null,
    ttlSeconds: Number.isFinite(minutes) && minutes > 0 ? minutes * 60 : null,
    items: parsed.items.map((entry) => itemOf(entry, atom)).filter((item) => item !== null),
  };
}

function itemOf(entry: Entry, atom: boolean): RawItem | null {
  const first = (...names: Field[]): Element | undefined => {
    for (const name of names) {
      const found = entry[`raw:${name}`]?.find((element) => textOf(element).trim() !== '');
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const plain = (element: Element | undefined): string => {
    const type = typeof element === 'object' ? element.$?.['type'] : undefined;
    const isPlain = type === 'text' || type === 'text/plain' || (atom && type === undefined);
    return isPlain ? textOf(element) : htmlToText(textOf(element));
  };
  const title = plain(first('title'));
  const whole = plain(first('content:encoded', 'content'));
  const summary = plain(first('description', 'summary'));
  const text = whole.trim() === '' || (whole.length > LONGEST_BODY && summary.trim() !== '') ? summary : whole;
  const url = linkOf(entry['raw:link'] ?? [], entry['raw:guid']?.[0]);
  const guid = textOf(first('guid', 'id')).trim();
  const author = authorOf(first('dc:creator'), entry['raw:author']?.[0]);
  const published = textOf(first('pubDate', 'published', 'dc:date', 'issued', 'created', 'updated', 'modified')).trim();
  const language = textOf(first('dc:language')).trim();
  if (title.trim() === '' && text.trim() === '' && guid === '' && url === '') return null;
  return {
    title,
    text,
    html: false,
    ...(guid === '' ? {} : { guid }),
    ...(url === '' ? {} : { url }),
    ...(author === '' ? {} : { author }),
    ...(published === '' ? {} : { published_at: published }),
    ...(language === '' ? {} : { language }),
  };
}

function textOf(element: unknown): string {
  if (typeof element === 'string') return element;
  if (typeof element !== 'object' || element === null) return '';
  const text = (element as { _?: unknown })._;
  return typeof text === 'string' ? text : '';
}

/** RSS: the text of <link>; Atom: the href whose rel is alternate or absent; else a guid that is a permanent link. */
function linkOf(links: readonly Element[], guid: Element | undefined): string {
  for (const link of links) {
    const attributes = typeof link === 'object' ? link.$ : undefined;
    const text = textOf(link).trim();
    if (text !== '') return text;
    if (attributes?.['href'] !== undefined && (attributes['rel'] ?? 'alternate') === 'alternate')
      return attributes['href'];
  }
  const isPermanent = typeof guid !== 'object' || guid.$?.['isPermaLink'] !== 'false';
  const text = textOf(guid).trim();
  return isPermanent && /^https?:\/\//i.test(text) ? text : '';
}

/** RSS: "address (Name)" or a name; Atom: an element with a name in it. */
function authorOf(creator: Element | undefined, author: Element | undefined): string {
  if (creator !== undefined) return htmlToText(textOf(creator)).trim();
  if (typeof author === 'object') {
    const names = author['name'];
    if (Array.isArray(names)) return textOf(names[0]).trim();
  }
  const text = textOf(author).trim();
  return /^\S+@\S+\s+\((.+)\)$/.exec(text)?.[1] ?? text;
}

const jsonFeedSchema = z.object({
  version: z.string().startsWith('https://jsonfeed.org/version/1'),
  title: z.string().optional(),
  items: z.array(z.record(z.string(), z.unknown())),
});

function parseJsonFeed(text: string): Feed {
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
  const { title, items } = parsed.data;
  return { title: title ?? null, ttlSeconds: null, items: items.map(jsonItem) };
}

function jsonItem(item: Record<string, unknown>): RawItem {
  const field = (name: string): string => {
    const value = item[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  };
  const html = htmlToText(field('content_html'));
  const body = field('content_text') || html;
  const text = body === '' || (body.length > LONGEST_BODY && field('summary') !== '') ? field('summary') : body;
  const authors = Array.isArray(item['authors']) ? (item['authors'] as unknown[]) : [item['author']];
  const name = (authors[0] as { name?: unknown } | null | undefined)?.name;
  const optional = {
    guid: field('id'),
    url: field('url') || field('external_url'),
    author: typeof name === 'string' ? name : '',
    published_at: field('date_published') || field('date_modified'),
    language: field('language'),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== ''));
  return { title: htmlToText(field('title')), text, html: false, ...present };
}
