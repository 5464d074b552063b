/**
 * Lines of a byte stream, with a limit: a line that is longer is skipped to its end and reported, so that one 50 MB line
 * costs neither memory nor the rest of the file. Rejected: node:readline, which keeps a line of any length.
 */

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Invalid UTF-8 becomes U+FFFD. For a line over the limit: its first 200 bytes. */
  readonly text: string;
  readonly isTooLong: boolean;
  /** Whether a line end stands behind it; the last line of a file that is still being written may have none. */
  readonly hasEnd: boolean;
}

const KEPT_OF_LONG_LINES = 200;

/** Yields the lines of each chunk together; the last one also without a line end. */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line[]> {
  let number = 0;
  let parts: Buffer[] = [];
  let size = 0;
  let isTooLong = false;

  const take = (part: Buffer): void => {
    size += part.length;
    if (size > maxBytes && !isTooLong) {
      isTooLong = true;
      parts = [Buffer.from(Buffer.concat([...parts, part]).subarray(0, KEPT_OF_LONG_LINES))];
    }
    if (!isTooLong && part.length > 0) parts.push(part);
  };
  const finish = (hasEnd: boolean): Line => {
    number += 1;
    const text = Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
    const line = { number, text: number === 1 ? text.replace(/^\ufeff/, '') : text, isTooLong, hasEnd };
    parts = [];
    size = 0;
    isTooLong = false;
    return line;
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, end));
      lines.push(finish(true));
      from = end + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [finish(false)];
}
