/**
 * What is done to XML before rss-parser may see it. The parser behind that (sax, strict) is safe but unforgiving, and
 * the feeds of the world are not strict. One linear pass by a tolerant tokenizer (htmlparser2) writes it anew:
 * - well-formed: stray ampersands, HTML entities, missing ends, junk around the feed; of a feed that breaks off, the
 *   items that are whole are kept;
 * - under canonical names (feed_names.ts), with relative links resolved by xml:base (XML Base) and the feed's address;
 * - markup inside text elements as escaped HTML, so that its text keeps its order.
 * Refused: a document type (entities that expand are the classic XML bomb, and no feed needs one), an HTML page, and
 * nesting deeper than any feed has, which would cost square time.
 */
import { Parser } from 'htmlparser2';
import { TidewatchError } from '../core/errors.ts';
import {
  endOf,
  keptAttributes,
  LINKS,
  localName,
  NAME,
  resolved,
  startOf,
  textElement,
  type Attributes,
} from './feed_element.ts';
import { canonicalName, ownVocabularies, rootName, scopeWithin, type Scope } from './feed_names.ts';
import { decodeReferences, escapeXml, gatherText, type TextGatherer } from './feed_text.ts';

const MAX_DEPTH = 500;
/** Elements whose children are the markup of a text, not elements of the feed. */
const TEXTS = new Set(
  'title summary description content content:encoded subtitle tagline rights copyright info xhtml:body xhtml:div atom:title atom:summary atom:content dc:title dc:description itunes:summary media:title media:description'.split(
    ' ',
  ),
);
/** What never stands inside a text: a text that holds it was not closed where it should have been. */
const NEVER_IN_TEXT = new Set(['item', 'entry', 'channel', 'pubDate', 'guid', 'feed', 'rss']);
const NO_SCOPE: Scope = new Map();

export interface FeedXml {
  readonly xml: string;
  /** It broke off: the item in which it did is left out. */
  readonly isTruncated: boolean;
}

interface Frame {
  readonly name: string;
  readonly scope: Scope;
  readonly base: string | undefined;
  /** Where its output begins. */
  readonly start: number;
  readonly attributes: Attributes;
  readonly text: TextGatherer | null;
  /** Its end is written, or it has none: a <channel> of RSS, whose items may stand in it or beside it. */
  isClosed: boolean;
}

/**
 * The feed as strict XML; `address` is where it came from, for its relative links.
 * @throws TidewatchError feed.malformed for a document type declaration, a page that is HTML, endless nesting
 */
export function cleanFeedXml(written: string, address?: string): FeedXml {
  const out: string[] = [];
  const frames: Frame[] = [];
  let own: ReadonlySet<string> | null = null;
  let isCdata = false;
  let isEnding = false;
  let isTruncated = false;

  /** The text element that is being gathered, if any. */
  const gathering = (): Frame | undefined => frames.findLast(({ isClosed, text }) => !isClosed && text !== null);

  function close(frame: Frame): void {
    if (frame.isClosed) return;
    frame.isClosed = true;
    out.push(
      frame.text === null
        ? endOf(frame.name)
        : textElement(frame.name, frame.attributes, frame.text.read(), frame.base),
    );
  }

  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        if (frames.length >= MAX_DEPTH) {
          throw new TidewatchError('feed.malformed', `The feed nests elements more than ${MAX_DEPTH} deep`);
        }
        const around = frames.at(-1);
        const scope = scopeWithin(around?.scope ?? NO_SCOPE, attributes);
        if (around === undefined && own !== null) {
          frames.push(unwritten(scope));
          return;
        }
        if (own === null) refuseHtml(tag);
        own ??= ownVocabularies(tag, scope);
        const name = around === undefined ? rootName(tag) : canonicalName(tag, scope, own);
        let text = gathering();
        if (text !== undefined && NEVER_IN_TEXT.has(name)) {
          close(text);
          text = undefined;
        }
        if (text !== undefined || around?.name === '') {
          text?.text?.open(localName(tag));
          {
            frames.push(unwritten(scope));
            return;
          }
        }
        if (!NAME.test(name) || name.startsWith('__')) {
          frames.push(unwritten(scope));
          return;
        }
        if (name === 'item' || name === 'entry') {
          // An item within an item, or within the channel of RDF: the outer one is at its end.
          const open = frames.findIndex(
            (frame) => !frame.isClosed && (frame.name === name || frame.name === 'channel'),
          );
          if (open !== -1) for (const frame of frames.slice(open).reverse()) close(frame);
        }
        const outer = around?.base ?? address;
        const base = resolved(decodeReferences(attributes['xml:base'] ?? ''), outer) ?? outer;
        const kept = keptAttributes(attributes);
        if (LINKS.has(name) && kept['href'] !== undefined) kept['href'] = resolved(kept['href'], base) ?? kept['href'];
        const isText = TEXTS.has(name) || name === 'link';
        const gatherer = isText ? gatherText(kept['type'] === 'xhtml') : null;
        const isClosed = name === 'channel' && frames[0]?.name === 'rss';
        frames.push({ name, scope, base, start: out.length, attributes: kept, text: gatherer, isClosed });
        if (!isText && !isClosed) out.push(startOf(name, kept, around === undefined));
      },
      onclosetag(tag) {
        const frame = frames.pop();
        if (frame === undefined) return;
        if (isEnding && !frame.isClosed) {
          isTruncated = true;
          if (frame.name === 'item' || frame.name === 'entry') {
            out.length = frame.start;
            frame.isClosed = true;
          }
        }
        if (frame.name === '') gathering()?.text?.close(localName(tag));
        else close(frame);
      },
      ontext(data) {
        const frame = gathering();
        const text = isCdata ? data : decodeReferences(data);
        if (frame !== undefined) frame.text?.text(text, isCdata);
        else if (frames.at(-1)?.isClosed === false && frames.at(-1)?.name !== '') out.push(escapeXml(text));
      },
      oncdatastart() {
        isCdata = true;
      },
      oncdataend() {
        isCdata = false;
      },
      onprocessinginstruction(name) {
        if (own !== null || !/^!(?:doctype|entity)/i.test(name)) return;
        throw new TidewatchError('feed.malformed', 'The feed carries a document type (DOCTYPE), which is refused', {
          hint: 'Document types can expand without end; ask the publisher for RSS 2.0 or Atom without one.',
        });
      },
    },
    { xmlMode: true, decodeEntities: false },
  );
  if (/^[\s\ufeff]*<!doctype\s+html\b/i.test(written.slice(0, 1000))) refuseHtml('html');
  parser.write(written);
  if (/<\/[\w:.-]{1,100}\s*$/.test(written.slice(-200))) parser.write('>');
  isEnding = true;
  parser.end();
  const isEntry = out[0]?.startsWith('<feed') === true && out.at(-1) === '</entry>';
  return { xml: isEntry ? `${out.join('')}</feed>` : out.join(''), isTruncated };
}

/** An element that is not written itself: markup inside a text, a second root, a name that XML has not. */
function unwritten(scope: Scope): Frame {
  return { name: '', scope, base: undefined, start: 0, attributes: {}, text: null, isClosed: false };
}

/** @throws TidewatchError feed.malformed where a feed's root should be and HTML begins */
function refuseHtml(tag: string): void {
  if (!/^(?:html|head|body)$/i.test(tag)) return;
  throw new TidewatchError('feed.malformed', 'The answer is an HTML page, not a feed', {
    hint: 'Look for the address of its RSS or Atom feed and use that.',
  });
}
