/**
 * `tidewatch feedback`: what analysts corrected. `held`, `release`, `reject`: what waits for a colleague of its author (core/trust).
 * `export`: what analysts corrected, as rows to train on, a JSON line each. It goes through the running
 * server where there is one (app/door.ts). The file appears under its name only when it is whole.
 */
import { rename, rm } from 'node:fs/promises';
import { Command } from 'commander';
import { userName } from '../../core/audit.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { HeldAnswer, TrainingAnswer } from '../../dashboards/contract.ts';
import type { Door } from '../door.ts';
import { fileError, writeOut } from './in_and_out.ts';
import { doorCommand, throughDoor, type DoorOptions } from './through_door.ts';

interface ExportOptions extends DoorOptions {
  since?: string;
  output: string;
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
      const from = since === null ? null : new Date(since).toISOString();
      const rows = await throughDoor(options, (door) => writeTraining(door, from, options.output));
      const where = options.output === '-' ? '' : ` in ${options.output}`;
      process.stderr.write(rows === 0 ? 'No corrections stand.\n' : `${rows} rows${where}\n`);
    });
  const feedback = new Command('feedback').description('what analysts corrected').addCommand(exporting);
  return feedback.addCommand(holding()).addCommand(reviewing('release')).addCommand(reviewing('reject'));
}

interface ReviewOptions extends DoorOptions {
  author?: string;
  reason: string;
  rejected?: boolean;
  json?: boolean;
}

function holding(): Command {
  return doorCommand('held', 'corrections that wait for a colleague, with why; and how far each person is relied on')
    .option('--rejected', 'also those that were rejected')
    .option('--json', 'print JSON')
    .action(async (options: ReviewOptions) => {
      const query = options.rejected === true ? '?rejected=true' : '';
      const answer = await throughDoor(options, (door) => door.get<HeldAnswer>(`/learning/held${query}`));
      const lines = [
        ...answer.analysts.map(
          ({ author, said, compared, reliability, share }) =>
            `${author}: ${said} said, ${compared} compared, right ${percent(reliability)} of the time, ${percent(share)} of what is learned`,
        ),
        ...answer.held.map(
          ({ id, author, value, model_value, reason, title }) =>
            `${id}  ${author}: ${value} instead of ${model_value} (${reason})  ${title.slice(0, 90)}`,
        ),
      ].map((line) => line.replaceAll(/\p{Cc}/gu, ' '));
      process.stdout.write(
        options.json === true ? `${JSON.stringify(answer)}\n` : `${[...lines, `${answer.waiting} wait.`].join('\n')}\n`,
      );
    });
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;

function reviewing(decision: 'release' | 'reject'): Command {
  const words =
    decision === 'release' ? 'let a held correction be learned' : 'decide that a held correction is not learned';
  return doorCommand(decision, `${words}; not one of your own`)
    .argument('<id>', 'of the correction, as `tidewatch feedback held` shows it')
    .option('--author <name>', 'who decides (default: the user of this machine)')
    .option('--reason <text>', 'why', '')
    .action(async (id: string, options: ReviewOptions) => {
      const body = { author: options.author ?? userName(), decision, reason: options.reason };
      await throughDoor(options, (door) => door.post(`/learning/held/${encodeURIComponent(id)}/review`, body));
      process.stdout.write(`${decision === 'release' ? 'Released' : 'Rejected'}.\n`);
    });
}

/** Writes all rows and says how many. @throws TidewatchError input.invalid, storage.*, http.* */
export async function writeTraining(door: Door, since: string | null, output: string): Promise<number> {
  let count = 0;
  async function* rows(): AsyncGenerator<string> {
    let after: string | null = null;
    do {
      const query = new URLSearchParams();
      if (since !== null) query.set('since', since);
      if (after !== null) query.set('after', after);
      const answer: TrainingAnswer = await door.get<TrainingAnswer>(`/feedback/training?${query.toString()}`);
      for (const row of answer.rows) yield `${JSON.stringify(row)}\n`;
      count += answer.rows.length;
      after = answer.next;
    } while (after !== null);
  }
  if (output === '-') {
    await writeOut(rows(), output);
    return count;
  }
  const draft = `${output}.part`;
  try {
    await writeOut(rows(), draft);
    await rename(draft, output);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw fileError('--output', output, 'written', error);
  }
  return count;
}
