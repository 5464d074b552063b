/** `tidewatch backtest`: what would have been alerted on a recorded feed, against known events and prices, as a report. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { feedNotes } from '../../backtest/feed_notes.ts';
import { type Report, reportJson } from '../../backtest/report.ts';
import { combinations, parseOverrides, parseSetting } from '../../backtest/sweep.ts';
import { TidewatchError } from '../../core/errors.ts';
import { stableId } from '../../core/event.ts';
import { backtest, sweepRow } from '../backtest/backtest.ts';
import { runSweep, type Sweep } from '../backtest/processes.ts';
import { refuseUnwritable, writeReport } from '../backtest/report_folder.ts';
import { openJournal, type SweepJournal } from '../backtest/sweep_journal.ts';
import { QUICKSTART } from '../package_root.ts';
import { timeZoneOption } from './time_zone_option.ts';

interface Options {
  feed: string;
  config: string;
  report?: string;
  from?: string;
  to?: string;
  events?: string;
  prices?: string;
  market?: string;
  sourceClass: 'news' | 'social';
  timeZone?: string;
  cache: string;
  set: string[];
  sweep: string[];
  row?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export function backtestCommand(): Command {
  return new Command('backtest')
    .description('run a recorded feed through the alerting of your settings and report what fired, found and missed')
    .requiredOption('--feed <file>', 'JSON lines, CSV or RSS, in the order of arrival: .jsonl, .csv (both also .gz)')
    .option('--config <file>', 'settings file; its sources are left out', QUICKSTART)
    .option('--report <dir>', 'folder for index.html and report.json')
    .option('--from <date>', 'only documents published from this date on')
    .option('--to <date>', 'only documents published before this date')
    .option('--events <file>', 'known events: JSON lines of date, entity or ticker, what')
    .option('--prices <file>', 'closing prices: CSV of date, symbol, close')
    .option('--market <symbol>', 'symbol in the price file whose returns are taken off; it need not be watched')
    .addOption(
      new Option('--source-class <class>', 'of documents that say none').choices(['news', 'social']).default('news'),
    )
    .addOption(timeZoneOption())
    .option('--cache <dir>', 'folder of labelled feeds', 'tidewatch-backtests')
    .option('--set <path=value>', 'a setting for this run, as alerting.window_hours=12; again for more', collect, [])
    .option('--sweep <path=a,b,c>', 'values to try of a setting; again for more: all combinations run', collect, [])
    .addOption(new Option('--row', 'print the row of a sweep as JSON').hideHelp())
    .action(async (options: Options) => {
      if (options.row !== true && options.report === undefined) {
        throw new TidewatchError('input.invalid', '--report says in which folder the report is written');
      }
      const folder = options.report ?? '.';
      if (options.row !== true) await refuseUnwritable('--report', folder);
      const progress = options.row === true ? () => undefined : progressLine();
      const grid = combinations(options.sweep.map(parseOverrides));
      const report = await backtest({
        ...options,
        overrides: options.set.map(parseSetting),
        timeZone: options.timeZone ?? null,
        from: options.from ?? null,
        to: options.to ?? null,
        events: options.events ?? null,
        // A row says nothing of prices.
        prices: options.row === true ? null : (options.prices ?? null),
        market: options.row === true ? null : (options.market ?? null),
        progress,
      });
      if (options.row === true) {
        process.stdout.write(JSON.stringify(sweepRow(report, [])));
        return;
      }
      // The labels are in the cache now, unless a setting of ingest is swept: then runs that need the same wait for one.
      const settings = grid.map((chosen) => chosen.map(({ path, value }) => `${path}=${String(value)}`));
      const journal = options.sweep.length === 0 ? null : await journalOf(options, report);
      const { rows, failed } =
        journal === null ? { rows: [], failed: [] } : await sweep(options, journal, settings, progress);
      const page = await writeReport({ ...report, sweep: rows, failed }, folder);
      await journal?.end();
      const ran = options.sweep.length === 0 ? '' : `${rows.length} of ${grid.length} runs of the sweep\n`;
      process.stdout.write(`\n${summary(report)}\n${ran}${page}\n`);
      for (const one of failed) process.stderr.write(`failed: ${one.settings.join(' ')}: ${one.error}\n`);
      if (failed.length > 0) process.exitCode = 1;
    });
}

function journalOf(options: Options, report: Report): Promise<SweepJournal> {
  const name = `${stableId('sweep', reportJson(report), ...commandOf(options))}.jsonl`;
  return openJournal(join(options.cache, 'sweeps', name));
}

/** Runs that an earlier start of the same sweep made are taken from its journal. */
async function sweep(
  options: Options,
  journal: SweepJournal,
  settings: readonly (readonly string[])[],
  progress: (line: string) => void,
): Promise<Sweep> {
  const before = settings.filter((chosen) => journal.row(chosen) !== undefined).length;
  if (before > 0) progress(`sweep: ${before} of ${settings.length} runs were made by an earlier start\n`);
  return runSweep(commandOf(options), settings, progress, journal);
}

function commandOf(options: Options): string[] {
  const { feed, config, from, to, events, prices, market, sourceClass, timeZone, cache, set } = options;
  const optional: [string, string | undefined][] = [
    ['--from', from],
    ['--to', to],
    ['--events', events],
    ['--prices', prices],
    ['--market', market],
    ['--time-zone', timeZone],
  ];
  return [
    'backtest',
    '--feed',
    feed,
    '--config',
    config,
    '--source-class',
    sourceClass,
    '--cache',
    cache,
    ...optional.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ...set.flatMap((one) => ['--set', one]),
  ];
}

function summary({ run, lines: leftOut, timeZone, score }: Report): string {
  const lines = [
    `${run.documents} documents from ${run.from.slice(0, 10)} to ${run.to.slice(0, 10)}, ${run.alerts.length} alerts`,
  ];
  if (score !== null) {
    const { recall, precision, medianDelayHours, alertsPerWeek } = score;
    lines.push(
      `${recall.hits} of ${recall.of} known events found${medianDelayHours === null ? '' : `, told ${medianDelayHours.toFixed(1)} h after the start in the median`}`,
    );
    lines.push(`${precision.hits} of ${precision.of} alerts on their entities are explained by one (a lower bound)`);
    lines.push(
      `${alertsPerWeek.entities.toFixed(2)} alerts a week on entities, ${alertsPerWeek.all.toFixed(2)} on all series`,
    );
  }
  if (score !== null && score.outside > 0)
    lines.push(
      `Note: Events left out, because they lie outside of ${run.period.from.slice(0, 10)} to ${run.period.to.slice(0, 10)}: ${score.outside}.`,
    );
  for (const note of feedNotes(run, leftOut, timeZone)) lines.push(`Note: ${note}`);
  return lines.join('\n');
}

/** One line that is written over at a terminal, lines of their own elsewhere. */
function progressLine(): (line: string) => void {
  return process.stderr.isTTY
    ? (line) => void process.stderr.write(`\r${line.padEnd(78)}`)
    : (line) => void process.stderr.write(`${line}\n`);
}
