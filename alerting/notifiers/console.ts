/** Alerts as plain lines on standard output: for a first look, and for pipes. Logs go to standard error, so that the two never mix. */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Notification } from '../notification.ts';
import type { Notifier } from '../notifier.ts';
import { languageSetting } from '../message.ts';

const settings = z.object({
  language: languageSetting('both').describe('Language of the summary lines.'),
  documents: z.number().int().min(0).max(10).default(3).describe('Most driving documents shown with an alert.'),
});

type Settings = z.output<typeof settings>;

const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The lines for one message, each without control characters: titles come from strangers, and this is a terminal. */
export function consoleLines(notification: Notification, { language, documents }: Settings): string[] {
  const { kind, alerts, items, past = [] } = notification;
  const lines: string[] = [];
  // What else fires in the group was told before.
  for (const alert of alerts.slice(0, items.length)) {
    const isPast = past.includes(alert.alert_id);
    const mark = kind === 'repeat' ? ' (still)' : isPast ? ` (since ${alert.started_at}, not told before)` : '';
    lines.push(`${alert.at} ${alert.state.toUpperCase()}${mark} ${alert.severity} ${alert.name} [${alert.alert_id}]`);
    if (language !== 'zh') lines.push(`  ${alert.summary.en}`);
    if (language !== 'en') lines.push(`  ${alert.summary.zh}`);
    if (alert.resolution !== null) lines.push(`  ended by ${alert.resolution.by}: ${alert.resolution.note}`);
    if ((alert.state === 'resolved' && !isPast) || kind === 'repeat') continue;
    for (const document of alert.documents.slice(0, documents)) {
      const copies = document.copies === 0 ? '' : ` (+${document.copies} copies)`;
      lines.push(
        `  - ${document.title}${copies} (${document.source}${document.url === null ? '' : `, ${document.url}`})`,
      );
    }
    if (alert.page_url !== null) lines.push(`  ${alert.page_url}`);
  }
  return lines.map((line) => line.replace(CONTROL, ' '));
}

export const consoleNotifier = defineComponent({
  name: 'console',
  summary: 'Writes each alert as a few plain lines on standard output.',
  settings,
  create(values): Notifier {
    return {
      send: (notification) =>
        new Promise((resolve, reject) => {
          process.stdout.write(`${consoleLines(notification, values).join('\n')}\n`, (error) => {
            if (error === null || error === undefined) resolve();
            else reject(new TidewatchError('notify.rejected', `standard output: ${error.message}`, { cause: error }));
          });
        }),
    };
  },
});
