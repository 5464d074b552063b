/** `tidewatch forget`: removes an author, a document or a source everywhere, and proves it. */
import { Command } from 'commander';
import { TidewatchError } from '../../core/errors.ts';
import { readSettings } from '../config.ts';
import { forgetFolder, type ForgetReport } from '../forget_folder.ts';
import type { Elsewhere } from '../forget_answers.ts';
import type { ForgetRequest } from '../forgetting.ts';
import { QUICKSTART } from '../package_root.ts';

interface ForgetOptions {
  author?: string;
  document?: string;
  source?: string;
  at?: string;
  config?: string;
  data?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function forgetCommand(): Command {
  return new Command('forget')
    .description('remove an author, a document or a source from the stream, the store, alerts and memory, and prove it')
    .option('--author <name>', 'everything by this author, under the name that the source uses')
    .option('--document <id>', 'one document, by its id or its address')
    .option('--source <name>', 'everything of this outlet or source')
    .option('--at <outlet>', 'with --author: only at this outlet or source')
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .option('--dry-run', 'only count what there is')
    .option('--json', 'print the report as JSON')
    .action(async (options: ForgetOptions) => {
      const request = requestOf(options);
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      const report = await forgetFolder(settings, request, { dryRun: options.dryRun === true });
      process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : describe(request, report));
      const isElsewhere = report.elsewhere.some(({ found, left }) => found === null || left > 0);
      const isLeft = report.remaining > 0 || isElsewhere || report.trainings.in_use.length > 0;
      if (!report.dry_run && isLeft) process.exitCode = 1;
    });
}

function requestOf({ author, document, source, at }: ForgetOptions): ForgetRequest {
  const given = [
    ['author', author],
    ['document', document],
    ['source', source],
  ].filter(
    (pair): pair is ['author' | 'document' | 'source', string] => pair[1] !== undefined && pair[1].trim() !== '',
  );
  const [first] = given;
  if (first === undefined || given.length > 1 || (at !== undefined && author === undefined)) {
    throw new TidewatchError('config.invalid', 'forget takes one of --author, --document and --source', {
      hint: '--at OUTLET goes with --author. tidewatch forget --help explains each.',
    });
  }
  return { kind: first[0], value: first[1].trim(), outlet: at ?? null };
}

/** What lies in a log that cannot be rewritten does not go by a second run. */
export function secondLook({ after, remaining, kept }: Pick<ForgetReport, 'after' | 'remaining' | 'kept'>): string {
  if (remaining === 0) return 'A second look finds nothing of it.';
  const entries = kept === null ? [] : Object.entries(after).filter(([place]) => place.startsWith('stream '));
  const inLog = entries.reduce((sum, [, count]) => sum + count, 0);
  if (inLog === 0) return `A second look still finds ${remaining}: run it again.`;
  const rest = remaining === inLog ? 'and nothing anywhere else' : `and ${remaining - inLog} elsewhere: run it again`;
  return `A second look still finds ${inLog} in the log, ${rest}.`;
}

/** Of a process that shares the stream. */
export function sayElsewhere({ process, host, roles, found, left, at }: Elsewhere): string {
  const who = `${roles.join(', ')} on ${host} (${process.slice(0, 8)})`;
  return found === null
    ? `Of ${who}, last heard of at ${at}, there is no answer: it forgets when it is back, if its folder is still there.`
    : `In ${who}: ${found} things found, ${left} left.`;
}

/** Of trainings on feedback, which hold texts in folders of their own. */
export function sayTrainings({ trainings, dry_run }: Pick<ForgetReport, 'trainings' | 'dry_run'>): string[] {
  const verb = dry_run ? 'Would remove' : 'Removed';
  return [
    ...trainings.removed.map(
      (folder) => `${verb} ${folder}: texts that people labelled, left by a training that did not end.`,
    ),
    ...trainings.in_use.map(
      (folder) =>
        `A training works in ${folder} and holds texts that people labelled: run this again when it has ended.`,
    ),
  ];
}

function describe({ kind, value }: ForgetRequest, report: ForgetReport): string {
  const places = [...new Set([...Object.keys(report.before), ...Object.keys(report.after)])].sort();
  const width = Math.max(5, ...places.map((place) => place.length));
  const row = (place: string, before: number | string, after: number | string): string =>
    `  ${place.padEnd(width)}  ${String(before).padStart(9)}  ${String(after).padStart(9)}`;
  const lines = [`${report.dry_run ? 'Would forget' : 'Forgot'} ${kind} ${value} in ${report.data_dir}`];
  if (places.length === 0) lines.push('  Nothing of it is there.');
  else {
    lines.push(row('', 'before', report.dry_run ? '' : 'after'));
    for (const place of places)
      lines.push(row(place, report.before[place] ?? 0, report.dry_run ? '' : (report.after[place] ?? 0)));
  }
  if (!report.dry_run) {
    lines.push(secondLook(report));
    if (report.raw !== null) {
      lines.push(
        `In the raw files of stream and state, rewritten: ${report.raw === 0 ? 'nothing' : `${report.raw} traces`}.`,
      );
    }
    lines.push(...report.elsewhere.map(sayElsewhere));
    if (report.audit !== null) lines.push(`Audit row ${report.audit} in the table removals; it names no content.`);
  }
  if (report.kept !== null) lines.push(report.kept);
  lines.push(...sayTrainings(report));
  return `${lines.join('\n')}\n`;
}
