/**
 * Character data of a feed: references decoded, text made fit for XML, and the elements that hold a text, whose markup
 * (XHTML, or HTML that nobody escaped) is gathered as HTML in its order. Pure and linear in its input.
 */
import { htmlToText } from './html.ts';

const REFERENCE = /&(?:#(\d{1,30})|#x([\da-f]{1,30})|([a-z][a-z\d]{1,31}));/gi;
const XML: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
// XML 1.0 production 2, without lone surrogates, which toWellFormed has replaced before.
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Text with its references decoded once. What is no reference, or names nothing (AT&T, &bogus;), stays as it is. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return XML[name.toLowerCase()] ?? namedEntity(whole) ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    // HTML reads &#150; as windows-1252, and so did whoever wrote it.
    if (code >= 0x80 && code < 0xa0) return new TextDecoder('windows-1252').decode(Uint8Array.of(code));
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code < 0xe000)) return '\ufffd';
    const character = String.fromCodePoint(code);
    return character.replace(NOT_XML, '\ufffd');
  });
}

/** Text as it may stand in XML; characters that XML 1.0 forbids are left out. */
export function escapeXml(text: string): string {
  return escapeMarkup(text.toWellFormed().replace(NOT_XML, ''));
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '&quot;');
}

export interface GatheredText {
  readonly text: string;
  /** There was markup in it, so it is HTML now. */
  readonly isMarkup: boolean;
}

/** Gathers what stands in one text element. */
export interface TextGatherer {
  text(text: string, isCdata: boolean): void;
  open(name: string): void;
  close(name: string): void;
  read(): GatheredText;
}

/** `isStrict`: XHTML, where CDATA is text as well; else CDATA beside markup is more markup. */
export function gatherText(isStrict: boolean): TextGatherer {
  const pieces: { readonly text: string; readonly kind: 'text' | 'cdata' | 'tag' }[] = [];
  let isMarkup = false;
  const tag = (text: string): void => {
    isMarkup = true;
    pieces.push({ text, kind: 'tag' });
  };
  return {
    text: (text, isCdata) => void pieces.push({ text, kind: isCdata ? 'cdata' : 'text' }),
    open: (name) => tag(`<${name}>`),
    close: (name) => tag(`</${name}>`),
    read: () => ({
      isMarkup,
      text: pieces
        .map(({ text, kind }) =>
          !isMarkup || kind === 'tag' || (kind === 'cdata' && !isStrict) ? text : escapeMarkup(text),
        )
        .join(''),
    }),
  };
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
