/**
 * Alerts to a WeCom group (企业微信群) by a group robot, as a Markdown message of at most 4096 bytes of UTF-8. The key is in
 * the address and there is no sign. Limit: 20 messages a minute. Source: developer.work.weixin.qq.com, "群机器人配置说明".
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import { languageSetting, messagesOf, type Message } from '../message.ts';
import type { Notifier } from '../notifier.ts';
import { expectRobotTook } from '../robot_answer.ts';
import { markdownLines, withinBytes } from '../robot_text.ts';

const MOST_BYTES = 4096;
/** 45009: too many calls; -1: the system is busy. */
const CODES = { tooFast: [45009, 45033], waitMs: 60_000, busy: [-1, 6000] };

const settings = z.object({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .describe('The robot’s address with its key; a secret: better as webhook_url_file or ${ENV}.'),
  language: languageSetting('zh'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

/** The request body for one message. Blank lines are left out: WeCom shows each line as a line. */
export function wecomMessage(messages: readonly Message[]): object {
  const shown = (lines: readonly string[]): string[] => lines.filter((line) => line !== '');
  const languages = messages.map(markdownLines).map(({ body, end }) => ({ body: shown(body), end: shown(end) }));
  return { msgtype: 'markdown', markdown: { content: withinBytes(languages, MOST_BYTES, '\n') } };
}

export const wecom = defineComponent({
  name: 'wecom',
  summary: 'Posts to a WeCom group (企业微信群) by a group robot.',
  settings,
  create({ webhook_url: url, language, timeout_ms: timeoutMs }, context): Notifier {
    return {
      pace: { messages: 20, perMs: 60_000 },
      async send(notification) {
        const body = JSON.stringify(wecomMessage(messagesOf(notification, language)));
        const headers = { 'content-type': 'application/json; charset=utf-8' };
        expectRobotTook(await post({ url, headers, body, timeoutMs }, context), context.name, CODES);
      },
    };
  },
});
