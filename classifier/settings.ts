/** The `classifier:` section of the settings file. */
import { z } from 'zod';
import { componentSchema } from '../core/config.ts';
import { backends } from './registry.ts';

export const classifierSettings = z.strictObject({
  backend: componentSchema(backends).prefault({ type: 'onnx' }).describe('What runs the model.'),
  max_batch_documents: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('Documents labelled, stored and acknowledged together, at most.'),
  max_wait_ms: z
    .int()
    .min(0)
    .max(60_000)
    .default(50)
    .describe('Longest time that a document waits for others to be labelled with.'),
  entity_sentiment: z
    .enum(['several', 'each', 'off'])
    .default('several')
    .describe(
      'Which texts are asked once more for the sentiment towards each watched entity, where the model can: those that name several, each that names one, or none.',
    ),
  abstain_below: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Confidence below which an opinion is marked as abstained and counted; its probabilities are there all the same. 0 turns it off.',
    ),
  models_dir: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of the models that people taught; without it, models in data_dir. What was promoted there labels, unless the backend names a model of its own.',
    ),
  shadow_share: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe('Part of the documents that a candidate in shadow reads as well (tidewatch models shadow).'),
});

export type ClassifierSettings = z.output<typeof classifierSettings>;
