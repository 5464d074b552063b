/** Every detector and notifier there is. Adding one: a file beside the others, a line here, a test. */
import { divergence } from './detectors/divergence.ts';
import { shift } from './detectors/shift.ts';
import { surge } from './detectors/surge.ts';
import { threshold } from './detectors/threshold.ts';
import { volume } from './detectors/volume.ts';
import { alertmanager } from './notifiers/alertmanager.ts';
import { consoleNotifier } from './notifiers/console.ts';
import { dingtalk } from './notifiers/dingtalk.ts';
import { email } from './notifiers/email.ts';
import { feishu } from './notifiers/feishu.ts';
import { slack } from './notifiers/slack.ts';
import { slackBot } from './notifiers/slack_bot.ts';
import { webhook } from './notifiers/webhook.ts';
import { wecom } from './notifiers/wecom.ts';

export const detectors = [surge, threshold, volume, shift, divergence] as const;
export const notifiers = [
  consoleNotifier,
  webhook,
  slack,
  slackBot,
  email,
  alertmanager,
  feishu,
  dingtalk,
  wecom,
] as const;
