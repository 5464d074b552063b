/** `tidewatch explain`: why an alert was raised, or why a series raised none at a moment, step by step. */
import { Command } from 'commander';
import type { Explanation } from '../../alerting/explain.ts';
import { TidewatchError } from '../../core/errors.ts';
import { readSettings } from '../config.ts';
import { explainFromStore } from '../explain.ts';
import { QUICKSTART } from '../package_root.ts';

interface ExplainOptions {
  series?: string;
  at?: string;
  config?: string;
  data?: string;
  json?: boolean;
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('say step by step why an alert was raised, or why a series raised none at a moment')
    .argument('[alert]', 'id of an alert, or its beginning')
    .option('--series <key>', 'entity:ID, topic:NAME, entity_topic:ID/NAME, source_class:news or language:zh')
    .option('--at <time>', 'with --series: the moment, as 2026-03-08T10:00:00Z')
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings; no process may hold it')
    .option('--json', 'print JSON')
    .action(async (alert: string | undefined, { series, at, config, data, json }: ExplainOptions) => {
      const settings = readSettings(config ?? QUICKSTART, { dataDir: data });
      if ((alert === undefined) === (series === undefined) || (series === undefined) !== (at === undefined)) {
        throw new TidewatchError('config.invalid', 'explain takes an alert, or --series with --at', {
          hint: 'tidewatch explain ALERT_ID, or tidewatch explain --series entity:ID --at 2026-03-08T10:00:00Z',
        });
      }
      const asked = alert === undefined ? { series: series ?? '', at: at ?? '' } : { alert };
      const explanation = await explainFromStore(settings, asked);
      process.stdout.write(json === true ? `${JSON.stringify(explanation)}\n` : describe(explanation));
    });
}

function describe({ series, at, opinions, verdicts, changes }: Explanation): string {
  const lines = [`${series} at ${at}, by ${opinions} opinions published before:`];
  for (const { detector, anomalous, lines: steps } of verdicts) {
    lines.push('', `${detector}: ${anomalous ? 'anomalous' : 'not anomalous'}`);
    lines.push(...steps.map((step, index) => `  ${index + 1}. ${step}`));
  }
  lines.push('', changes.length === 0 ? 'No alert on this series in the time read.' : 'Alerts on this series:');
  for (const { alert_id, state, at: when, severity, detector } of changes) {
    lines.push(`  ${when} ${state} ${severity} (${detector}) ${alert_id}`);
  }
  // Without control characters: this is a terminal, and ids of topics come from settings and models.
  return `${lines.map((line) => line.replaceAll(/\p{Cc}/gu, ' ')).join('\n')}\n`;
}
