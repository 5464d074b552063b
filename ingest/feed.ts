/**
 * A feed's text → items. RSS 0.9x, 1.0, 2.0 and Atom by rss-parser, JSON Feed by feed_json.ts. Pure.
 *
 * rss-parser recognises the format and walks the items of XML that feed_xml.ts has made strict. Dates, links and texts
 * it hands over as they stand (the element names are changed on the way in), and feed_item.ts reads them. See
 * docs/decisions/0003-feed-parser.md.
 */
import Parser from 'rss-parser';
import { TidewatchError } from '../core/errors.ts';
import { ENTRY_FIELDS, itemOf, textOf, type FeedEntry, type XmlElement } from './feed_item.ts';
import { readJsonFeed } from './feed_json.ts';
import { cleanFeedXml } from './feed_xml.ts';
import { htmlToText } from './html.ts';
import type { RawItem } from './source.ts';
import { parseTime } from './time.ts';

export interface Feed {
  readonly title: string | null;
  /** How long the publisher says that a copy stays fresh, in seconds: ttl, or the syndication module's period. */
  readonly ttlSeconds: number | null;
  /** Hours (0 to 23, UTC) and days (0 Sunday to 6) in which the publisher asks not to be fetched. */
  readonly skipHours: readonly number[];
  readonly skipDays: readonly number[];
  /** WebSub: hubs that tell of news, and the address under which they know the feed. */
  readonly hubs: readonly string[];
  readonly self: string | null;
  /** The feed broke off; the items before that are whole. */
  readonly isTruncated: boolean;
  /** In the feed's own order, mostly the newest first. */
  readonly items: readonly RawItem[];
}

const FEED_FIELDS = ['title', 'dc:title', 'link', 'atom:link', 'ttl', 'skipHours', 'skipDays', 'sy:updatePeriod', 'sy:updateFrequency'] as const; // prettier-ignore
type FeedFields = { readonly [name in (typeof FEED_FIELDS)[number] as `raw:${name}`]?: readonly XmlElement[] };
const RENAMED = new Set<string>([...FEED_FIELDS, ...ENTRY_FIELDS]);
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const PERIOD_SECONDS = { hourly: 3600, daily: 86_400, weekly: 604_800, monthly: 2_592_000, yearly: 31_536_000 };

const parser = new Parser<FeedFields, FeedEntry>({
  defaultRSS: 2,
  xml2js: { tagNameProcessors: [(name: string) => (RENAMED.has(name) ? `raw:${name}` : name)] },
  customFields: {
    feed: FEED_FIELDS.map((name) => [`raw:${name}`, `raw:${name}`, { keepArray: true }]) as never,
    item: ENTRY_FIELDS.map((name) => [`raw:${name}`, `raw:${name}`, { keepArray: true }]),
  },
});

/**
 * Reads a feed that came from `address`, which its relative links are relative to.
 * @throws TidewatchError feed.malformed
 */
export async function readFeed(text: string, address?: string): Promise<Feed> {
  return /^[\s\ufeff]*[{[]/.test(text) ? readJsonFeed(text, address) : readXmlFeed(text, address);
}

/**
 * As readFeed, with the items oldest first.
 * @throws TidewatchError feed.malformed
 */
export async function parseFeed(text: string, address?: string): Promise<Feed> {
  const feed = await readFeed(text, address);
  return { ...feed, items: oldestFirst(feed.items) };
}

/** Oldest first where all times are known; else in reverse order of the feed, which lists the newest first. */
function oldestFirst(items: readonly RawItem[]): RawItem[] {
  const timed = items.map((item, index) => ({ item, index, at: parseTime(item.published_at ?? '') }));
  const allTimed = timed.every(({ at }) => at !== null);
  timed.sort((a, b) => (allTimed ? (a.at ?? 0) - (b.at ?? 0) : 0) || b.index - a.index);
  return timed.map(({ item }) => item);
}

async function readXmlFeed(text: string, address: string | undefined): Promise<Feed> {
  if (text.trim() === '') throw new TidewatchError('feed.malformed', 'The feed is empty');
  const { xml, isTruncated } = cleanFeedXml(text, address);
  let parsed: Awaited<ReturnType<typeof parser.parseString>>;
  try {
    parsed = await parser.parseString(xml);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 3).join(' ') : String(error);
    throw new TidewatchError('feed.malformed', `The feed is not RSS or Atom: ${reason.slice(0, 200)}`, {
      cause: error,
      hint: 'Open its address in a browser: it may have moved, or want a log-in.',
    });
  }
  const isAtom = xml.startsWith('<feed');
  const items = parsed.items.map((entry) => itemOf(entry, isAtom)).filter((item) => item !== null);
  if (isTruncated && items.length === 0) {
    throw new TidewatchError(
      'feed.malformed',
      'The feed is not RSS or Atom as a whole: it breaks off before an item ends',
    );
  }
  const links = [...(parsed['raw:link'] ?? []), ...(parsed['raw:atom:link'] ?? [])];
  return {
    title: htmlToText(textOf(parsed['raw:title']?.[0]) || textOf(parsed['raw:dc:title']?.[0])).trim() || null,
    ttlSeconds: ttlOf(parsed),
    skipHours: numbersIn(parsed['raw:skipHours'], 'hour', (hour) => (/^\d{1,2}$/.test(hour) ? Number(hour) % 24 : -1)),
    skipDays: numbersIn(parsed['raw:skipDays'], 'day', (day) => DAYS.indexOf(day.toLowerCase())),
    hubs: linksOf(links, 'hub'),
    self: linksOf(links, 'self')[0] ?? null,
    isTruncated,
    items,
  };
}

function ttlOf(parsed: FeedFields): number | null {
  const minutes = Number(textOf(parsed['raw:ttl']?.[0]));
  if (Number.isFinite(minutes) && minutes > 0) return minutes * 60;
  const period = textOf(parsed['raw:sy:updatePeriod']?.[0]).trim().toLowerCase();
  if (!Object.hasOwn(PERIOD_SECONDS, period)) return null;
  const times = Number(textOf(parsed['raw:sy:updateFrequency']?.[0]) || 1);
  return PERIOD_SECONDS[period as keyof typeof PERIOD_SECONDS] / (times >= 1 ? times : 1);
}

/** The values of `<skipHours><hour>4</hour>…`; what is none is left out. */
function numbersIn(parents: readonly XmlElement[] | undefined, name: string, read: (text: string) => number): number[] {
  const parent = parents?.[0];
  const children = typeof parent === 'object' ? parent[name] : undefined;
  const numbers = Array.isArray(children) ? children.map((child) => read(textOf(child).trim())) : [];
  return [...new Set(numbers.filter((number) => number >= 0))];
}

function linksOf(links: readonly XmlElement[], relation: string): string[] {
  return links.flatMap((link) => {
    const { href, rel } = typeof link === 'object' ? (link.$ ?? {}) : {};
    return href !== undefined && rel?.split(/\s+/).includes(relation) === true ? [href] : [];
  });
}
