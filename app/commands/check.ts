/** `tidewatch check CONFIG`: validates settings, the watchlists and the other files that they name, starts nothing. */
import { Command } from 'commander';
import { toTidewatchError } from '../../core/errors.ts';
import { readSettings } from '../config.ts';
import { checkNamedFiles } from '../named_files.ts';
import { loadNames } from '../names.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'validate a settings file, the watchlists and the other files that it names, without starting anything',
    )
    .argument('<config>', 'settings file (YAML)')
    .option('--json', 'print {ok, warnings}, or {ok, code, message}, for a machine')
    .action(async (path: string, options: { json?: boolean }) => {
      try {
        const settings = readSettings(path);
        const names = await loadNames(settings);
        const warnings = await checkNamedFiles(settings, path);
        const summary = {
          ok: true,
          sources: settings.ingest.sources.length,
          entities: names.count,
          notifiers: settings.alerting.notifiers.length,
          warnings,
        };
        process.stdout.write(
          options.json === true
            ? `${JSON.stringify(summary)}\n`
            : `${path} is right: ${summary.sources} sources, ${summary.entities} entities, ${summary.notifiers} notifiers.\n${warnings.map((line) => `  Warning: ${line}\n`).join('')}`,
        );
      } catch (error) {
        if (options.json !== true) throw error;
        const { code, message } = toTidewatchError(error);
        process.stdout.write(`${JSON.stringify({ ok: false, code, message })}\n`);
        process.exitCode = 1;
      }
    });
}
