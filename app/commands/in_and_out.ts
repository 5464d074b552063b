/** Files and pipes that a command reads and writes: what is refused before a byte is read, and errors that name the option. */
import { constants, createReadStream, createWriteStream, existsSync, realpathSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { asUtf8 } from '../../ingest/sources/file_text.ts';
import { readLines } from '../../ingest/sources/lines.ts';

interface Paths {
  /** Path, or - for standard input. */
  readonly input: string;
  /** Path, or - for standard output. */
  readonly output: string;
}

/** @throws TidewatchError input.invalid where the input is not there, or the output is the input itself */
export function refuseBadPaths({ input, output }: Paths): void {
  if (input === '-') return;
  if (!existsSync(input)) throw new TidewatchError('input.invalid', `--input: there is no file ${input}`);
  if (output !== '-') refuseOverwrite('--output', output, input);
}

/** @throws TidewatchError input.invalid where what an option is to write is the input itself */
export function refuseOverwrite(option: string, output: string, input: string): void {
  if (!existsSync(output) || !existsSync(input) || realpathSync(output) !== realpathSync(input)) return;
  throw new TidewatchError('input.invalid', `${option}: ${output} is the input itself`, { hint: 'Name another file.' });
}

/** For a file that is written at the end of long work. @throws TidewatchError input.invalid where it could not be */
export async function refuseUnwritable(option: string, output: string): Promise<void> {
  try {
    if (!existsSync(output)) await access(dirname(output), constants.W_OK);
    else await (await open(output, 'r+')).close();
  } catch (thrown) {
    throw fileError(option, output, 'written', thrown);
  }
}

export interface Input {
  /** As UTF-8, in whatever encoding it was saved. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Ends the reading, also of a pipe that stays open, which would keep the process alive. */
  close(): void;
}

/** A file, or standard input. It may be a pipe that pauses behind its first line, so nothing is held to judge the encoding by. */
export function openInput(input: string): Input {
  const source: Readable = input === '-' ? process.stdin : createReadStream(input);
  return { bytes: asUtf8(source, 0), close: () => void source.destroy() };
}

/** The lines of an input, without its byte order mark; in the place of one that is longer, why it is not there. */
export async function* linesOf({ bytes }: Input, maxBytes: number): AsyncGenerator<string | TidewatchError> {
  for await (const lines of readLines(bytes, maxBytes)) {
    for (const { text, isTooLong } of lines) {
      yield isTooLong ? new TidewatchError('input.too_large', `a line of more than ${maxBytes} bytes`) : text;
    }
  }
}

/**
 * Writes the pieces of text as they come, no faster than they are taken. A reader that closes early (`tidewatch ... | head`) is no
 * error: the process ends. What came before `texts` threw is written in whole: a stream that is told of the error drops what it holds.
 * @throws TidewatchError what `texts` threw; input.invalid, storage.full where it cannot be written
 */
export async function writeOut(texts: AsyncIterable<string>, output: string): Promise<void> {
  const thrown: unknown[] = [];
  async function* untilError(): AsyncGenerator<string> {
    try {
      yield* texts;
    } catch (error) {
      thrown.push(error);
    }
  }
  const writing =
    output === '-'
      ? pipeline(untilError(), process.stdout, { end: false })
      : pipeline(untilError(), createWriteStream(output));
  await writing.catch((error: unknown) => {
    if (output === '-' && (error as NodeJS.ErrnoException).code === 'EPIPE') process.exit();
    throw fileError('--output', output, 'written', error);
  });
  if (thrown.length > 0) throw thrown[0];
}

/** What went wrong with the file of an option; an error that says so in its own words stays as it is. */
export function fileError(option: string, path: string, done: 'read' | 'written', thrown: unknown): TidewatchError {
  if (thrown instanceof TidewatchError) return thrown;
  const known = toTidewatchError(thrown);
  if (known.code === 'storage.full' || !(thrown instanceof Error)) return known;
  return new TidewatchError('input.invalid', `${option}: ${path} cannot be ${done}: ${thrown.message}`, {
    cause: thrown,
  });
}
