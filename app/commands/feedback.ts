/**
 * `tidewatch feedback export`: what analysts corrected, as rows to train on, a JSON line each. It goes through the running
 * server where there is one (app/door.ts). The file appears under its name only when it is whole.
 */
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { Command } from 'commander';
import { TidewatchError } from '../../core/errors.ts';
import type { TrainingAnswer } from '../../dashboards/contract.ts';
import { readSettings } from '../config.ts';
import { openDoor, type Door } from '../door.ts';
import { QUICKSTART } from '../package_root.ts';

interface ExportOptions {
  since?: string;
  output: string;
  config?: string;
  data?: string;
  url?: string;
}

export function feedbackCommand(): Command {
  const exporting = new Command('export')
    .description("write corrections as training rows: JSON lines of id, text, corrected labels, the model's, who, when")
    .requiredOption('--output <file>', 'where the lines go; - for standard output')
    .option('--since <time>', 'only documents corrected from this time on, as ISO 8601')
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .option('--url <address>', 'address of the running page, instead of that of the settings')
    .action(async (options: ExportOptions) => {
      const since = options.since === undefined ? null : Date.parse(options.since);
      if (Number.isNaN(since)) {
        throw new TidewatchError('input.invalid', `--since: ${options.since ?? ''} is no time`, {
          hint: 'Write it such as 2026-03-01 or 2026-03-01T12:00:00Z.',
        });
      }
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      const door = await openDoor(settings, options.url);
      try {
        const rows = await writeTraining(door, since === null ? null : new Date(since).toISOString(), options.output);
        const where = options.output === '-' ? '' : ` in ${options.output}`;
        process.stderr.write(rows === 0 ? 'No corrections stand.\n' : `${rows} rows${where}\n`);
      } finally {
        await door.close();
      }
    });
  return new Command('feedback').description('what analysts corrected').addCommand(exporting);
}

/** Writes all rows and says how many. @throws TidewatchError input.invalid, storage.*, http.* */
export async function writeTraining(door: Door, since: string | null, output: string): Promise<number> {
  const part = `${output}.part`;
  const stream = output === '-' ? process.stdout : createWriteStream(part);
  let count = 0;
  let after: string | null = null;
  do {
    const query = new URLSearchParams();
    if (since !== null) query.set('since', since);
    if (after !== null) query.set('after', after);
    const answer: TrainingAnswer = await door.get<TrainingAnswer>(`/feedback/training?${query.toString()}`);
    for (const row of answer.rows) stream.write(`${JSON.stringify(row)}\n`);
    count += answer.rows.length;
    after = answer.next;
  } while (after !== null);
  if (stream === process.stdout) return count;
  stream.end();
  await finished(stream);
  await rename(part, output);
  return count;
}
