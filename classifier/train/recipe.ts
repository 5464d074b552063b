/** What a training run is: every choice in one file that is kept beside the model's figures. Validated before it starts. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { HEADS, type HeadName } from './labels.ts';
import { LORA_TARGETS, type LoraTarget } from './lora.ts';
import { ACTIVATIONS } from './model.ts';
import { TENSORFLOW_BACKENDS } from './tensorflow.ts';

const headName = z.enum(HEADS.map(({ name }) => name) as [HeadName, ...HeadName[]]);

const setSchema = z.strictObject({
  /** How often a row is drawn in an epoch, on average: 0.5 draws half of them, 2 draws each twice. */
  rate: z.number().min(0),
  /** JSON lines to train on; by default <data>/train/<set>.jsonl, for `corpus` all of the corpus but its test. */
  files: z.array(z.string()).min(1).optional(),
  /** JSON lines, also gzipped, that have the texts by id of lines without one: labels of ours of texts that are not ours. */
  texts: z.array(z.string()).default([]),
  /** JSON lines to measure on; by default <data>/dev/<set>.jsonl. */
  dev: z.string().optional(),
  /** The tasks that this set teaches; by default all that its lines have labels for. */
  heads: z.array(headName).min(1).optional(),
  /** No neutral in this set: the neutral logit takes no part, so that neutral news is not pulled to a pole. */
  two_class: z.boolean().default(false),
  /** Weight of rows of which several copies agreed, against 1 for the others: for sets with noisy labels. */
  copies_weight: z.number().positive().default(1),
  /** Label smoothing of this set, in place of the recipe's: more for labels that people do not agree on, so that the model is less sure of its like. */
  label_smoothing: z.number().min(0).max(0.5).optional(),
  /** Labels with fewer rows than this are drawn more often, by the root of the ratio, three times at most. */
  balance: z.number().min(0).default(0),
  /** The head whose labels are balanced. */
  balance_head: headName.default('topic'),
  /** How often a row that asks about one of the line's entities is drawn in an epoch. */
  entities_rate: z.number().min(0).default(0),
  /** Share of the teacher's answers in the loss of this set's rows, by default `distil.weight`; at 1 lines need no label. */
  teacher_share: z.number().min(0).max(1).optional(),
});
export type SetRecipe = z.infer<typeof setSchema>;

/** A set as it is, to be measured on. */
export const PLAIN_SET: SetRecipe = setSchema.parse({ rate: 1 });

const methodSchema = z.discriminatedUnion('kind', [
  /** All weights of the layers that are not frozen. */
  z.strictObject({ kind: z.literal('full') }),
  /** Low-rank additions to the named products, worked into the weights at export. */
  z.strictObject({
    kind: z.literal('lora'),
    rank: z.int().min(1).default(8),
    alpha: z.number().positive().default(16),
    targets: z
      .array(z.enum(Object.keys(LORA_TARGETS) as [LoraTarget, ...LoraTarget[]]))
      .min(1)
      .default(['query', 'value']),
  }),
  /** A bottleneck of this width (in blocks of int8) after each feed-forward block, which the exported graph carries. */
  z.strictObject({ kind: z.literal('adapters'), width: z.int().min(16).multipleOf(16).default(48) }),
]);

const distilSchema = z.strictObject({
  /**
   * Recipe file of the teacher, whose checkpoint must be there, or the folder of an exported model, which is asked as it is
   * served; it shares the base's vocabulary and heads.
   */
  teacher: z.string(),
  /** Divides both logits before they are compared: more shows more of what the teacher thinks of the wrong classes. */
  temperature: z.number().positive().default(2),
  /** Share of the teacher's answers in the loss; the rest are the labels. */
  weight: z.number().min(0).max(1).default(0.7),
  /** Weight of the squared distance between the two models' pooled states; 0 leaves it out. */
  hidden_weight: z.number().min(0).default(0),
});
export type DistilRecipe = z.infer<typeof distilSchema>;

export const recipeSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  /** Which TensorFlow.js computes: native on the CPU or (CUDA 11) on a GPU, WebGPU on any GPU, or for small models wasm and cpu. */
  backend: z.enum(TENSORFLOW_BACKENDS).default('node'),
  /** How large products are computed: `bfloat16` is for backend `node` on a processor that has AVX512-BF16 or AMX. */
  products: z.enum(['float32', 'bfloat16']).default('float32'),
  /** Folder with config.json, model.safetensors and tokenizer.json of the base model. */
  base: z.string(),
  /** Folder with train/ and dev/ of *.jsonl. */
  data: z.string(),
  /** Folder of our own sentences; no text of its test.jsonl is ever trained on, wherever else it stands. */
  corpus: z.string(),
  /** Where checkpoints and the teacher's answers go. */
  checkpoints: z.string(),
  /** Where the finished model goes. */
  output: z.string(),
  /** Folder for TensorBoard's event files; none without. */
  tensorboard: z.string().optional(),
  /**
   * A checkpoint, or the folder of an exported model, whose weights this run starts from, with fresh moments; of several,
   * the mean of their weights (model soups: Wortsman et al. 2022), for which they must have one start in common.
   */
  start: z.union([z.string(), z.array(z.string()).min(2)]).optional(),
  seed: z.int(),
  /** Layers of the base model that the student keeps, in order. */
  layers: z.array(z.int().min(0)).min(1),
  /** How many of them, from below, are not trained; their output is computed once a text. Embeddings never are. */
  frozen_layers: z.int().min(0),
  method: methodSchema.default({ kind: 'full' }),
  /** How many units of each feed-forward block are kept, those that vary most in what they add (narrow.ts); all without. */
  feed_forward: z.int().min(16).multipleOf(16).optional(),
  /** What stands between the two products of a feed-forward block, in place of what the base has. */
  hidden_act: z.enum(ACTIVATIONS).optional(),
  /** Layers before which neighbouring positions become one, two by two (model.ts); none without. */
  halve_before: z.array(z.int().min(1)).min(1).optional(),
  /** After how many layers a text may be answered already (heads exit_sentiment and so on); none without. */
  exit_after: z.int().min(1).optional(),
  distil: distilSchema.optional(),
  /** From this share of the run on, every 20th step's weights go into a mean, which is exported in place of the last ones. */
  average_from: z.number().min(0).max(1).default(1),
  max_tokens: z.int().min(8),
  batch_rows: z.int().min(1),
  learning_rate: z.number().positive(),
  head_learning_rate: z.number().positive(),
  weight_decay: z.number().min(0),
  warmup: z.number().min(0).max(1),
  dropout: z.number().min(0).max(0.9),
  label_smoothing: z.number().min(0).max(0.5),
  clip_norm: z.number().positive(),
  /** Weights of labels by head, 1 where none is given: `{"sentiment": {"negative": 1.5}}`. */
  class_weights: z.partialRecord(headName, z.record(z.string(), z.number().min(0))).default({}),
  /** The run ends, and the cosine reaches its floor, at whichever of these comes first. */
  max_minutes: z.number().positive().optional(),
  max_steps: z.int().positive().optional(),
  checkpoint_minutes: z.number().min(0),
  evaluate_minutes: z.number().positive(),
  /** Ends after so many evaluations without a better mean score on the development sample; the best weights are exported. */
  early_stopping: z.strictObject({ patience: z.int().min(1) }).optional(),
  /** Paragraphs for the model card. */
  notes: z.array(z.string()).default([]),
  sets: z.record(z.string(), setSchema),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** @throws TidewatchError config.invalid */
export function readRecipe(path: string): Recipe {
  return parseRecipe(readJson(path), path);
}

/** @throws TidewatchError config.invalid */
export function parseRecipe(json: unknown, from: string): Recipe {
  const refuse = (problem: string): never => {
    throw new TidewatchError('config.invalid', `${from}: ${problem}`, {
      hint: 'classifier/train/recipe.ts names every setting; classifier/train/recipes has examples.',
    });
  };
  const parsed = recipeSchema.safeParse(json);
  if (!parsed.success) return refuse(z.prettifyError(parsed.error));
  const recipe = parsed.data;
  const layers = recipe.layers.length;
  if (recipe.max_minutes === undefined && recipe.max_steps === undefined)
    refuse('one of max_minutes and max_steps must be set');
  if (recipe.products === 'bfloat16' && recipe.backend !== 'node')
    refuse(`products: bfloat16 needs the backend node, not ${recipe.backend}`);
  for (const [set, { teacher_share: share }] of Object.entries(recipe.sets))
    if (share !== undefined && recipe.distil === undefined)
      refuse(`sets.${set}.teacher_share needs a teacher: set distil`);
  if (recipe.frozen_layers > layers) refuse(`frozen_layers is ${recipe.frozen_layers} of ${layers} layers`);
  if (recipe.exit_after !== undefined && (recipe.exit_after < recipe.frozen_layers || recipe.exit_after >= layers))
    refuse('exit_after must be at or above frozen_layers and below the number of layers');
  for (const before of recipe.halve_before ?? [])
    if (before >= layers) refuse(`halve_before: there is no layer ${before} among ${layers}`);
  if (recipe.halve_before !== undefined && recipe.exit_after !== undefined)
    refuse(
      'halve_before and exit_after cannot be had together: the two graphs of an exit would count tokens differently',
    );
  for (const [head, weights] of Object.entries(recipe.class_weights)) {
    const labels: readonly string[] = HEADS.find(({ name }) => name === head)?.labels ?? [];
    const unknown = Object.keys(weights).filter((label) => !labels.includes(label));
    if (unknown.length > 0) refuse(`class_weights: ${head} has no label ${unknown.join(', ')}`);
  }
  return recipe;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const problem = existsSync(path) ? 'cannot be read as JSON' : 'is not there: no recipe can be read from it';
    throw new TidewatchError('config.invalid', `${path} ${problem}`, {
      cause,
      hint: 'classifier/train/recipes has examples.',
    });
  }
}
