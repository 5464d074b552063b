/**
 * What the model that labels is known to get wrong, where its folder says so: `alerting.confusion: measured` becomes the matrix
 * that `tidewatch evaluate --write` left in evaluation.json, on the development sets and for this very model. Without one
 * (a model on another machine, one that was never evaluated, one whose evaluation is another version's) nothing is corrected.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { confusionFault, type Confusion } from '../alerting/correction.ts';
import type { AlertingSettings } from '../alerting/settings.ts';
import type { Settings } from './config.ts';
import { currentFolder, libraryOf, modelIn } from './models.ts';

type Measured = Pick<Settings, 'alerting' | 'classifier' | 'data_dir'>;

const share = z.number().min(0).max(1);
const evaluationSchema = z.object({
  dev: z.object({
    model: z.string(),
    mean_probabilities: z.array(z.tuple([share, share, share])).length(3),
  }),
});

/** The `alerting:` section with the matrix in it. @throws TidewatchError model.missing, model.checksum */
export async function withMeasuredConfusion(settings: Measured): Promise<AlertingSettings> {
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

/** What alerting goes by while models are swapped. */
export interface LiveConfusion {
  /** As withMeasuredConfusion gave it at the start. */
  readonly alerting: AlertingSettings;
  /** By name@version or *. Those of models before stay: opinions of theirs are still in the stream. */
  readonly matrices: ReadonlyMap<string, Confusion>;
  /** Adds the matrix of the model of that section, before it labels. @throws TidewatchError model.missing, model.checksum */
  takeUp(classifier: Settings['classifier']): Promise<void>;
}

/** @throws TidewatchError model.missing, model.checksum */
export async function liveConfusion(settings: Measured): Promise<LiveConfusion> {
  const alerting = await withMeasuredConfusion(settings);
  const matrices = new Map<string, Confusion>();
  function add({ confusion }: AlertingSettings): void {
    if (confusion === 'measured') return;
    for (const { model, matrix } of confusion) matrices.set(model, matrix);
  }
  add(alerting);
  return {
    alerting,
    matrices,
    takeUp: async (classifier) => add(await withMeasuredConfusion({ ...settings, classifier })),
  };
}

async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
