/**
 * JSON lines in, labelled JSON lines out: what `tidewatch classify` runs. One line out for each line in, in the same
 * order; a line that cannot be labelled becomes a line that says why. Lines are read ahead in groups, because a model
 * is several times faster on a group than on single texts; memory is bounded by the group.
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { detectLanguage, modelText } from '../core/text.ts';
import type { Backend } from './backend.ts';
import { classifyEach } from './isolate.ts';
import type { Labels } from './labels.ts';

export interface LineCounts {
  /** Lines read so far. */
  lines: number;
  /** Lines answered with an error. */
  errors: number;
}

const lineSchema = z.union([
  z.string().transform((text) => ({ id: undefined, text, title: undefined })),
  z.object({
    id: z.union([z.string(), z.number()]).nullish(),
    text: z.string(),
    title: z.string().nullish(),
  }),
]);

/** Lines labelled together. */
const GROUP_LINES = 256;
/** Characters of one group, so that long articles cannot fill the memory. */
const GROUP_CHARACTERS = 4_000_000;
/** How long a line waits for others when the input pauses: a pipe that is being written to gets its answers. */
const GROUP_WAIT_MS = 50;
const LINE_CHARACTERS = 2_000_000;
const SHOWN_TOPICS = 3;

type LineId = string | number | null;

interface Task {
  readonly number: number;
  readonly id: LineId;
  /** What the model reads, or why there is nothing to read. */
  readonly work: string | TidewatchError;
}

/**
 * Labels each line of `input` (`{"id"?, "text", "title"?}` or a bare JSON string), counting in `counts` as it goes.
 * @throws TidewatchError model.failed where the backend labels nothing at all any more
 */
export async function* classifyLines(
  input: AsyncIterable<string>,
  backend: Backend,
  counts: LineCounts,
): AsyncGenerator<string, void, undefined> {
  for await (const lines of inGroups(input)) {
    const tasks = lines.map((line) => {
      counts.lines += 1;
      return readLine(line, counts.lines);
    });
    const texts = tasks.map(({ work }) => work).filter((work) => typeof work === 'string');
    const answers = (await classifyEach(backend, texts))[Symbol.iterator]();
    for (const { number, id, work } of tasks) {
      const answer = typeof work === 'string' ? answers.next().value : work;
      if (answer === undefined) throw new TidewatchError('internal', 'A backend gave fewer labels than texts.');
      if (answer instanceof TidewatchError) {
        counts.errors += 1;
        const { code, message } = answer;
        yield JSON.stringify({ line: number, ...(id === null ? {} : { id }), error: { code, message } });
      } else {
        yield JSON.stringify(labelledLine(id, work as string, answer, backend.model));
      }
    }
  }
}

function readLine(line: string, number: number): Task {
  const refuse = (message: string, code: 'input.invalid' | 'input.too_large' = 'input.invalid', id: LineId = null) => ({
    number,
    id,
    work: new TidewatchError(code, message),
  });
  if (line.length > LINE_CHARACTERS) {
    return refuse(`a line of ${line.length} characters; ${LINE_CHARACTERS} is the most`, 'input.too_large');
  }
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return refuse(
      line.trim() === '' ? 'an empty line' : `not JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) return refuse('neither {"id"?, "text", "title"?} nor a JSON string');
  const id = parsed.data.id ?? null;
  const text = modelText(parsed.data.title ?? null, parsed.data.text);
  return text === '' ? refuse('no words to label', 'input.invalid', id) : { number, id, work: text };
}

function labelledLine(id: LineId, text: string, labels: Labels, model: string): object {
  const topics = Object.entries(labels.topic_probabilities).sort(([, a], [, b]) => b - a);
  return {
    id,
    language: detectLanguage(text),
    sentiment: labels.sentiment,
    sentiment_probabilities: labels.sentiment_probabilities,
    topic: labels.topic,
    topic_probabilities: Object.fromEntries(topics.slice(0, SHOWN_TOPICS)),
    confidence: labels.confidence,
    model,
  };
}

/** Groups of lines: full ones while the input keeps up, smaller ones when it pauses. */
async function* inGroups(input: AsyncIterable<string>): AsyncGenerator<string[], void, undefined> {
  const lines = input[Symbol.asyncIterator]();
  let next = lines.next();
  try {
    for (;;) {
      const first = await next;
      if (first.done === true) return;
      const group = [first.value];
      let characters = first.value.length;
      next = lines.next();
      while (group.length < GROUP_LINES && characters < GROUP_CHARACTERS) {
        const line = await within(next, GROUP_WAIT_MS);
        if (line === null || line.done === true) break;
        group.push(line.value);
        characters += line.value.length;
        next = lines.next();
      }
      yield group;
    }
  } finally {
    await lines.return?.();
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
