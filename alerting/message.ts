/** A notification in words and in a plain structure, the same for every platform. */
import { z } from 'zod';
import type { Alert } from '../core/event.ts';
import type { Notification } from './notification.ts';
import type { Fact, Template } from './template.ts';
import { english } from './templates/en.ts';
import { chinese } from './templates/zh.ts';

export interface Story {
  readonly title: string;
  readonly source: string;
  /** An http or https address, or null. */
  readonly url: string | null;
  /** "+3 copies", or ''. */
  readonly copies: string;
}

export interface Section {
  readonly alert: Alert;
  readonly headline: string;
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly stories: readonly Story[];
  /** The past windows and this one as a line of blocks, ▁ to █; '' without evidence. */
  readonly sparkline: string;
  /** What that line, and the picture, show. */
  readonly caption: string;
}

/** What a notification says in one language. */
export interface Message {
  readonly template: Template;
  /** One line, for subjects and headers. */
  readonly title: string;
  /** The alert that leads in full, the others briefly; at most ten. */
  readonly sections: readonly Section[];
  /** Of the leading alert on the page; null where no public address is set. */
  readonly page: string | null;
  /** What tells this message from any other. */
  readonly footer: string;
}

export const languageSetting = (fallback: 'en' | 'zh' | 'both') =>
  z.enum(['en', 'zh', 'both']).default(fallback).describe('Language of the message.');

const MOST_SECTIONS = 10;
const MOST_STORIES = 5;

/** The message once a language asked for, English first. */
export function messagesOf(notification: Notification, language: 'en' | 'zh' | 'both'): readonly Message[] {
  const templates = language === 'both' ? [english, chinese] : [language === 'en' ? english : chinese];
  return templates.map((template) => messageOf(notification, template));
}

export function messageOf({ id, kind, group, alerts, items, past = [] }: Notification, template: Template): Message {
  const [lead] = alerts;
  if (lead === undefined) throw new RangeError('A notification has at least one alert.');
  const more = alerts.length - 1;
  const pastOf = (alert: Alert): string => (past.includes(alert.alert_id) ? template.past(alert) : '');
  const marks = [
    kind === 'repeat' ? template.goesOn : '',
    pastOf(lead),
    more > 0 ? template.others(more, bondOf(group, lead)) : '',
  ];
  return {
    template,
    title: oneLine([template.headline(lead), ...marks].filter(Boolean).join(' · ')),
    sections: alerts.slice(0, MOST_SECTIONS).map((alert, index) => {
      const isFull = index === 0 || index < items.length;
      const isPast = past.includes(alert.alert_id);
      // At its end an alert is known from its beginning, but for one of which nobody has heard.
      const isShown = isFull && (alert.state !== 'resolved' || isPast);
      return {
        alert,
        headline: oneLine([template.headline(alert), pastOf(alert)].filter(Boolean).join(' · ')),
        summary: oneLine(template.summary(alert)),
        facts: isFull ? [...template.facts(alert), ...(isPast ? template.facts(asItFired(alert)) : [])] : [],
        sparkline: isShown ? sparkline(alert) : '',
        caption: template.chart(alert.measure),
        stories: isShown ? storiesOf(alert, template, index === 0 ? MOST_STORIES : 2) : [],
      };
    }),
    page: webAddress(lead.page_url),
    footer: [id, lead.at, lead.model, ...(lead.settings === '' ? [] : [`settings ${lead.settings}`])].join(' · '),
  };
}

/** What the alerts of a group have in common. Sources that are down together are one message, but need not have one cause. */
function bondOf({ labels }: Notification['group'], { series }: Alert): 'incident' | 'group' {
  return (labels['incident'] ?? '') === '' || series.kind === 'source' ? 'group' : 'incident';
}

/** Its last revision shows what it was at its height. */
function asItFired(alert: Alert): Alert {
  return { ...alert, state: 'firing', resolution: null };
}

function storiesOf(alert: Alert, template: Template, most: number): Story[] {
  return alert.documents.slice(0, most).map(({ title, source, url, copies }) => ({
    title: oneLine(title),
    source: oneLine(source),
    url: webAddress(url),
    copies: copies === 0 ? '' : template.copies(copies),
  }));
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** What was observed in the windows that the evidence charts, scaled to the largest. */
export function sparkline({ evidence }: Alert): string {
  const observed = (evidence?.chart ?? []).map((point) => point.observed);
  const most = Math.max(...observed, 1e-9);
  return observed.map((value) => BLOCKS[Math.round((value / most) * (BLOCKS.length - 1))] ?? '').join('');
}

/** The address where it is one of the web, else null: what came from outside may be "javascript:…". */
export function webAddress(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** At most `length` UTF-16 units, ending in "…" where it was cut; never half a character. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
