/** Forms of the answers about the settings file. */
import { z } from 'zod';

const changed = z
  .array(
    z.object({
      section: z.string(),
      takes: z.enum(['signal', 'restart']).describe('What takes it up: SIGHUP, or a restart.'),
    }),
  )
  .describe('What differs from the settings that this process runs with.');

export const settingsFileAnswer = z
  .object({
    file: z.string(),
    version: z.string().describe('Give it back with a change: it is refused where the file was changed meanwhile.'),
    text: z.string().describe('Without secrets: marks stand in their place, and keep them where they are sent back.'),
    locked: z
      .enum(['bundled', 'read_only', 'too_long', 'secret_in_text'])
      .nullable()
      .describe('Why it cannot be changed here; null where it can.'),
  })
  .meta({ id: 'SettingsFile' });

export const settingsCheckAnswer = z
  .object({
    problems: z
      .array(z.object({ message: z.string(), line: z.number().int().nullable() }))
      .describe('Each with its place and the nearest right name, as `tidewatch check` says it; none: it is right.'),
    changed,
  })
  .meta({ id: 'SettingsCheck' });

export const settingsWritten = z
  .object({
    version: z.string(),
    backup: z.string().describe('Name of the file that keeps what was there before.'),
    changed,
  })
  .meta({ id: 'SettingsWritten' });
