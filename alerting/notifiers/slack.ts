/**
 * Alerts to a Slack channel by an incoming webhook, in Block Kit. All that comes from data is escaped, so that a title
 * can neither break the layout nor call anybody ("<!channel>"), and is cut to Slack's limits before it is sent: Slack
 * refuses the whole message otherwise. Sources: api.slack.com, "Block Kit: blocks", "Formatting text for app surfaces",
 * "Rate limits".
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import type { Alert } from '../../core/event.ts';
import { post } from '../answer.ts';
import type { Notifier } from '../notifier.ts';

const HEADER_LENGTH = 150;
const SECTION_LENGTH = 3000;
const FIELD_LENGTH = 2000;
const LINK_LENGTH = 500;
const DOCUMENTS = 5;

const settings = z.object({
  webhook_url: z
    .url({ protocol: /^https?$/ })
    .describe('The incoming webhook of the channel; a secret: better as webhook_url_file or ${ENV}.'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

const ICONS = { pending: '◌', firing: '▲', resolved: '✓' } as const;

/** The request body for one alert, within every limit of Block Kit. */
export function slackMessage(alert: Alert): { text: string; blocks: object[]; [option: string]: unknown } {
  const headline = `${ICONS[alert.state]} ${alert.state === 'resolved' ? 'Resolved' : alert.severity}: ${alert.name}`;
  const summary = `${escapeText(alert.summary.en)}\n${escapeText(alert.summary.zh)}`;
  const blocks: object[] = [
    { type: 'header', text: { type: 'plain_text', text: cut(headline, HEADER_LENGTH), emoji: false } },
    { type: 'section', text: mrkdwn(cutEscaped(summary, SECTION_LENGTH)) },
  ];
  if (alert.state !== 'resolved') {
    blocks.push({
      type: 'section',
      fields: [
        ['Negative share', `${percent(alert.observed_share)} (usual ${percent(alert.expected_share)})`],
        ['Behind it', `${alert.story_count} stories, ${alert.author_count} authors, ${alert.document_count} documents`],
        ['Score', alert.score.toFixed(1)],
        ['Since', alert.started_at],
      ].map(([label, value]) => mrkdwn(cutEscaped(`*${label}*\n${escapeText(value ?? '')}`, FIELD_LENGTH))),
    });
    for (const document of alert.documents.slice(0, DOCUMENTS)) {
      blocks.push({ type: 'section', text: mrkdwn(documentLine(document)) });
    }
  }
  const footer = `${alert.alert_id}:${alert.revision} · ${alert.at} · ${alert.model}`;
  blocks.push({ type: 'context', elements: [mrkdwn(cutEscaped(escapeText(footer), FIELD_LENGTH))] });
  return {
    text: cutEscaped(escapeText(alert.summary.en), SECTION_LENGTH),
    blocks,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function documentLine(document: Alert['documents'][number]): string {
  const title = cutEscaped(escapeText(oneLine(document.title)), 400).replaceAll('|', '¦');
  const link = linkTo(document.url);
  const copies = document.copies === 0 ? '' : ` · +${document.copies} copies`;
  const rest = ` — ${cutEscaped(escapeText(oneLine(document.source)), 150)}${copies}`;
  return `• ${link === null ? title : `<${link}|${title}>`}${rest}`;
}

/** The address as it may stand in a Slack link, or null where it cannot. */
function linkTo(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return null;
  const href = parsed.href
    .replaceAll('&', '&amp;')
    .replaceAll('|', '%7C')
    .replaceAll('<', '%3C')
    .replaceAll('>', '%3E');
  return href.length > LINK_LENGTH ? null : href;
}

function mrkdwn(text: string): object {
  return { type: 'mrkdwn', text, verbatim: true };
}

/** Slack's three control characters; "verbatim" keeps it from making links and mentions out of the rest. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function cut(text: string, length: number): string {
  const line = oneLine(text);
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`.toWellFormed();
}

/** Cuts escaped text without leaving half an entity at the end. */
function cutEscaped(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/&[a-z]{0,3}$/, '')}…`.toWellFormed();
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

export const slack = defineComponent({
  name: 'slack',
  summary: 'Posts the alert with its evidence to a Slack channel by an incoming webhook.',
  settings,
  create({ webhook_url, timeout_ms }, context): Notifier {
    return {
      send: (alert) =>
        post(
          {
            url: webhook_url,
            headers: { 'content-type': 'application/json; charset=utf-8' },
            body: JSON.stringify(slackMessage(alert)),
            timeoutMs: timeout_ms,
          },
          context,
        ),
    };
  },
});
