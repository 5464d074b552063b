/**
 * A model as it lies on disk: a folder in the Hugging Face layout (config.json, tokenizer.json,
 * onnx/model_quantized.onnx) whose config.json says in a `tidewatch` section what the heads mean, and whose SHA256SUMS
 * says what every file must be. All of it is checked before a single text is labelled: a file cut short by a full disk
 * still loads often enough, and labels nonsense.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { sentimentSchema } from '../core/event.ts';
import { referenceSchema, type Reference } from './drift.ts';
import type { Heads } from './labels.ts';
import { paddedLength } from './queue.ts';

export interface Artifact {
  /** name@version. */
  readonly model: string;
  readonly heads: Heads;
  /** Shares of labels on development sets, from evaluation.json; null where the model was not evaluated. */
  readonly reference: Reference | null;
  /** Longest input in tokens, frame included. */
  readonly maxLength: number;
  readonly padId: number;
  /** How often the model makes one position of two inside (halve_before of config.json). */
  readonly halvings: number;
  /** Numbers in an embedding (the graph's output of that name); null where the model gives none. */
  readonly embedding: number | null;
  /** Absolute paths. */
  readonly tokenizerFile: string;
  readonly graphs: GraphFiles;
}

/** One graph, or two where texts that are already certain may leave half way up. */
export type GraphFiles =
  | { readonly whole: string }
  | { readonly lower: string; readonly upper: string; readonly exit: EarlyExit };

/** What is read off half way, and how sure it must be. */
export interface EarlyExit {
  /** Output of the lower graph, the head that it stands for, and its own calibration. */
  readonly heads: readonly {
    readonly name: string;
    readonly head: keyof Heads;
    readonly temperature: number;
    readonly thresholds?: readonly number[] | undefined;
  }[];
  /** By head: probability of the likeliest label that each of these must reach for a text to leave. */
  readonly threshold: Readonly<Partial<Record<keyof Heads, number>>>;
}

const head = <Label extends z.ZodType<string>>(label: Label) =>
  z.object({
    kind: z.literal('softmax'),
    labels: z.array(label).min(2),
    temperature: z.number().positive(),
  });
const label = z.string().min(1);

const configSchema = z.object({
  pad_token_id: z.int().min(0),
  halve_before: z.array(z.int().min(0)).default([]),
  tidewatch: z.object({
    name: z.string().min(1),
    version: z.string().min(1),
    max_length: z.int().min(4).max(8192),
    embedding: z.looseObject({ width: z.int().min(2).max(4096) }).optional(),
    heads: z.array(z.looseObject({ name: z.string() })),
    exit: z
      .looseObject({
        heads: z
          .array(
            z.object({
              name: z.string().min(1),
              head: z.enum(['sentiment', 'topic', 'topics_zh', 'event']),
              temperature: z.number().positive(),
              thresholds: z.array(z.number().min(0).max(1)).optional(),
            }),
          )
          .min(1),
        threshold: z.partialRecord(z.enum(['sentiment', 'topic', 'event']), z.number().min(0)),
      })
      .optional(),
  }),
});
/** Sentiment and topic must be there; the others are read where they are, and other names are left to other programs. */
const headSchemas = {
  sentiment: head(sentimentSchema),
  topic: head(label),
  topics_zh: z
    .object({
      kind: z.literal('multi_label'),
      labels: z.array(label).min(1),
      temperature: z.number().positive().default(1),
      thresholds: z.array(z.number().min(0).max(1)),
    })
    .refine(({ labels, thresholds }) => labels.length === thresholds.length, 'needs a threshold for each label'),
  event: head(label)
    .extend({ none: z.string().default('无') })
    .refine(({ labels, none }) => labels.includes(none), 'its label for "none" is not among its labels'),
  entity_sentiment: head(sentimentSchema),
};

const FILES = { config: 'config.json', tokenizer: 'tokenizer.json' } as const;
const GRAPHS = {
  whole: 'onnx/model_quantized.onnx',
  lower: 'onnx/lower_quantized.onnx',
  upper: 'onnx/upper_quantized.onnx',
} as const;
const SUMS = 'SHA256SUMS';
const EVALUATION = 'evaluation.json';

/** The folder of a model that comes with Tidewatch, from source and from the built package alike. */
export function shippedModel(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'classifier', 'models', name);
}

/**
 * Checks every file of SHA256SUMS and reads what the model says about itself.
 * @throws TidewatchError model.missing, model.checksum
 */
export async function loadArtifact(folder: string): Promise<Artifact> {
  const sums = parseSums(await readText(folder, SUMS), folder);
  const demand = (file: string): void => {
    if (sums.has(file)) return;
    throw new TidewatchError('model.checksum', `${join(folder, SUMS)} has no line for ${file}`, { hint: RESTORE });
  };
  Object.values(FILES).forEach(demand);
  await Promise.all([...sums].map(([file, expected]) => verify(folder, file, expected)));
  const {
    tidewatch,
    pad_token_id: padId,
    halve_before: halving,
  } = parseConfig(folder, await readText(folder, FILES.config));
  const { exit } = tidewatch;
  for (const file of exit === undefined ? [GRAPHS.whole] : [GRAPHS.lower, GRAPHS.upper]) demand(file);
  const lacking = Object.keys(exit?.threshold ?? {}).find((name) => exit?.heads.every(({ head }) => head !== name));
  if (lacking !== undefined) refuseConfig(folder, `exit has a threshold for ${lacking}, and no head for it`);
  return {
    model: `${tidewatch.name}@${tidewatch.version}`,
    heads: tidewatch.heads,
    reference: sums.has(EVALUATION) ? readReference(await readText(folder, EVALUATION)) : null,
    maxLength: longestServed(tidewatch.max_length, halving.length),
    padId,
    halvings: halving.length,
    // A text that leaves half way up never reaches the layers that an embedding is read from.
    embedding: exit === undefined ? (tidewatch.embedding?.width ?? null) : null,
    tokenizerFile: join(folder, FILES.tokenizer),
    graphs:
      exit === undefined
        ? { whole: join(folder, GRAPHS.whole) }
        : { lower: join(folder, GRAPHS.lower), upper: join(folder, GRAPHS.upper), exit },
  };
}

/** A row may get some padding, for which the model must have positions. */
function longestServed(positions: number, halvings: number): number {
  let tokens = positions;
  while (paddedLength(tokens, halvings) > positions) tokens -= 1;
  return tokens;
}

/** Names of the heads that a model has: those of the graph's outputs. */
export function headNames(heads: Heads): (keyof Heads)[] {
  return (Object.keys(heads) as (keyof Heads)[]).filter((name) => heads[name] !== null);
}

const RESTORE =
  'Restore the file from the release (or reinstall Tidewatch); after training, export the model again, which writes SHA256SUMS.';

async function readText(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (error) {
    throw missing(folder, file, error);
  }
}

function missing(folder: string, file: string, cause: unknown): TidewatchError {
  return new TidewatchError('model.missing', `The model folder ${folder} has no readable ${file}`, {
    cause,
    hint: 'Reinstall Tidewatch, or point classifier.backend.model at a folder that `tidewatch train` exported.',
  });
}

/** Lines of `sha256sum`: 64 hex digits, two blanks (or a blank and a star), a path within the folder. */
function parseSums(text: string, folder: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const [, hex, path] = /^([0-9a-f]{64}) [ *](.+?)\r?$/i.exec(line) ?? [];
    if (hex === undefined || path === undefined || /^([/\\]|[a-z]:|\.\.)/i.test(normalize(path))) {
      throw new TidewatchError('model.checksum', `${join(folder, SUMS)} has a line that is no checksum: ${line}`, {
        hint: RESTORE,
      });
    }
    sums.set(path, hex.toLowerCase());
  }
  return sums;
}

async function verify(folder: string, file: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(join(folder, file), { highWaterMark: 1 << 20 }), hash);
  } catch (error) {
    throw missing(folder, file, error);
  }
  const found = hash.digest('hex');
  if (found === expected) return;
  throw new TidewatchError(
    'model.checksum',
    `${join(folder, file)} is not the file that was exported: SHA-256 should be ${expected}, it is ${found}`,
    { hint: RESTORE },
  );
}

function parseConfig(
  folder: string,
  text: string,
): Omit<z.output<typeof configSchema>, 'tidewatch'> & {
  tidewatch: Omit<z.output<typeof configSchema>['tidewatch'], 'heads'> & { heads: Heads };
} {
  const refuse = (problem: string): never => refuseConfig(folder, problem);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const config = configSchema.safeParse(json);
  if (!config.success) return refuse(z.prettifyError(config.error));
  const named = (name: string): unknown => config.data.tidewatch.heads.find((candidate) => candidate.name === name);
  const read = <Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> => {
    const found = schema.safeParse(named(name));
    return found.success ? found.data : refuse(`head ${name}: ${z.prettifyError(found.error)}`);
  };
  const optional = <Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema> | null =>
    named(name) === undefined ? null : read(name, schema);
  const heads: Heads = {
    sentiment: read('sentiment', headSchemas.sentiment),
    topic: read('topic', headSchemas.topic),
    topics_zh: optional('topics_zh', headSchemas.topics_zh),
    event: optional('event', headSchemas.event),
    entity_sentiment: optional('entity_sentiment', headSchemas.entity_sentiment),
  };
  return { ...config.data, tidewatch: { ...config.data.tidewatch, heads } };
}

function refuseConfig(folder: string, problem: string): never {
  const path = join(folder, FILES.config);
  throw new TidewatchError('model.missing', `${path} does not describe a Tidewatch model: ${problem}`, {
    hint: 'Export the model with `tidewatch train`, which writes this file.',
  });
}

/** The part of evaluation.json that drift needs; a file of another form is no reason not to label. */
function readReference(text: string): Reference | null {
  const parsed = z.object({ dev: z.object({ reference: referenceSchema }) }).safeParse(JSON.parse(text));
  const reference = parsed.success ? parsed.data.dev.reference : null;
  // Of an evaluation that asked no whole text there is nothing to compare with.
  return Object.keys(reference?.sentiment ?? {}).length === 0 ? null : reference;
}
