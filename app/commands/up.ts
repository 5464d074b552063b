/** `tidewatch up`: runs the stages until a signal asks to stop; the second signal stops at once. */
import { Command } from 'commander';
import { TidewatchError } from '../../core/errors.ts';
import { createApp, ROLES, type Role } from '../app.ts';
import { readSettings } from '../config.ts';
import { QUICKSTART } from '../package_root.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('run Tidewatch: sources, classifier, alerting and the page, in one process or by role')
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--role <roles>', `only these stages, comma-separated: ${ROLES.join(', ')}`)
    .option('--data <dir>', 'data folder, instead of data_dir of the settings')
    .action(async (options: { config?: string; role?: string; data?: string }) => {
      const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
      const app = await createApp(settings, { roles: parseRoles(options.role) });
      let stopping = false;
      const stop = (signal: NodeJS.Signals): void => {
        if (stopping) process.exit(130);
        stopping = true;
        app.log.info(`${signal}: finishing what is in hand; once more to stop at once`);
        app.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            app.log.error(error, 'stopping failed');
            process.exit(1);
          },
        );
      };
      process.on('SIGINT', stop).on('SIGTERM', stop);
      await app.start();
    });
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
