/**
 * JSON lines in, labelled JSON lines out: what `tidewatch classify` runs. One line out for each line in, in the same
 * order; a line that cannot be labelled becomes a line that says why. Lines are read ahead in groups, because a model
 * is several times faster on a group than on single texts (line_groups.ts); memory is bounded by the group.
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { detectLanguage, modelText } from '../core/text.ts';
import type { Backend } from './backend.ts';
import { explain, type Explanation } from './explain.ts';
import { classifyEach, classifyEntitiesEach } from './isolate.ts';
import type { EntityLabels, Labels } from './labels.ts';
import { inGroups, type InputLine } from './line_groups.ts';

export interface LineCounts {
  /** Lines read so far. */
  lines: number;
  /** Lines answered with an error. */
  errors: number;
}

export interface LineOptions {
  /** Asked of every line, besides the line's own `entities`; the model must have the head entity_sentiment. */
  readonly entities?: readonly string[];
  /** Adds which words carried the sentiment. */
  readonly explain?: boolean;
}

/** A name, or what data sets and the house's documents have: {"target"} or {"surface"}. */
const entitySchema = z.union([
  z.string(),
  z.looseObject({ target: z.string() }).transform(({ target }) => target),
  z.looseObject({ surface: z.string() }).transform(({ surface }) => surface),
]);
const lineSchema = z.union([
  z.string().transform((text) => ({ id: undefined, text, title: undefined, entities: undefined })),
  z.object({
    id: z.union([z.string(), z.number()]).nullish(),
    text: z.string(),
    title: z.string().nullish(),
    entities: z.array(entitySchema).max(50).nullish(),
  }),
]);

export const LINE_CHARACTERS = 2_000_000;
const SHOWN_TOPICS = 3;

type LineId = string | number | null;

interface Task {
  readonly number: number;
  readonly id: LineId;
  readonly entities: readonly string[];
  /** What the model reads, or why there is nothing to read. */
  readonly work: string | TidewatchError;
}

/**
 * Labels each line of `input` (`{"id"?, "text", "title"?, "entities"?}` or a bare JSON string), counting in `counts`. A line that
 * could not be read is the error that says why. What came before `input` threw is labelled first.
 * @throws TidewatchError model.failed where the backend labels nothing at all any more; what `input` threw
 */
export async function* classifyLines(
  input: AsyncIterable<InputLine>,
  backend: Backend,
  counts: LineCounts,
  options: LineOptions = {},
): AsyncGenerator<string, void, undefined> {
  for await (const lines of inGroups(input)) {
    const tasks = lines.map((line) => {
      counts.lines += 1;
      return readLine(line, counts.lines);
    });
    const readable = tasks.filter(({ work }) => typeof work === 'string');
    const answers = (
      await classifyEach(
        backend,
        readable.map(({ work }) => work as string),
      )
    )[Symbol.iterator]();
    const towards = await askEntities(readable, backend, options.entities ?? []);
    for (const task of tasks) {
      const { number, id, work } = task;
      const answer = typeof work === 'string' ? answers.next().value : work;
      if (answer === undefined) throw new TidewatchError('internal', 'A backend gave fewer labels than texts.');
      if (answer instanceof TidewatchError) {
        counts.errors += 1;
        const { code, message } = answer;
        yield JSON.stringify({ line: number, ...(id === null ? {} : { id }), error: { code, message } });
      } else {
        const text = work as string;
        const entities = towards.get(task);
        const explanation = options.explain === true ? await explain(backend, text) : undefined;
        yield JSON.stringify({
          ...labelledLine(id, text, answer, backend.model),
          ...(entities === undefined ? {} : { entity_sentiments: entities }),
          ...(explanation === undefined ? {} : { explanation: shownExplanation(explanation) }),
        });
      }
    }
  }
}

interface EntityAnswer {
  readonly entity: string;
  readonly sentiment?: string;
  readonly sentiment_probabilities?: EntityLabels['probabilities'];
  readonly error?: { readonly code: string; readonly message: string };
}

/** Sentiment towards the entities of each line and of the command; nothing where the model has no such head. */
async function askEntities(
  tasks: readonly Task[],
  backend: Backend,
  always: readonly string[],
): Promise<Map<Task, EntityAnswer[]>> {
  const answered = new Map<Task, EntityAnswer[]>();
  if (backend.labels.entity_sentiment.length === 0) return answered;
  const asked = tasks.flatMap((task) =>
    [...new Set([...task.entities, ...always])].map((entity) => ({ task, entity })),
  );
  const answers = await classifyEntitiesEach(
    backend,
    asked.map(({ task, entity }) => ({ text: task.work as string, entity: modelText(null, entity) })),
  );
  asked.forEach(({ task, entity }, index) => {
    const answer = answers[index];
    const own = answered.get(task) ?? [];
    answered.set(task, own);
    if (answer instanceof TidewatchError) {
      own.push({ entity, error: { code: answer.code, message: answer.message } });
    } else if (answer !== undefined) {
      own.push({ entity, sentiment: answer.sentiment, sentiment_probabilities: answer.probabilities });
    }
  });
  return answered;
}

function shownExplanation({ label, method, words }: Explanation): object {
  return { label, method, words: words.map(({ word, weight }) => ({ word, weight })) };
}

function readLine(line: InputLine, number: number): Task {
  if (typeof line !== 'string') return { number, id: null, entities: [], work: line };
  const refuse = (message: string, code: 'input.invalid' | 'input.too_large' = 'input.invalid', id: LineId = null) => ({
    number,
    id,
    entities: [],
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
  if (!parsed.success) return refuse('neither {"id"?, "text", "title"?, "entities"?} nor a JSON string');
  const id = parsed.data.id ?? null;
  if (typeof id === 'number' && Number.isInteger(id) && !Number.isSafeInteger(id))
    return refuse('its id is too large a number to be kept to the last digit; write it as a string: "id":"..."');
  const text = modelText(parsed.data.title ?? null, parsed.data.text);
  if (text === '') return refuse('no words to label', 'input.invalid', id);
  return { number, id, entities: parsed.data.entities ?? [], work: text };
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
    topics_zh: labels.topics_zh,
    event: labels.event,
    confidence: labels.confidence,
    model,
  };
}
