/**
 * Bytes of a feed to text. What is said of the encoding counts in the order of RFC 7303 (byte order mark, HTTP charset,
 * XML declaration, else UTF-8), but only where the bytes bear it out: a feed that says UTF-8 and is GBK, or says GBK and
 * is UTF-8, is as common as it is wrong. UTF-8 can be told from its bytes almost for certain; GB18030 and Big5 from each
 * other by how many characters fall into the common half of each set; what is left is windows-1252, as browsers take it.
 * Undecodable bytes become U+FFFD: one broken byte must not cost a feed.
 * TextDecoder knows the encodings (GB18030 for gb2312 and gbk), except UTF-32. Rejected: a detector by letter
 * frequencies of thirty encodings, which errs on short feeds where we need three.
 */
import { isUtf8 } from 'node:buffer';

/** Names that programs write and the Encoding standard does not know. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    cp936: 'gbk', ms936: 'gbk', 'windows-936': 'gbk', euccn: 'gbk', 'euc-cn': 'gbk', 'gb18030-2000': 'gb18030',
    cp950: 'big5', ms950: 'big5', 'windows-950': 'big5', big5hkscs: 'big5',
    utf_8: 'utf-8', u8: 'utf-8', 'utf-8-sig': 'utf-8', latin_1: 'iso-8859-1', 'iso-latin-1': 'iso-8859-1',
  }),
); // prettier-ignore

export function decodeFeed(bytes: Uint8Array, contentType?: string): string {
  const width = wideLayout(bytes);
  if (width !== null) return width.size === 4 ? decodeUtf32(bytes, width.isLittleEndian) : decode(bytes, width.label);
  const said = saidEncoding(bytes, contentType);
  const utf8 = strictly(bytes, 'utf-8');
  if (utf8 !== null && (said === 'utf-8' || isSurelyUtf8(utf8))) return utf8;
  const asSaid = said === 'utf-8' ? null : strictly(bytes, said);
  if (asSaid !== null) return asSaid;
  const likely = likelyEncoding(bytes);
  return decode(bytes, likely === 'windows-1252' && said !== 'utf-8' ? said : likely);
}

/** UTF-16 by its mark, of a stream that says nothing of its encoding, by its beginning; null where it is none. */
export function markedWideEncoding(start: Uint8Array): string | null {
  const width = wideLayout(start);
  return width?.size === 2 ? width.label : null;
}

/** Whether the bytes, say of one line, are UTF-8 without a fault and cannot well be anything else. ASCII alone is not. */
export function isCertainlyUtf8(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && isSurelyUtf8(decode(bytes, 'utf-8'));
}

/**
 * Whether so many signs were lost in decoding that the words are lost with them: bytes of another encoding, not the one
 * character that was cut in two at the end of a field.
 */
export function isGarbled(text: string): boolean {
  const lost = text.match(/\ufffd/g)?.length ?? 0;
  return lost >= 3 && lost * 4 > (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0);
}

/** By HTTP, else by the XML; UTF-8 where neither says one that is known. */
function saidEncoding(bytes: Uint8Array, contentType: string | undefined): string {
  const http = single(saidCharset(contentType));
  const xml = single(declaredEncoding(bytes));
  // Latin-1 is what servers say of whatever they hold, and all bytes can be read as it: here the XML knows better, if it fits.
  if (http === 'windows-1252' && xml !== undefined && strictly(bytes, xml) !== null) return xml;
  return http ?? xml ?? 'utf-8';
}

/** What nothing is said of, perhaps cut at its end: UTF-8, perhaps with broken bytes, else Chinese, else windows-1252. */
export function likelyEncoding(bytes: Uint8Array): 'utf-8' | 'gb18030' | 'big5' | 'windows-1252' {
  if (isMostlyUtf8(new TextDecoder('utf-8').decode(bytes, { stream: true }))) return 'utf-8';
  return likelierChinese(bytes) ?? 'windows-1252';
}

interface WideLayout {
  readonly size: 2 | 4;
  readonly isLittleEndian: boolean;
  readonly label: string;
}

/** UTF-16 or UTF-32 by its mark, or by the zeros around the first "<" or "{" (XML 1.0 appendix F); null where neither. */
function wideLayout(bytes: Uint8Array): WideLayout | null {
  const [a = 1, b = 1, c = 1, d = 1] = bytes;
  const isSign = (byte: number): boolean => byte === 0x3c || byte === 0x7b;
  const wide = (size: 2 | 4, isLittleEndian: boolean): WideLayout => ({
    size,
    isLittleEndian,
    label: isLittleEndian ? 'utf-16le' : 'utf-16be',
  });
  if (a === 0xff && b === 0xfe) return wide(c === 0 && d === 0 ? 4 : 2, true);
  if (a === 0xfe && b === 0xff) return wide(2, false);
  if (a === 0 && b === 0 && ((c === 0xfe && d === 0xff) || (c === 0 && isSign(d)))) return wide(4, false);
  if (isSign(a) && b === 0) return wide(c === 0 && d === 0 ? 4 : 2, true);
  if (a === 0 && isSign(b)) return wide(2, false);
  return null;
}

function decodeUtf32(bytes: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, isLittleEndian);
    const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
    pieces.push(isCharacter ? String.fromCodePoint(code) : '\ufffd');
  }
  return pieces.join('').replace(/^\ufeff/, '');
}

/** Text in whole: what is cut at its end becomes U+FFFD. */
export function decode(bytes: Uint8Array, label: string, options?: { readonly fatal: boolean }): string {
  const decoder = new TextDecoder(label, options);
  if (label === 'utf-8') return decoder.decode(bytes);
  // In one go Node 20 reads windows-1252 as Latin-1, which has neither its quotation marks nor its euro sign.
  return decoder.decode(bytes, { stream: true }) + decoder.decode();
}

/** The text, or null where a byte does not fit the encoding. */
function strictly(bytes: Uint8Array, label: string): string | null {
  try {
    return decode(bytes, label, { fatal: true });
  } catch {
    return null;
  }
}

/**
 * Whether bytes that read as UTF-8 cannot well be anything else: a pair of GBK bytes passes for a two-byte character one
 * time in five, hardly ever for a longer one.
 */
function isSurelyUtf8(text: string): boolean {
  return /[\u0800-\uffff]|(?:[\u0080-\u07ff][^]*){6}/.test(text.slice(0, 200_000));
}

/** Whether a text decoded as UTF-8 is that with some broken bytes, not another encoding; see isSurelyUtf8 for the two counts. */
function isMostlyUtf8(text: string): boolean {
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  const whole = text.match(/[\u0080-\ufffc]/g)?.length ?? 0;
  const long = text.match(/[\u0800-\ufffc]/g)?.length ?? 0;
  return whole >= 4 * broken || long >= broken;
}

/** GB18030 or Big5, whichever has more of its pairs in the half that running text uses; null where neither convinces. */
function likelierChinese(bytes: Uint8Array): 'gb18030' | 'big5' | null {
  let pairs = 0;
  let gb = 0;
  let big5 = 0;
  for (let at = 0; at + 1 < bytes.length; at += 1) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x81 || lead === 0xff) continue;
    const trail = bytes[at + 1] ?? 0;
    at += 1;
    pairs += 1;
    // GB 2312 level 1 (3,755 characters) with its punctuation; Big5 level 1 (5,401) with its punctuation.
    if (trail >= 0xa1 && ((lead >= 0xb0 && lead <= 0xd7) || lead === 0xa1 || lead === 0xa3)) gb += 1;
    const isTrail = (trail >= 0x40 && trail <= 0x7e) || trail >= 0xa1;
    if (isTrail && lead >= 0xa1 && lead <= 0xc6) big5 += 1;
  }
  if (pairs < 2 || Math.max(gb, big5) / pairs < 0.7) return null;
  return gb >= big5 ? 'gb18030' : 'big5';
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 300)).toString('latin1');
  const label = /^\s*(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1];
  // A declaration that could be read as single bytes is not UTF-16, whatever it says.
  return label !== undefined && /^u(?:tf)?[-_]?(?:16|32)|^ucs-?[24]|^iso-10646/i.test(label) ? 'utf-8' : label;
}

/** The charset of a Content-Type, as it is written there. */
export function saidCharset(contentType: string | undefined): string | undefined {
  return /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? '')?.[1];
}

/** The encoding that a label means; undefined where it means none. */
export function knownEncoding(label: string): string | undefined {
  try {
    return new TextDecoder(ALIASES.get(label.toLowerCase()) ?? label).encoding;
  } catch {
    return undefined;
  }
}

/** Where the bytes that were read so far are single: HTTP that says UTF-16 is wrong. */
function single(label: string | undefined): string | undefined {
  const encoding = label === undefined ? undefined : knownEncoding(label);
  return encoding?.startsWith('utf-16') === true ? 'utf-8' : encoding;
}
