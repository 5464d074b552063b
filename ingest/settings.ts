/** The `ingest:` section of the settings file; each source's own settings come from its component. */
import { z } from 'zod';
import { componentSchema } from '../core/config.ts';
import { sources } from './registry.ts';

export const ingestSettings = z.strictObject({
  watchlists: z
    .array(z.string().min(1))
    .default([])
    .describe('Watchlist files (YAML), relative to the settings file; later ones add to earlier ones.'),
  sources: z
    .array(componentSchema(sources))
    .default([])
    .superRefine((list, context) => {
      for (const [index, { name }] of list.entries()) {
        const before = list.findIndex((source) => source.name === name);
        if (before < index) {
          const message = `"${name}" is also the name of sources.${before}; give each its own`;
          context.addIssue({ code: 'custom', path: [index, 'name'], message });
        }
      }
    })
    .describe('Where documents come from.'),
  dedupe_hours: z
    .number()
    .min(1)
    .max(24 * 365)
    .default(168)
    .describe('How long a document is remembered after its last appearance, so that it is not taken in twice.'),
  authors: z
    .enum(['hashed', 'plain'])
    .default('hashed')
    .describe('hashed: authors are kept as a salted HMAC-SHA256, never by name. plain: as their source names them.'),
  author_salt: z
    .string()
    .min(16)
    .optional()
    .describe(
      'Salt of hashed authors, for several processes that take documents in; better author_salt_file or ${ENV}. Without it one is made and kept in data_dir.',
    ),
  quiet_probability: z
    .number()
    .gt(0)
    .max(0.1)
    .default(0.000001)
    .describe('A source is quiet when its silence is less probable than this under its own usual rate.'),
  dead_after_hours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24)
    .describe('A source that has failed for so long is called dead; it is tried on.'),
  max_text_chars: z
    .number()
    .int()
    .min(100)
    .max(1_000_000)
    .default(20_000)
    .describe('Longest title and text together; longer documents are refused and go to the dead-letter topic.'),
});

export type IngestSettings = z.output<typeof ingestSettings>;
