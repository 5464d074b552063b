/**
 * One element of a feed as it is written anew: its attributes, its link resolved, its text decoded. Pure.
 */
import { decodeReferences, escapeXml, type GatheredText } from './feed_text.ts';

export type Attributes = Readonly<Record<string, string>>;

/** Names that XML can have. */
export const NAME = /^[a-z_][\w.-]*(?::[a-z_][\w.-]*)?$/i;
export const LINKS: ReadonlySet<string> = new Set(['link', 'atom:link']);

/** How the root is written: so that rss-parser, which fails on a root without children, takes also an empty feed. */
const ROOT_STARTS = new Map([
  ['rss', '<rss version="2.0"><channel>'],
  ['feed', '<feed xmlns="http://www.w3.org/2005/Atom">'],
  ['entry', '<feed xmlns="http://www.w3.org/2005/Atom">'],
]);
const ROOT_ENDS = new Map([
  ['rss', '</channel></rss>'],
  ['rdf:RDF', '<channel></channel></rdf:RDF>'],
]);

/** The start of an element; a root is written as rss-parser wants it. */
export function startOf(name: string, attributes: Attributes, isRoot: boolean): string {
  const root = isRoot ? (ROOT_STARTS.get(name) ?? '') : '';
  return name === 'rss' || name === 'feed' ? root : root + openTag(name, attributes);
}

export function endOf(name: string): string {
  return ROOT_ENDS.get(name) ?? `</${name}>`;
}

/** A text element as a whole: its links resolved, its base64 decoded, its type saying what is in it now. */
export function textElement(
  name: string,
  attributes: Attributes,
  gathered: GatheredText,
  base: string | undefined,
): string {
  const { text, isMarkup } = gathered;
  const type = isMarkup ? 'html' : attributes['type'] === 'xhtml' ? 'text' : attributes['type'];
  const typed = type === undefined ? attributes : { ...attributes, type };
  const link = LINKS.has(name) ? text.trim() : '';
  const content = link !== '' ? (resolved(link, base) ?? link) : isBase64(typed) ? decodeBase64(text) : text;
  return `${openTag(name, typed)}${escapeXml(content)}${endOf(name)}`;
}

/** Atom 0.3 says so; RFC 4287 4.1.3.3 asks it of what is neither text nor XML. */
function isBase64({ mode, type = '' }: Attributes): boolean {
  return mode === 'base64' || /^(?:image|audio|video)\/|octet-stream/i.test(type);
}

/** The text that is encoded; '' where it is none but a picture or the like. */
function decodeBase64(encoded: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return '';
  }
}

/** A tag as HTML has it: without a prefix, and without anything that is no letter or digit. */
export function localName(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1).replace(/[^a-z\d]/gi, '') || 'span';
}

/** Attributes that XML can have, decoded; declarations of namespaces are used up. */
export function keptAttributes(attributes: Attributes): Record<string, string> {
  const kept = Object.entries(attributes).filter(
    ([name]) => NAME.test(name) && !name.startsWith('xmlns') && !name.startsWith('__'),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, decodeReferences(value)]));
}

function openTag(name: string, attributes: Attributes): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${written.join('')}>`;
}

/** The address that a relative reference stands for; undefined where it stands for none. */
export function resolved(reference: string, base: string | undefined): string | undefined {
  if (reference === '' && base === undefined) return undefined;
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}
