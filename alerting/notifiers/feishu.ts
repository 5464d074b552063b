/**
 * Alerts to a Feishu or Lark group (飞书群) by a custom bot, as an interactive card, signed where the bot asks for it: the
 * sign is the base64 of HMAC-SHA256 over nothing under the key "timestamp\nsecret", with the timestamp in seconds. Limits:
 * 5 messages a second and 100 a minute; 20 KB. In Markdown of a card, HTML entities stand for characters that are markup.
 * Source: open.feishu.cn, "自定义机器人使用指南", "富文本(Markdown) 组件".
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import { cut, languageSetting, messagesOf, type Message } from '../message.ts';
import type { Notifier } from '../notifier.ts';
import { expectRobotTook } from '../robot_answer.ts';
import { LINK_LENGTH, linkTarget } from '../robot_text.ts';

/** 9499: too many requests; 11232: the limit of the group. 11000 and 11001: busy. */
const CODES = { tooFast: [9499, 11232, 11233], waitMs: 60_000, busy: [11000, 11001] };
const COLOURS = { pending: 'grey', firing: 'orange', resolved: 'green' } as const;
const MOST_ELEMENTS = 40;
const MOST_BYTES = 18_000;

const settings = z.object({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .describe('The bot’s address; a secret: better as webhook_url_file or ${ENV}.'),
  secret: z.string().min(1).optional().describe('The bot’s signing secret (签名校验); better as secret_file.'),
  language: languageSetting('zh'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

/** The sign for a timestamp in seconds. */
export function feishuSign(secret: string, timestamp: number): string {
  return createHmac('sha256', `${timestamp}\n${secret}`).digest('base64');
}

/** The card for one message. */
export function feishuCard(messages: readonly Message[]): object {
  const [first] = messages;
  const lead = first?.sections[0]?.alert;
  const state = lead?.state ?? 'firing';
  const template = state === 'firing' && lead?.severity === 'critical' ? 'red' : COLOURS[state];
  return {
    config: { wide_screen_mode: true },
    header: { template, title: { tag: 'plain_text', content: cut(first?.title ?? '', 200) } },
    elements: withinLimits(messages.map(elementsOf)),
  };
}

/** What a card says in one language. */
interface Elements {
  /** The most important first. */
  readonly body: readonly object[];
  /** The button to the page and the footer, which stay whatever is cut. */
  readonly end: readonly object[];
}

/** The languages one after the other; where they do not fit, each gets its part of the room, or the second would be gone. */
function withinLimits(languages: readonly Elements[]): object[] {
  const joined = (parts: readonly object[][]): object[] =>
    parts.flatMap((part, index) => [...(index > 0 ? [{ tag: 'hr' }] : []), ...part]);
  const fits = (elements: readonly object[], shares: number): boolean =>
    elements.length <= Math.floor((MOST_ELEMENTS - (shares - 1)) / shares) &&
    Buffer.byteLength(JSON.stringify(elements)) <= MOST_BYTES / shares;
  const whole = joined(languages.map(({ body, end }) => [...body, ...end]));
  if (fits(whole, 1)) return whole;
  return joined(
    languages.map(({ body, end }) => {
      const kept = [...body];
      while (kept.length > 1 && !fits([...kept, ...end], languages.length)) kept.pop();
      return [...kept, ...end];
    }),
  );
}

function elementsOf({ template, sections, page, footer }: Message): Elements {
  const body: object[] = [];
  const say = (content: string): void => void body.push({ tag: 'markdown', content });
  for (const [index, { headline, summary, facts, stories, sparkline }] of sections.entries()) {
    if (index > 0) say(`**${escapeText(cut(headline, 200))}**`);
    say([escapeText(cut(summary, 600)), ...(sparkline === '' ? [] : [sparkline])].join('\n'));
    if (facts.length > 0) {
      say(facts.map(({ label, value }) => `**${escapeText(label)}** ${escapeText(cut(value, 300))}`).join('\n'));
    }
    if (stories.length === 0) continue;
    const lines = stories.map(({ title, source, url, copies }) => {
      const shown = escapeText(cut(title, 120));
      const link = url === null || url.length > LINK_LENGTH ? shown : `[${shown}](${linkTarget(url)})`;
      return `- ${link} ${escapeText(`${cut(source, 60)} ${copies}`.trim())}`;
    });
    say(lines.join('\n'));
  }
  const text = { tag: 'plain_text', content: template.page };
  const button = { tag: 'action', actions: [{ tag: 'button', type: 'primary', text, url: page }] };
  const note = { tag: 'note', elements: [{ tag: 'plain_text', content: cut(footer, 200) }] };
  return { body, end: page === null || page.length > LINK_LENGTH ? [note] : [button, note] };
}

/** Text that a card's Markdown shows as it is: no link, no layout, no <at id=all>. */
function escapeText(text: string): string {
  return text.replace(/[<>*_~`#![\]()\\&]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export const feishu = defineComponent({
  name: 'feishu',
  summary: 'Posts a card to a Feishu or Lark group (飞书群) by a custom bot, signed.',
  settings,
  create({ webhook_url: url, secret, language, timeout_ms: timeoutMs }, context): Notifier {
    return {
      pace: { messages: 5, perMs: 3000 },
      async send(notification) {
        const timestamp = Math.floor(context.clock.now() / 1000);
        const signed =
          secret === undefined ? {} : { timestamp: String(timestamp), sign: feishuSign(secret, timestamp) };
        const card = feishuCard(messagesOf(notification, language));
        const body = JSON.stringify({ ...signed, msg_type: 'interactive', card });
        const headers = { 'content-type': 'application/json; charset=utf-8' };
        expectRobotTook(await post({ url, headers, body, timeoutMs }, context), context.name, CODES);
      },
    };
  },
});
