/** Every detector and notifier there is. Adding one: a file beside the others, a line here, a test. */
import { surge } from './detectors/surge.ts';
import { consoleNotifier } from './notifiers/console.ts';
import { slack } from './notifiers/slack.ts';
import { webhook } from './notifiers/webhook.ts';

export const detectors = [surge] as const;
export const notifiers = [consoleNotifier, webhook, slack] as const;
