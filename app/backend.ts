/** A classifier backend on its own, without the stages: for `classify` and for benchmarks. */
import type { Backend } from '../classifier/backend.ts';
import { createBackend } from '../classifier/registry.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { systemClock } from '../core/clock.ts';
import { parseSettings } from '../core/config.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createMemoryState } from '../core/state/memory.ts';
import { readSettings } from './config.ts';
import { libraryOf, withPromoted } from './models.ts';
import type { z } from 'zod';

/** A settings file's classifier, with what was promoted where it labels. */
async function configured(file: string): Promise<z.output<typeof classifierSettings>> {
  const settings = readSettings(file);
  return withPromoted(settings.classifier, libraryOf(settings));
}

/** @throws TidewatchError config.invalid, model.missing, model.checksum, library.missing */
export async function openBackend(
  options: { backend: string; config?: string } | { settings: z.output<typeof classifierSettings> },
): Promise<{ backend: Backend; close: () => Promise<void> }> {
  const settings =
    'settings' in options
      ? options.settings
      : options.config === undefined
        ? parseSettings(JSON.stringify({ backend: { type: options.backend } }), '--backend', classifierSettings)
        : await configured(options.config);
  const http = createHttpClient({ userAgent: 'Tidewatch' });
  const backend = await createBackend(settings, {
    clock: systemClock,
    log: createLogger({ level: 'warn', format: 'auto' }),
    metrics: createMetrics(),
    signal: new AbortController().signal,
    http,
    state: createMemoryState(),
  });
  return {
    backend,
    async close() {
      await backend.close();
      await http.close();
    },
  };
}
