/** `tidewatch redrive`: sends dead letters back to where they came from, once what they died of is mended. */
import { Command, InvalidArgumentError } from 'commander';
import type { RedriveReport } from '../../core/stream/redrive.ts';
import { readSettings } from '../config.ts';
import { QUICKSTART } from '../package_root.ts';
import { REDRIVEN_TOPICS, redriveFolder, type RedriveRequest } from '../redriving.ts';

interface RedriveOptions {
  topic?: (typeof REDRIVEN_TOPICS)[number];
  stage: string[];
  code: string[];
  since?: number;
  config?: string;
  data?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function redriveCommand(): Command {
  return new Command('redrive')
    .description('send dead letters back to the stage that refused them; each goes once, however often you ask')
    .option('--topic <name>', `only letters of this topic: ${REDRIVEN_TOPICS.join(', ')}`, parseTopic)
    .option(
      '--stage <names>',
      'only letters of these stages, comma-separated: ingest, classifier, alerting',
      parseList,
      [],
    )
    .option(
      '--code <codes>',
      'only letters with these error codes, comma-separated, such as model.failed',
      parseList,
      [],
    )
    .option('--since <time>', 'only letters written since: an ISO time, or an age such as 90m, 6h, 2d', parseSince)
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .option('--dry-run', 'only count what would be sent')
    .option('--json', 'print the report as JSON')
    .action(async (options: RedriveOptions) => {
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      const request: RedriveRequest = {
        topics: options.topic === undefined ? [...REDRIVEN_TOPICS] : [options.topic],
        stages: options.stage,
        codes: options.code,
        since: options.since ?? null,
        dry_run: options.dryRun === true,
      };
      const reports = await redriveFolder(settings, request);
      const text =
        options.json === true ? JSON.stringify(reports) : reports.map((one) => describe(one, request)).join('\n');
      process.stdout.write(`${text}\n`);
    });
}

function describe(report: RedriveReport, { dry_run }: RedriveRequest): string {
  const sent = Object.entries(report.sent).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const rows: [string, number][] = [
    ...sent.map(([what, count]): [string, number] => [
      `${dry_run ? 'would be sent back' : 'sent back'}: ${what}`,
      count,
    ]),
    ...Object.entries(report.impossible).map(([why, count]): [string, number] => [`cannot go back: ${why}`, count]),
    ['sent back before', report.sent_before],
    ['not asked for', report.not_asked_for],
  ];
  const lines = rows.filter(([, count]) => count > 0).map(([what, count]) => `${String(count).padStart(9)}  ${what}`);
  return [`${report.topic}: ${report.found} dead letters`, ...lines].join('\n');
}

function parseTopic(text: string): (typeof REDRIVEN_TOPICS)[number] {
  const topic = REDRIVEN_TOPICS.find((one) => one === text);
  if (topic !== undefined) return topic;
  throw new InvalidArgumentError(`Topics with dead letters are ${REDRIVEN_TOPICS.join(' and ')}.`);
}

function parseList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Epoch milliseconds. */
function parseSince(text: string): number {
  const age = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  const time = age === null ? Date.parse(text) : Date.now() - Number(age[1]) * UNITS[age[2] as keyof typeof UNITS];
  if (Number.isNaN(time))
    throw new InvalidArgumentError('An ISO time such as 2026-03-02T08:00Z, or an age such as 6h.');
  return time;
}
