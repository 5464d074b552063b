/** `tidewatch list`: every component with its settings, from the same schemas that validate them. */
import { Command } from 'commander';
import { COMPONENTS, settingRows } from '../components.ts';

export function listCommand(): Command {
  return new Command('list')
    .description('list the components (sources, backends, detectors, notifiers, ...) and their settings')
    .argument('[name]', 'only components of this name or kind')
    .option('--json', 'print JSON')
    .action((filter: string | undefined, options: { json?: boolean }) => {
      const found = Object.entries(COMPONENTS).flatMap(([kind, components]) =>
        components
          .filter(({ name }) => filter === undefined || filter === name || filter === kind)
          .map(({ name, summary, settings }) => ({ kind, name, summary, settings: settingRows(settings) })),
      );
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
        return;
      }
      for (const { kind, name, summary, settings } of found) {
        process.stdout.write(`${kind} ${name}: ${summary}\n`);
        for (const row of settings) {
          const fallback =
            row.fallback === '' ? 'optional' : row.fallback === 'required' ? 'required' : `default ${row.fallback}`;
          process.stdout.write(`    ${row.name} (${row.type}; ${fallback})  ${row.description}\n`);
        }
      }
      if (found.length === 0) {
        process.stderr.write(
          `No component or kind is named ${filter}; the kinds are ${Object.keys(COMPONENTS).join(', ')}.\n`,
        );
        process.exitCode = 1;
      }
    });
}
