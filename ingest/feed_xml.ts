/**
 * What is done to XML before rss-parser may see it. Its parser (sax, strict) is safe but unforgiving, and the feeds of
 * the world are not strict. Three things, in one linear pass:
 * - a document type is refused: entities that expand are the classic XML bomb, and no feed needs one;
 * - HTML entities (&nbsp;) and stray ampersands (AT&T) become what the author meant;
 * - markup inside text elements (XHTML content, unescaped HTML) becomes CDATA, so that its text keeps its order.
 * Everything works by indexOf and by expressions that cannot backtrack: hostile input costs linear time.
 */
import { TidewatchError } from '../core/errors.ts';
import { htmlToText } from './html.ts';

const BODY = '(?:title|description|summary|content|content:encoded|atom:title|atom:summary|atom:content)';
const INTERESTING = new RegExp(`<!\\[CDATA\\[|<!--|&|<(${BODY})(\\s[^<>]*)?>`, 'g');
const XML_ENTITY = /^&(?:amp|lt|gt|quot|apos);/i;
const NUMERIC_ENTITY = /^&#(?:(\d{1,30})|x([\da-f]{1,30}));/i;
const NAMED_ENTITY = /^&[a-z][a-z\d]{1,31};/i;

/**
 * XML that strict parsers take, with the same meaning.
 * @throws TidewatchError feed.malformed for a document type declaration, or a page that is HTML
 */
export function repairFeedXml(xml: string): string {
  const start = refuseDocumentType(xml);
  const pieces: string[] = [];
  let copied = start;
  const matcher = new RegExp(INTERESTING);
  matcher.lastIndex = start;
  const unclosed = new Set<string>();
  for (let match = matcher.exec(xml); match !== null; match = matcher.exec(xml)) {
    const [token, name] = match;
    if (token === '&') {
      const ahead = xml.slice(match.index, match.index + 34);
      if (XML_ENTITY.test(ahead)) continue;
      const numeric = NUMERIC_ENTITY.exec(ahead);
      if (numeric !== null && isXmlCharacter(numeric[1], numeric[2])) continue;
      const entity = numeric?.[0] ?? NAMED_ENTITY.exec(ahead)?.[0];
      const text = numeric !== null ? '\ufffd' : entity === undefined ? undefined : namedEntity(entity);
      pieces.push(
        xml.slice(copied, match.index),
        text?.replace(/[&<]/g, (sign) => (sign === '&' ? '&amp;' : '&lt;')) ?? '&amp;',
      );
      copied = match.index + (text === undefined || entity === undefined ? 1 : entity.length);
      matcher.lastIndex = copied;
    } else if (name === undefined) {
      const closing = token === '<!--' ? '-->' : ']]>';
      const end = xml.indexOf(closing, match.index);
      if (end === -1) break;
      matcher.lastIndex = end + closing.length;
    } else if (!token.endsWith('/>') && !unclosed.has(name)) {
      const inside = match.index + token.length;
      const end = xml.indexOf(`</${name}`, inside);
      if (end === -1) {
        unclosed.add(name);
        continue;
      }
      const markup = xml.slice(inside, end);
      if (!markup.includes('<') || /^\s*<!\[CDATA\[/.test(markup) || !/^\s*[^\s<]|^\s*<[a-z]/i.test(markup)) continue;
      if (isStructure(markup)) continue;
      const flat = markup.replaceAll('<![CDATA[', '').replaceAll(']]>', '');
      pieces.push(xml.slice(copied, inside), '<![CDATA[', flat, ']]>');
      copied = end;
      matcher.lastIndex = end;
    }
  }
  pieces.push(xml.slice(copied));
  return pieces.join('');
}

/** XML 1.0 production 2: what a numeric entity may stand for. */
function isXmlCharacter(decimal: string | undefined, hexadecimal: string | undefined): boolean {
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
  return (
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  );
}

/** A <title> or <description> that holds other feed elements was never closed where it should have been. */
function isStructure(markup: string): boolean {
  return /<(?:item|entry|channel|pubDate|guid)[\s>]/.test(markup);
}

/** Where the content begins, after a mark and blanks. */
function refuseDocumentType(xml: string): number {
  const start = xml.search(/[^\s\ufeff]/);
  for (let at = start; at !== -1 && at < xml.length;) {
    const next = xml.indexOf('<', at);
    if (next === -1) break;
    const ahead = xml.slice(next, next + 30);
    const closing = ahead.startsWith('<?') ? '?>' : ahead.startsWith('<!--') ? '-->' : null;
    if (closing === null) {
      if (/^<(?:!doctype\s+html|html|head|body)\b/i.test(ahead)) {
        throw new TidewatchError('feed.malformed', 'The answer is an HTML page, not a feed', {
          hint: 'Look for the address of its RSS or Atom feed and use that.',
        });
      }
      if (/^<!(?:doctype|entity)/i.test(ahead)) {
        throw new TidewatchError('feed.malformed', 'The feed carries a document type (DOCTYPE), which is refused', {
          hint: 'Document types can expand without end; ask the publisher for RSS 2.0 or Atom without one.',
        });
      }
      break;
    }
    const end = xml.indexOf(closing, next);
    if (end === -1) break;
    at = end + closing.length;
  }
  return Math.max(start, 0);
}

const entities = new Map<string, string | undefined>();

/** The text of an HTML entity such as &nbsp;, undefined for a name that HTML does not know. */
function namedEntity(entity: string): string | undefined {
  if (!entities.has(entity)) {
    const text = htmlToText(entity);
    // Bounded by what HTML defines: unknown names are remembered only while the table is small.
    if (entities.size < 4000) entities.set(entity, text === entity ? undefined : text);
    else return text === entity ? undefined : text;
  }
  return entities.get(entity);
}
