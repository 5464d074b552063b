/**
 * The bytes of a text file as UTF-8, in whatever encoding it was saved: Excel writes CSV in the code page of its country,
 * GBK in China. Nothing in a file says so, and what is ASCII is the same in all of them; so the encoding is judged by the
 * lines that hold other bytes, until these are enough. Files are also put together of several: a line that can be nothing
 * but UTF-8 is read as that, whatever the rest is, for as GBK or windows-1252 it would give wrong words and no error.
 * Streaming, since files may be of any size. No encoding but UTF-16 has a line end within a character.
 */
import { isAscii } from 'node:buffer';
import { decode, isCertainlyUtf8, likelyEncoding, markedWideEncoding } from '../encoding.ts';

/** What is held before the first judgement, and of a line without an end: one that is longer is judged by so much of it. */
const HELD_BYTES = 65_536;
/** Some hundred Chinese characters: by fewer bytes than this beyond ASCII, which may be one cut character, nothing is settled. */
const ENOUGH_BYTES = 300;
/** What a line adds to the judgement, from its first byte beyond ASCII: bounds the memory of it. */
const SAMPLE_OF_LINE_BYTES = 512;

const LINE_END = 10;
const NOTHING = Buffer.alloc(0);

/** `heldBytes`: how much the first judgement waits for; 0 where the input may pause, and what is there is to be read. */
export async function* asUtf8(chunks: AsyncIterable<Buffer>, heldBytes = HELD_BYTES): AsyncGenerator<Buffer> {
  let convert: Convert | null = null;
  let held = NOTHING;
  for await (const chunk of chunks) {
    if (convert !== null) yield* convert(chunk);
    else if (held.length === 0 && isAscii(chunk)) yield chunk;
    else {
      held = Buffer.concat([held, chunk]);
      if (held.length < heldBytes) continue;
      convert = converterFor(held);
      yield* convert(held);
    }
  }
  if (convert === null && held.length > 0) {
    convert = converterFor(held);
    yield* convert(held);
  }
  if (convert !== null) yield* convert(null);
}

/** Null: the file ends here, perhaps within a character. */
type Convert = (chunk: Buffer | null) => Buffer[];

function converterFor(start: Buffer): Convert {
  const wide = markedWideEncoding(start);
  return wide === null ? byLine() : throughout(wide);
}

function throughout(encoding: string): Convert {
  // The readers behind replace broken bytes themselves.
  if (encoding === 'utf-8') return (chunk) => (chunk === null ? [] : [chunk]);
  const decoder = new TextDecoder(encoding);
  return (chunk) => [Buffer.from(chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true }))];
}

function byLine(): Convert {
  const judge = createJudge();
  let open: Buffer = NOTHING;
  let ofLongLine: Convert | null = null;
  return (chunk) => {
    const converted: Buffer[] = [];
    let bytes = chunk ?? NOTHING;
    if (ofLongLine !== null) {
      const end = bytes.indexOf(LINE_END) + 1;
      if (end === 0 && chunk !== null) return ofLongLine(chunk);
      converted.push(...ofLongLine(bytes.subarray(0, end)), ...ofLongLine(null));
      ofLongLine = null;
      bytes = bytes.subarray(end);
    }
    bytes = Buffer.concat([open, bytes]);
    const end = chunk === null ? bytes.length : bytes.lastIndexOf(LINE_END) + 1;
    const whole = bytes.subarray(0, end);
    if (end > 0) converted.push(...convertLines(whole, judge(whole)));
    open = bytes.subarray(end);
    if (open.length >= HELD_BYTES) {
      const encoding = judge(open);
      ofLongLine = throughout(isCertainlyUtf8(withoutLastCharacter(open)) ? 'utf-8' : encoding);
      converted.push(...ofLongLine(open));
      open = NOTHING;
    }
    return converted;
  };
}

/** Neighbours of one encoding are decoded together: a decoder for each line would cost more than its work. */
function convertLines(bytes: Buffer, encoding: string): Buffer[] {
  if (encoding === 'utf-8') return [bytes];
  const converted: Buffer[] = [];
  let from = 0;
  let isUtf8 = false;
  const finish = (to: number): void => {
    const run = bytes.subarray(from, to);
    if (run.length > 0) converted.push(isUtf8 ? run : Buffer.from(decode(run, encoding)));
    from = to;
  };
  let at = 0;
  for (const line of linesOf(bytes)) {
    if (!isAscii(line) && isCertainlyUtf8(line) !== isUtf8) {
      finish(at);
      isUtf8 = !isUtf8;
    }
    at += line.length;
  }
  finish(at);
  return converted;
}

/**
 * Takes the next lines and says the encoding of the file by all so far; what was handed on before stays as it was read.
 * Where that is not UTF-8, the lines that are so have no say in what it is: in Big5 or GBK their bytes fit nothing.
 */
function createJudge(): (bytes: Buffer) => string {
  let encoding = 'utf-8';
  let sample: Buffer[] = [];
  let ofOthers: Buffer[] = [];
  let count = 0;
  return (bytes) => {
    if (count >= ENOUGH_BYTES || isAscii(bytes)) return encoding;
    for (const line of linesOf(bytes)) {
      if (isAscii(line)) continue;
      const from = line.findIndex(isBeyondAscii);
      // The space keeps a character that was cut here apart from the next line.
      const part = Buffer.concat([line.subarray(from, from + SAMPLE_OF_LINE_BYTES), Buffer.from(' ')]);
      sample.push(part);
      if (!isCertainlyUtf8(line)) ofOthers.push(part);
      count += part.filter(isBeyondAscii).length;
    }
    encoding = likelyEncoding(Buffer.concat(sample));
    if (encoding !== 'utf-8') encoding = likelyEncoding(Buffer.concat(ofOthers));
    if (count >= ENOUGH_BYTES) sample = ofOthers = [];
    return encoding;
  };
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(LINE_END, from) + 1 || bytes.length;
    yield bytes.subarray(from, end);
    from = end;
  }
}

/** Less the last character of UTF-8, which may be cut. */
function withoutLastCharacter(bytes: Buffer): Buffer {
  let end = bytes.length - 1;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

function isBeyondAscii(byte: number): boolean {
  return byte >= 0x80;
}
