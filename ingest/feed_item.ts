/**
 * One entry of a feed, as rss-parser hands over its elements → an item. Dates, links and texts are read here, because
 * rss-parser loses the whole feed over one bad date or link, and builds snippets in quadratic time. Pure.
 */
import { htmlToText } from './html.ts';
import type { RawItem } from './source.ts';

/** A summary stands in for a body longer than this many characters: the model reads the beginning only. */
export const LONGEST_BODY = 15_000;

/** Elements of an entry that are read here; rss-parser hands them over as `raw:<name>`, untouched. */
export const ENTRY_FIELDS = [
  'title', 'link', 'guid', 'id', 'description', 'summary', 'content', 'content:encoded', 'xhtml:body', 'xhtml:div',
  'pubDate', 'dc:date', 'dcterms:created', 'dcterms:issued', 'dcterms:modified', 'published', 'updated', 'issued',
  'modified', 'created', 'author', 'dc:creator', 'dc:language', 'dc:title', 'dc:description', 'atom:title', 'atom:link',
  'atom:id', 'atom:summary', 'atom:content', 'atom:published', 'atom:updated', 'atom:author', 'itunes:summary',
  'media:title', 'media:description', 'media:group',
] as const; // prettier-ignore
type Field = (typeof ENTRY_FIELDS)[number];

/** An XML element as xml2js gives it. */
export type XmlElement =
  | string
  | { readonly _?: string; readonly $?: Readonly<Record<string, string>>; readonly [key: string]: unknown };
export type FeedEntry = { readonly [name in Field as `raw:${name}`]?: readonly XmlElement[] } & {
  readonly 'rdf:about'?: string;
};

/** What an entry says, or null where it says nothing. */
export function itemOf(entry: FeedEntry, isAtom: boolean): RawItem | null {
  const first = (...names: Field[]): XmlElement | undefined => {
    for (const name of names) {
      const found = entry[`raw:${name}`]?.find((element) => textOf(element).trim() !== '');
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const plain = (element: XmlElement | undefined): string => {
    const type = typeof element === 'object' ? element.$?.['type']?.trim().toLowerCase() : undefined;
    const isPlain = type === 'text' || type === 'text/plain' || (isAtom && type === undefined && !isEscaped(element));
    return isPlain ? textOf(element) : htmlToText(textOf(element));
  };
  const title = plain(first('title', 'atom:title', 'dc:title', 'media:title'));
  const whole = plain(first('content:encoded', 'content', 'xhtml:body', 'xhtml:div', 'atom:content'));
  const summary = plain(
    first('description', 'summary', 'atom:summary', 'dc:description', 'itunes:summary', 'media:description'),
  );
  const text = whole.trim() === '' || (whole.length > LONGEST_BODY && summary.trim() !== '') ? summary : whole;
  const url = linkOf(entry, isAtom);
  const guid = textOf(first('guid', 'id', 'atom:id')).trim() || (entry['rdf:about'] ?? '').trim();
  const author = authorOf(first('dc:creator'), entry['raw:author']?.[0] ?? entry['raw:atom:author']?.[0]);
  const published = textOf(
    first(
      'pubDate', 'published', 'atom:published', 'dc:date', 'dcterms:issued', 'dcterms:created', 'issued', 'created',
      'updated', 'atom:updated', 'dcterms:modified', 'modified',
    ),
  ).trim(); // prettier-ignore
  const language = textOf(first('dc:language')).trim();
  if (title.trim() === '' && text.trim() === '' && guid === '' && url === '' && published === '') return null;
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

/** The text of an element; '' for one without. */
export function textOf(element: unknown): string {
  if (typeof element === 'string') return element;
  if (typeof element !== 'object' || element === null) return '';
  const text = (element as { _?: unknown })._;
  return typeof text === 'string' ? text : '';
}

/** Atom 0.3 says so of HTML. */
function isEscaped(element: XmlElement | undefined): boolean {
  return typeof element === 'object' && element.$?.['mode'] === 'escaped';
}

/**
 * RSS: the text of <link>, of several the last; Atom: the href whose rel is alternate or absent, of several the first; so do
 * gofeed and feedparser. Else a guid that is a permanent link.
 */
function linkOf(entry: FeedEntry, isAtom: boolean): string {
  const own = entry['raw:link'] ?? [];
  for (const link of [...(isAtom ? own : own.toReversed()), ...(entry['raw:atom:link'] ?? [])]) {
    const text = textOf(link).trim();
    if (text !== '') return text;
    const attributes = typeof link === 'object' ? link.$ : undefined;
    if (attributes?.['href'] !== undefined && (attributes['rel'] ?? 'alternate') === 'alternate')
      return attributes['href'];
  }
  const guid = entry['raw:guid']?.[0];
  const isPermanent = typeof guid !== 'object' || guid.$?.['isPermaLink'] !== 'false';
  const text = textOf(guid).trim();
  return isPermanent && /^https?:\/\//i.test(text) ? text : '';
}

/** RSS: "address (Name)" or a name; Atom: an element with a name in it. */
function authorOf(creator: XmlElement | undefined, author: XmlElement | undefined): string {
  if (creator !== undefined) return htmlToText(textOf(creator)).trim();
  if (typeof author === 'object') {
    const names = author['name'];
    if (Array.isArray(names)) return textOf(names[0]).trim();
  }
  const text = textOf(author).trim();
  return /^[^\s@]+@[^\s@]+\s+\((.+)\)$/.exec(text)?.[1] ?? text;
}
