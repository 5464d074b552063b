/**
 * Alerts to a Slack channel by an incoming webhook, in Block Kit. All that comes from data is escaped, so that a title
 * can neither break the layout nor call anybody ("<!channel>"), and is cut to Slack's limits before it is sent: Slack
 * refuses the whole message otherwise. Sources: api.slack.com, "Block Kit: blocks", "Formatting text for app surfaces",
 * "Rate limits".
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import { cut, languageSetting, messagesOf, webAddress, type Message, type Story } from '../message.ts';
import type { Notifier } from '../notifier.ts';

const HEADER_LENGTH = 150;
const SECTION_LENGTH = 3000;
const FIELD_LENGTH = 2000;
const LINK_LENGTH = 500;
const FIELDS = 10;
const BLOCKS = 50;

const settings = z.object({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .describe('The incoming webhook of the channel; a secret: better as webhook_url_file or ${ENV}.'),
  language: languageSetting('both'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

/** The request body for one message, within every limit of Block Kit. */
export function slackMessage(
  messages: readonly Message[],
  chartFile: string | null = null,
): {
  text: string;
  blocks: object[];
  [option: string]: unknown;
} {
  const [first] = messages;
  const headline = first?.title ?? '';
  const head: object[] = [
    { type: 'header', text: { type: 'plain_text', text: cut(headline, HEADER_LENGTH), emoji: false } },
    ...(chartFile === null
      ? []
      : [{ type: 'image', slack_file: { id: chartFile }, alt_text: first?.sections[0]?.caption ?? '' }]),
  ];
  const footer = { type: 'context', elements: [mrkdwn(cutEscaped(escapeText(first?.footer ?? ''), FIELD_LENGTH))] };
  // Each language gets its part of the room: cut from the end of both, the second would be gone where alerts are many.
  const room = Math.floor((BLOCKS - head.length - 1) / messages.length);
  const blocks = [...head, ...messages.flatMap((message) => blocksOf(message, room)), footer];
  return {
    text: cutEscaped(escapeText(`${headline} ${first?.sections[0]?.summary ?? ''}`), SECTION_LENGTH),
    blocks,
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** At most `room` blocks, the most important first and the link to the page in any case. */
function blocksOf({ template, sections, page }: Message, room: number): object[] {
  const blocks: object[] = [];
  for (const [index, { headline, summary, facts, stories, sparkline, caption }] of sections.entries()) {
    const head = index === 0 ? '' : `*${escapeText(cut(headline, HEADER_LENGTH))}*\n`;
    const drawn = sparkline === '' ? '' : `\n\`${sparkline}\` ${escapeText(caption)}`;
    const text = cutEscaped(`${head}${cutEscaped(escapeText(summary), SECTION_LENGTH - 600)}`, SECTION_LENGTH - 400);
    blocks.push({ type: 'section', text: mrkdwn(`${text}${drawn}`) });
    if (facts.length > 0) {
      const fields = facts
        .slice(0, FIELDS)
        .map(({ label, value }) => mrkdwn(cutEscaped(`*${escapeText(label)}*\n${escapeText(value)}`, FIELD_LENGTH)));
      blocks.push({ type: 'section', fields });
    }
    for (const story of stories) blocks.push({ type: 'section', text: mrkdwn(storyLine(story)) });
  }
  const link = linkTo(page);
  if (link === null) return blocks.slice(0, room);
  return [...blocks.slice(0, room - 1), { type: 'section', text: mrkdwn(`<${link}|${escapeText(template.page)}>`) }];
}

function storyLine({ title, source, url, copies }: Story): string {
  const shown = cutEscaped(escapeText(title), 400).replaceAll('|', '¦');
  const link = linkTo(url);
  const rest = ` — ${cutEscaped(escapeText(source), 150)}${copies === '' ? '' : ` · ${copies}`}`;
  return `• ${link === null ? shown : `<${link}|${shown}>`}${rest}`;
}

/** The address as it may stand in a Slack link, or null where it cannot. */
function linkTo(url: string | null): string | null {
  const href = webAddress(url)
    ?.replaceAll('&', '&amp;')
    .replaceAll('|', '%7C')
    .replaceAll('<', '%3C')
    .replaceAll('>', '%3E');
  return href === undefined || href.length > LINK_LENGTH ? null : href;
}

function mrkdwn(text: string): object {
  return { type: 'mrkdwn', text, verbatim: true };
}

/** Slack's three control characters; "verbatim" keeps it from making links and mentions out of the rest. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Cuts escaped text without leaving half an entity at the end. */
function cutEscaped(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/&[a-z]{0,3}$/, '')}…`.toWellFormed();
}

export const slack = defineComponent({
  name: 'slack',
  summary: 'Posts the alert with its evidence to a Slack channel by an incoming webhook.',
  settings,
  create({ webhook_url, language, timeout_ms }, context): Notifier {
    return {
      pace: { messages: 1, perMs: 1000 },
      async send(notification) {
        await post(
          {
            url: webhook_url,
            headers: { 'content-type': 'application/json; charset=utf-8' },
            body: JSON.stringify(slackMessage(messagesOf(notification, language))),
            timeoutMs: timeout_ms,
          },
          context,
        );
      },
    };
  },
});
