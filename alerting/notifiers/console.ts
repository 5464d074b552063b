/** Alerts as plain lines on standard output: for a first look, and for pipes. Logs go to standard error, so that the two never mix. */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Alert } from '../../core/event.ts';
import type { Notifier } from '../notifier.ts';

const settings = z.object({
  language: z.enum(['en', 'zh', 'both']).default('both').describe('Language of the summary lines.'),
  documents: z.number().int().min(0).max(10).default(3).describe('Most driving documents shown with an alert.'),
});

type Settings = z.output<typeof settings>;

const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The lines for one alert, each without control characters: titles come from strangers, and this is a terminal. */
export function consoleLines(alert: Alert, { language, documents }: Settings): string[] {
  const lines = [`${alert.at} ${alert.state.toUpperCase()} ${alert.severity} ${alert.name} [${alert.alert_id}]`];
  if (language !== 'zh') lines.push(`  ${alert.summary.en}`);
  if (language !== 'en') lines.push(`  ${alert.summary.zh}`);
  if (alert.state !== 'resolved') {
    for (const document of alert.documents.slice(0, documents)) {
      const copies = document.copies === 0 ? '' : ` (+${document.copies} copies)`;
      lines.push(
        `  - ${document.title}${copies} (${document.source}${document.url === null ? '' : `, ${document.url}`})`,
      );
    }
  }
  return lines.map((line) => line.replace(CONTROL, ' '));
}

export const consoleNotifier = defineComponent({
  name: 'console',
  summary: 'Writes each alert as a few plain lines on standard output.',
  settings,
  create(values): Notifier {
    return {
      send: (alert) =>
        new Promise((resolve, reject) => {
          process.stdout.write(`${consoleLines(alert, values).join('\n')}\n`, (error) => {
            if (error === null || error === undefined) resolve();
            else reject(new TidewatchError('notify.rejected', `standard output: ${error.message}`, { cause: error }));
          });
        }),
    };
  },
});
