/**
 * The whole settings file: one section a stage, each section's schema owned by its stage. Paths in the file are relative
 * to the file, except data_dir, which is relative to where the command runs (a packaged settings file may lie in a
 * read-only folder).
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { alertingSettings } from '../alerting/settings.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { parseSettings, readSettingsFile } from '../core/config.ts';
import { readYaml } from '../core/config_yaml.ts';
import { TidewatchError } from '../core/errors.ts';
import { storeSettings } from '../core/store/registry.ts';
import { streamSettings } from '../core/stream/registry.ts';
import { dashboardsSettings } from '../dashboards/settings.ts';
import { ingestSettings } from '../ingest/settings.ts';
import { monitorSettings } from './monitor.ts';
import { sharedPorts } from './shared_ports.ts';

export const settingsSchema = z
  .strictObject({
    data_dir: z
      .string()
      .min(1)
      .default('./tidewatch-data')
      .describe('Folder for the stream, the store and small state; relative to where the command runs.'),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error', 'silent'])
          .default('info')
          .describe('Least severe level logged.'),
        format: z.enum(['auto', 'json', 'text']).default('auto').describe('auto: text at a terminal, JSON elsewhere.'),
      })
      .prefault({}),
    http: z
      .strictObject({
        user_agent: z
          .string()
          .min(1)
          .default('Tidewatch (+https://github.com/tidewatch/tidewatch)')
          .describe('Sent with every fetch.'),
        allow_private_hosts: z
          .array(z.string())
          .default([])
          .describe('Hosts that sources may fetch from although their address is private or local.'),
      })
      .prefault({}),
    stream: streamSettings.describe('Where documents and opinions wait between stages.'),
    store: storeSettings.describe('Where results are kept.'),
    ingest: ingestSettings.prefault({}),
    classifier: classifierSettings.prefault({}),
    alerting: alertingSettings.prefault({}),
    dashboards: dashboardsSettings.prefault({}),
    monitor: monitorSettings,
  })
  .superRefine((settings, context) => {
    for (const issue of sharedPorts(settings)) context.addIssue({ code: 'custom', ...issue });
  });

export type Settings = z.output<typeof settingsSchema>;

/**
 * Reads a settings file and makes its paths absolute.
 * @throws TidewatchError config.unreadable, config.invalid
 */
export function readSettings(path: string, overrides: { dataDir?: string | undefined } = {}): Settings {
  return settingsFrom(readSettingsFile(path), path, overrides);
}

/** The settings that a text would be at that path. @throws TidewatchError config.unreadable, config.invalid */
export function settingsFrom(source: string, path: string, overrides: { dataDir?: string | undefined } = {}): Settings {
  if (isWatchlist(source, path)) {
    throw new TidewatchError('config.invalid', `${path} is a watchlist, not a settings file`, {
      hint: 'Name it in ingest.watchlists of a settings file, and give that file.',
    });
  }
  return resolved(parseSettings(source, path, settingsSchema), path, overrides);
}

/** Whether all that it has is what watchlists begin with, and no settings file has. */
function isWatchlist(source: string, path: string): boolean {
  const { written } = readYaml(source, path);
  return typeof written === 'object' && written !== null && Object.keys(written).join() === 'entities';
}

function resolved(settings: Settings, path: string, overrides: { dataDir?: string | undefined }): Settings {
  const folder = dirname(resolve(path));
  settings.data_dir = resolve(overrides.dataDir ?? settings.data_dir);
  settings.ingest.watchlists = settings.ingest.watchlists.map((file) => resolve(folder, file));
  const { prices } = settings.dashboards;
  if (prices !== undefined) settings.dashboards.prices = resolve(folder, prices);
  if (settings.stream.type === 'kafka' && settings.stream.tls !== undefined) {
    const { tls } = settings.stream;
    for (const key of ['ca_file', 'certificate_file', 'key_file'] as const) {
      const file = tls[key];
      if (file !== undefined) tls[key] = resolve(folder, file);
    }
  }
  const { models_dir } = settings.classifier;
  if (models_dir !== undefined) settings.classifier.models_dir = resolve(folder, models_dir);
  for (const component of [...settings.ingest.sources, settings.classifier.backend]) {
    for (const key of ['path', 'model']) {
      const value = component[key];
      // The model of a remote classifier is a name and no folder.
      const isPath = !(key === 'model' && component.type === 'remote');
      if (typeof value === 'string' && isPath) component[key] = resolve(folder, value);
    }
  }
  return settings;
}
