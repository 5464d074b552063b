/** What a training run is: every choice in one file that is kept beside the model's figures. Validated before it starts. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';

const setSchema = z.strictObject({
  /** How often a row is drawn in an epoch, on average: 0.5 draws half of them, 2 draws each twice. */
  rate: z.number().min(0),
  /** No neutral in this set: the neutral logit takes no part, so that neutral news is not pulled to a pole. */
  two_class: z.boolean().default(false),
  /** Weight of rows of which several copies agreed, against 1 for the others: for sets with noisy labels. */
  copies_weight: z.number().positive().default(1),
  /** Topics with fewer rows than this are drawn more often, by the root of the ratio, three times at most. */
  balance: z.number().min(0).default(0),
  /** How often a row that asks about one of the line's entities is drawn in an epoch. */
  entities_rate: z.number().min(0).default(0),
});
export type SetRecipe = z.infer<typeof setSchema>;

/** A set as it is, to be measured on. */
export const PLAIN_SET: SetRecipe = setSchema.parse({ rate: 1 });

export const recipeSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  /** Folder with config.json, model.safetensors and tokenizer.json of the base model. */
  base: z.string(),
  /** Folder with train/ and dev/ of *.jsonl. */
  data: z.string(),
  corpus: z.string(),
  /** Where checkpoints go. */
  checkpoints: z.string(),
  /** Where the finished model goes. */
  output: z.string(),
  /** A checkpoint whose weights this run starts from, with fresh moments: a second stage. */
  start: z.string().optional(),
  /**
   * Share of this stage's weights in the exported ones, the rest being the start's (Wortsman et al. 2022): a short second
   * stage learns its correction, and the mean with where it came from keeps what it would have forgotten.
   */
  stage_share: z.number().min(0).max(1).default(1),
  seed: z.number().int(),
  /** Layers of the base model that the student keeps, in order. */
  layers: z.array(z.number().int().min(0)).min(1),
  /** How many of them, from below, are not trained; their output is computed once a text. Embeddings never are. */
  frozen_layers: z.number().int().min(0),
  /** After how many layers a text may be answered already (heads exit_sentiment and exit_topic); none without. */
  exit_after: z.number().int().min(1).optional(),
  /** From this share of the run on, every 20th step's weights go into a mean, which is exported beside the last ones. */
  average_from: z.number().min(0).max(1).default(1),
  max_tokens: z.number().int().min(8),
  batch_rows: z.number().int().min(1),
  learning_rate: z.number().positive(),
  head_learning_rate: z.number().positive(),
  weight_decay: z.number().min(0),
  warmup: z.number().min(0).max(1),
  dropout: z.number().min(0).max(0.9),
  label_smoothing: z.number().min(0).max(0.5),
  clip_norm: z.number().positive(),
  /** The run ends, and the cosine reaches its floor, at whichever of these comes first. */
  max_minutes: z.number().positive().optional(),
  max_steps: z.number().int().positive().optional(),
  checkpoint_minutes: z.number().min(0),
  evaluate_minutes: z.number().positive(),
  sets: z.record(z.string(), setSchema),
});
export type Recipe = z.infer<typeof recipeSchema>;

export function readRecipe(path: string): Recipe {
  const parsed = recipeSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new TidewatchError('config.invalid', `${path}: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.max_minutes === undefined && parsed.data.max_steps === undefined) {
    throw new TidewatchError('config.invalid', `${path}: one of max_minutes and max_steps must be set`);
  }
  return parsed.data;
}
