/**
 * The body of an answer, decompressed, within a limit that counts what comes out of the decompressor: a bomb of a few
 * kilobytes stops at the limit, not when memory is gone.
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { TidewatchError, redactUrl } from './errors.ts';

/** Statuses that never have a body (RFC 9110 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/**
 * Reads and decompresses the body of an answer.
 * @throws TidewatchError input.too_large as soon as more than `maxBytes` came out, http.unavailable for an unknown coding
 */
export async function readBody(response: Dispatcher.ResponseData, maxBytes: number, url: URL): Promise<Buffer> {
  const tooLarge = (): TidewatchError =>
    new TidewatchError('input.too_large', `${redactUrl(url.href)} sent more than ${maxBytes} bytes`, {
      hint: 'Raise max_bytes of this source if that size is expected.',
    });
  const { statusCode, headers } = response;
  const announced = Number(headers['content-length'] ?? 0);
  // A 304 has the headers of the page that it stands for, its coding too: nothing there to decode, not even an empty archive.
  const isEmpty = BODILESS.has(statusCode) || headers['content-length'] === '0';
  const decoder = isEmpty ? null : decoderFor(String(headers['content-encoding'] ?? ''), url);
  try {
    if (announced > maxBytes) throw tooLarge();
    const source =
      decoder === null ? response.body : response.body.on('error', (error) => decoder.destroy(error)).pipe(decoder);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    response.body.destroy();
    decoder?.destroy();
  }
}

/** @throws TidewatchError http.unavailable for a coding that was not asked for */
function decoderFor(encoding: string, url: URL): Transform | null {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new TidewatchError('http.unavailable', `${redactUrl(url.href)} sent content-encoding ${encoding}`);
  }
}
