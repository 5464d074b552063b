/**
 * Lines in groups that are labelled together, read ahead while the group before is in hand. What is there is labelled, whatever
 * becomes of the input: it may pause, stay open for ever, or break.
 */
import type { TidewatchError } from '../core/errors.ts';

/** A line, or why it could not be read. */
export type InputLine = string | TidewatchError;

/** Lines labelled together. */
const GROUP_LINES = 256;
/** Characters of one group, so that long articles cannot fill the memory. */
const GROUP_CHARACTERS = 4_000_000;
/** How long a line waits for others when the input pauses: a pipe that is being written to gets its answers. */
const GROUP_WAIT_MS = 50;

/** Groups of lines: full ones while the input keeps up, smaller ones when it pauses or breaks. */
export async function* inGroups(input: AsyncIterable<InputLine>): AsyncGenerator<InputLine[], void, undefined> {
  const lines = input[Symbol.asyncIterator]();
  const readOn = (): Promise<IteratorResult<InputLine>> => {
    const next = lines.next();
    // Waited for once the group in hand is labelled: until then an error of it would be nobody's, and end the process.
    next.catch(() => undefined);
    return next;
  };
  const sizeOf = (line: InputLine): number => (typeof line === 'string' ? line.length : 0);
  let next = readOn();
  try {
    for (;;) {
      const first = await next;
      if (first.done === true) return;
      const group = [first.value];
      let characters = sizeOf(first.value);
      next = readOn();
      while (group.length < GROUP_LINES && characters < GROUP_CHARACTERS) {
        const line = await within(next, GROUP_WAIT_MS).catch(() => null);
        if (line === null || line.done === true) break;
        group.push(line.value);
        characters += sizeOf(line.value);
        next = readOn();
      }
      yield group;
    }
  } finally {
    // Not waited for: an input that stays open and says nothing would not let go.
    lines.return?.().catch(() => undefined);
  }
}

/** What `promise` resolves to, or null if it has not within `ms`. */
async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
