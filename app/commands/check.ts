/** `tidewatch check CONFIG`: validates settings and the watchlists they name, starts nothing. */
import { Command } from 'commander';
import { toTidewatchError } from '../../core/errors.ts';
import { readSettings } from '../config.ts';
import { loadNames } from '../names.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('validate a settings file and the watchlists it names, without starting anything')
    .argument('<config>', 'settings file (YAML)')
    .option('--json', 'print {ok, code, message} for a machine')
    .action(async (path: string, options: { json?: boolean }) => {
      try {
        const settings = readSettings(path);
        const names = await loadNames(settings);
        const summary = {
          ok: true,
          sources: settings.ingest.sources.length,
          entities: names.count,
          notifiers: settings.alerting.notifiers.length,
        };
        process.stdout.write(
          options.json === true
            ? `${JSON.stringify(summary)}\n`
            : `${path} is right: ${summary.sources} sources, ${summary.entities} entities, ${summary.notifiers} notifiers.\n`,
        );
      } catch (error) {
        if (options.json !== true) throw error;
        const { code, message } = toTidewatchError(error);
        process.stdout.write(`${JSON.stringify({ ok: false, code, message })}\n`);
        process.exitCode = 1;
      }
    });
}
