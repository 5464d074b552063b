/** `tidewatch replay`: one finite feed through the live pipeline under event time. */
import { Command, InvalidArgumentError } from 'commander';
import { feedNotes } from '../../backtest/feed_notes.ts';
import { readSettings } from '../config.ts';
import { QUICKSTART } from '../package_root.ts';
import { replay, type ReplaySummary } from '../replay.ts';
import { refuseOverwrite, refuseUnwritable } from './in_and_out.ts';
import { timeZoneOption } from './time_zone_option.ts';

export function replayCommand(): Command {
  return new Command('replay')
    .description('run a recorded feed through the live pipeline under event time, then print what it took')
    .requiredOption('--feed <file>', 'JSON lines, CSV or RSS: .jsonl, .csv (both also .gz), .rss, .xml')
    .option('--config <file>', 'settings file; its sources are left out (default: the bundled quickstart)')
    .option('--speed <factor>', 'max, or how many times faster than real time', parseSpeed, 'max')
    .option('--alerts <file>', 'write a JSON line for each change of an alert')
    .addOption(timeZoneOption())
    .option(
      '--data <dir>',
      'data folder, instead of data_dir of the settings; another feed or other settings need another',
    )
    .option('--notify', 'send notifications; without it a replay only writes them down')
    .option('--json', 'print the summary as JSON')
    .action(async (options: ReplayOptions) => {
      if (options.alerts !== undefined) {
        refuseOverwrite('--alerts', options.alerts, options.feed);
        await refuseUnwritable('--alerts', options.alerts);
      }
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      const summary = await replay(settings, {
        feed: options.feed,
        speed: options.speed,
        timeZone: options.timeZone ?? null,
        alertsFile: options.alerts ?? null,
        notify: options.notify === true,
        progress: process.stderr.isTTY,
      });
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(summary)}\n`
          : [
              `${summary.documents} documents in the store, ${summary.skipped} left out (${summary.skipped_reasons || 'none'})`,
              `${summary.alerts} alerts fired, ${summary.alert_changes} changes of state${options.alerts === undefined ? '' : ` in ${options.alerts}`}`,
              `${summary.seconds.toFixed(1)} s, ${summary.documents_per_second.toFixed(0)} documents/s, peak memory ${summary.peak_memory_mb.toFixed(0)} MB`,
              ...notesOf(summary, options.timeZone ?? null).map((note) => `Note: ${note}`),
              '',
            ].join('\n'),
      );
    });
}

interface ReplayOptions {
  feed: string;
  config?: string;
  speed: 'max' | number;
  alerts?: string;
  timeZone?: string;
  data?: string;
  notify?: boolean;
  json?: boolean;
}

/** Those of a backtest, but for what only it knows: which document is far ahead of the others. */
function notesOf(summary: ReplaySummary, timeZone: string | null): string[] {
  const { documents, late, too_old: tooOld, without_zone: withoutZone, refused } = summary;
  return feedNotes({ documents, late, tooOld, withoutZone }, { refused, duplicates: 0 }, timeZone);
}

function parseSpeed(text: string): 'max' | number {
  if (text === 'max') return 'max';
  const factor = Number(text);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new InvalidArgumentError('It is max or a number above 0, such as 3600 for an hour a second.');
}
