/**
 * What the model that labels is known to get wrong, where its folder says so: `alerting.confusion: measured` becomes the matrix
 * that `tidewatch evaluate --write` left in evaluation.json, on the development sets and for this very model. Without one
 * (a model on another machine, one that was never evaluated, one whose evaluation is another version's) nothing is corrected.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { confusionFault } from '../alerting/correction.ts';
import type { AlertingSettings } from '../alerting/settings.ts';
import type { Settings } from './config.ts';
import { currentFolder, libraryOf, modelIn } from './models.ts';

const share = z.number().min(0).max(1);
const evaluationSchema = z.object({
  dev: z.object({
    model: z.string(),
    mean_probabilities: z.array(z.tuple([share, share, share])).length(3),
  }),
});

/** The `alerting:` section with the matrix in it. @throws TidewatchError model.missing, model.checksum */
export async function withMeasuredConfusion(
  settings: Pick<Settings, 'alerting' | 'classifier' | 'data_dir'>,
): Promise<AlertingSettings> {
  const { alerting, classifier } = settings;
  if (alerting.confusion !== 'measured') return alerting;
  const nothing = { ...alerting, confusion: [] };
  if (classifier.backend.type === 'remote') return nothing;
  const folder = await currentFolder(classifier, libraryOf(settings));
  const evaluation = evaluationSchema.safeParse(await jsonIn(join(folder, 'evaluation.json'))).data?.dev;
  if (evaluation === undefined || evaluation.model !== (await modelIn(folder))) return nothing;
  const { model, mean_probabilities: matrix } = evaluation;
  return confusionFault(matrix) === null ? { ...alerting, confusion: [{ model, matrix }] } : nothing;
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
