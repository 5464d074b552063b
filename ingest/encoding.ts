/**
 * Bytes of a feed to text: byte order mark first, then the HTTP charset, then the XML declaration (RFC 7303), else
 * UTF-8. Undecodable bytes become U+FFFD: one broken byte must not cost a feed. TextDecoder knows the Chinese encodings
 * (gb18030 for gb2312 and gbk, big5). Rejected: guessing from letter frequencies, which errs on short feeds.
 */

export function decodeFeed(bytes: Uint8Array, contentType?: string): string {
  const label =
    byteOrderMark(bytes) ??
    known(/charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? '')?.[1]) ??
    known(declaredEncoding(bytes)) ??
    'utf-8';
  return new TextDecoder(label).decode(bytes);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // "<" in UTF-16 without a mark.
  if (bytes[0] === 0x3c && bytes[1] === 0) return 'utf-16le';
  if (bytes[0] === 0 && bytes[1] === 0x3c) return 'utf-16be';
  return undefined;
}

function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 300)).toString('latin1');
  const label = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1];
  // A declaration that could be read as single bytes is not UTF-16, whatever it says.
  return label !== undefined && /^utf-?16|^ucs-?2|^iso-10646/i.test(label) ? 'utf-8' : label;
}

function known(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}
