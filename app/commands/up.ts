/** `tidewatch up`: runs the stages until a signal asks to stop; the second signal stops at once. */
import { Command } from 'commander';
import { explainError, TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { reloadCertificates } from '../../core/tls.ts';
import { createApp, ROLES, type App, type Role } from '../app.ts';
import { readSettings } from '../config.ts';
import { endAtOnce } from '../end_process.ts';
import { QUICKSTART } from '../package_root.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('run Tidewatch: sources, classifier, alerting and the page, in one process or by role')
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--role <roles>', `only these stages, comma-separated: ${ROLES.join(', ')}`)
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .action(async (options: { config?: string; role?: string; data?: string }) => {
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      // Elsewhere the model is swapped by a restart: Windows knows the signal only as its console's end.
      const reloads = process.platform !== 'win32';
      // Whatever is changed while the stages are being opened is taken up right afterwards.
      let reload = (): void => void (isAsked = true);
      let isAsked = false;
      if (reloads) process.on('SIGHUP', () => reload());
      const roles = parseRoles(options.role);
      const settingsFile = { path: options.config ?? QUICKSTART, dataDir: options.data };
      const app = await createApp(settings, { roles, settingsFile, reloads });
      reload = () => {
        reloadDoors(app);
        swapModel(app, options);
        takeUpWatchlists(app);
      };
      let stopping = false;
      const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
        if (stopping) return endAtOnce(signal);
        stopping = true;
        app.log.info(`${signal}: finishing what is in hand; once more to stop at once`);
        app.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            app.log.error({ code: toTidewatchError(error).code }, `Stopping failed: ${explainError(error)}`);
            process.exit(1);
          },
        );
      };
      process.on('SIGINT', () => stop('SIGINT')).on('SIGTERM', () => stop('SIGTERM'));
      await app.start();
      if (isAsked) reload();
    });
}

/** SIGHUP: certificates of doors are read again; a wrong one is told and the old one kept. */
function reloadDoors(app: App): void {
  try {
    const count = reloadCertificates();
    if (count > 0) app.log.info(`SIGHUP: ${count} certificates were read again`);
  } catch (error) {
    app.log.error(`SIGHUP: a certificate is kept: ${explainError(error)}`);
  }
}

/** SIGHUP: reads the settings file again and swaps the model; every other setting waits for a restart. */
function swapModel(app: App, options: { config?: string; data?: string }): void {
  try {
    const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
    app.log.info('SIGHUP: opening the model of classifier.backend; other settings are read at the next start');
    void app.swapModel(settings.classifier);
  } catch (error) {
    app.log.error(`SIGHUP: the model is kept: ${explainError(error)}`);
  }
}

/** SIGHUP: who is watched is read again; lists that are wrong are told and the old ones kept. */
function takeUpWatchlists(app: App): void {
  app.takeUpWatchlists().then(
    () => app.log.info('SIGHUP: the watchlists were read again'),
    (error: unknown) => app.log.error(`SIGHUP: the watchlists are kept: ${explainError(error)}`),
  );
}

function parseRoles(text: string | undefined): readonly Role[] {
  if (text === undefined) return ROLES;
  return text.split(',').map((name) => {
    const role = ROLES.find((candidate) => candidate === name.trim());
    if (role !== undefined) return role;
    throw new TidewatchError('config.invalid', `--role: there is no stage "${name}"`, {
      hint: `The stages are ${ROLES.join(', ')}.`,
    });
  });
}
