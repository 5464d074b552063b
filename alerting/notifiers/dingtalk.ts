/**
 * Alerts to a DingTalk group by a custom robot (钉钉自定义机器人), as a Markdown message, signed where the robot asks for it:
 * the sign is the base64 of HMAC-SHA256 over "timestamp\nsecret" under the secret, both in the address. Limits: 20
 * messages a minute, else the robot is muted for ten; about 20 KB. Source: open.dingtalk.com, "自定义机器人接入",
 * "自定义机器人安全设置".
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import { cut, languageSetting, messagesOf, type Message } from '../message.ts';
import type { Notifier } from '../notifier.ts';
import { expectRobotTook } from '../robot_answer.ts';
import { markdownLines, plain, withinBytes } from '../robot_text.ts';

const MOST_BYTES = 18_000;
/** 130101: sent too fast; 410100: the robot is limited. -1: the system is busy. */
const CODES = { tooFast: [130101, 410100], waitMs: 600_000, busy: [-1] };

const settings = z.object({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .describe('The robot’s address with its access_token; a secret: better as webhook_url_file or ${ENV}.'),
  secret: z.string().min(1).optional().describe('The robot’s signing secret (加签), SEC…; better as secret_file.'),
  language: languageSetting('zh'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

/** The request body for one message. */
export function dingtalkMessage(messages: readonly Message[]): object {
  const text = withinBytes(messages.map(markdownLines), MOST_BYTES, '\n\n---\n\n');
  const title = plain(cut(messages[0]?.title ?? '', 60));
  return { msgtype: 'markdown', markdown: { title, text }, at: { isAtAll: false } };
}

/** The address with timestamp (milliseconds) and sign. */
export function dingtalkAddress(url: string, secret: string | undefined, now: number): string {
  if (secret === undefined) return url;
  const signed = new URL(url);
  signed.searchParams.set('timestamp', String(now));
  signed.searchParams.set('sign', createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64'));
  return signed.href;
}

export const dingtalk = defineComponent({
  name: 'dingtalk',
  summary: 'Posts to a DingTalk group (钉钉群) by a custom robot, signed.',
  settings,
  create({ webhook_url, secret, language, timeout_ms: timeoutMs }, context): Notifier {
    return {
      pace: { messages: 20, perMs: 60_000 },
      async send(notification) {
        const url = dingtalkAddress(webhook_url, secret, context.clock.now());
        const body = JSON.stringify(dingtalkMessage(messagesOf(notification, language)));
        const headers = { 'content-type': 'application/json; charset=utf-8' };
        expectRobotTook(await post({ url, headers, body, timeoutMs }, context), context.name, CODES);
      },
    };
  },
});
