/**
 * The bytes of a text file as UTF-8, in whatever encoding it was saved: Excel writes CSV in the code page of its country,
 * GBK in China. Nothing in a file says so, and what is ASCII is the same in all of them; so the encoding is judged by what
 * stands from the first other byte on, and holds for the whole file. Streaming, since files may be of any size.
 */
import { isAscii } from 'node:buffer';
import { encodingOfStart } from '../encoding.ts';

/** Enough to tell the encodings apart almost for certain. */
const SAMPLE_BYTES = 65_536;

export async function* asUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let toUtf8: Convert | null = null;
  let held = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (toUtf8 !== null) yield toUtf8(chunk);
    else if (held.length === 0 && isAscii(chunk)) yield chunk;
    else {
      held = Buffer.concat([held, chunk]);
      if (held.length < SAMPLE_BYTES) continue;
      toUtf8 = converterFor(held);
      yield toUtf8(held);
    }
  }
  if (toUtf8 === null && held.length > 0) {
    toUtf8 = converterFor(held);
    yield toUtf8(held);
  }
  if (toUtf8 !== null) yield toUtf8(null);
}

/** Null: the file ends here, perhaps within a character. */
type Convert = (chunk: Buffer | null) => Buffer;

function converterFor(start: Buffer): Convert {
  const encoding = encodingOfStart(start);
  // The readers behind replace broken bytes themselves.
  if (encoding === 'utf-8') return (chunk) => chunk ?? Buffer.alloc(0);
  const decoder = new TextDecoder(encoding);
  return (chunk) => Buffer.from(chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true }));
}
