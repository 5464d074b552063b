/** What fine-tuning reads of the model that labels now: its folder is all that it starts from. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import type { Calibration } from '../train/calibration.ts';
import { type Recipe, recipeSchema, type SetRecipe } from '../train/recipe.ts';
import { FEEDBACK, KEPT } from './lesson.ts';

const configSchema = z.looseObject({
  num_hidden_layers: z.int().min(1),
  halve_before: recipeSchema.shape.halve_before,
  pad_token_id: z.int().min(0),
  tidewatch: z.looseObject({
    name: z.string(),
    heads: z.array(
      z.looseObject({
        name: z.string(),
        labels: z.array(z.string()),
        temperature: z.number(),
        thresholds: z.array(z.number()).optional(),
      }),
    ),
  }),
});

/** @throws TidewatchError model.missing */
export function readConfig(folder: string): z.output<typeof configSchema> {
  const parsed = configSchema.safeParse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new TidewatchError('model.missing', `${folder} holds no model: ${z.prettifyError(parsed.error)}`);
}

/** The sets that the model was trained on, by its training.json; null where it does not say. */
export function trainedSets(folder: string): Recipe['sets'] | null {
  const path = join(folder, 'training.json');
  if (!existsSync(path)) return null;
  const found = z
    .object({ recipe: z.object({ sets: recipeSchema.shape.sets }) })
    .safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!found.success) return null;
  // What people taught it before is among the lessons again. What was left out then, perhaps for its licence, is left out now.
  return Object.fromEntries(
    Object.entries(found.data.recipe.sets).filter(
      ([set, settings]) => set !== FEEDBACK && set !== KEPT && drawsOf(settings) > 0,
    ),
  );
}

/** How often a line of the set is drawn in an epoch, by whichever of its questions is asked most. */
export function drawsOf({ rate, entities_rate }: SetRecipe): number {
  return Math.max(rate, entities_rate);
}

/** Temperatures and thresholds by head. */
export function currentCalibration(folder: string): Calibration['heads'] {
  return Object.fromEntries(
    readConfig(folder).tidewatch.heads.map(({ name, temperature, thresholds }) => [
      name,
      { temperature, ...(thresholds !== undefined && { thresholds }) },
    ]),
  );
}
