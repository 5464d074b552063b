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
});

export type ClassifierSettings = z.output<typeof classifierSettings>;
