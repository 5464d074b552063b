/**
 * Alerts to Prometheus Alertmanager, for teams that have one: it groups, routes and tells by its own rules. Alertmanager
 * forgets an alert at its `endsAt`, so what fires is sent again every `resend_secs` with an end four times as far away, as
 * Prometheus does; an end by hand or by recovery is sent at once. Several addresses are the members of one cluster: each
 * is told, and one that takes it is enough. An alert's labels are its identity there; when the severity of one that was
 * told rises, the lower one is ended in the same request. Sources: Alertmanager API v2 (api/v2/openapi.yaml, postAlerts); prometheus/notifier.
 */
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { toTidewatchError } from '../../core/errors.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import { post } from '../answer.ts';
import { messageOf, webAddress } from '../message.ts';
import type { Notification } from '../notification.ts';
import type { Notifier } from '../notifier.ts';
import { english } from '../templates/en.ts';
import { chinese } from '../templates/zh.ts';

const settings = z.object({
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(8)
    .describe(
      'Addresses of the members of one Alertmanager cluster, as http://host:9093; user:password@ is sent as Basic.',
    ),
  token: z.string().min(1).optional().describe('Sent as a bearer token; better as token_file.'),
  alertname: z
    .string()
    .regex(/^[\p{L}\p{N}_. -]{1,100}$/u)
    .default('NegativeOpinionSurge')
    .describe('The label alertname.'),
  labels: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1).max(200))
    .default({})
    .describe('Further labels for each alert, such as team.'),
  language: z.enum(['en', 'zh']).default('en').describe('Language of the annotations.'),
  resend_secs: z.number().int().min(1).max(3600).default(60).describe('How often what fires is sent again.'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

type Settings = z.output<typeof settings>;

interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** The request body for one message. `now` in epoch milliseconds. */
export function postableAlerts(notification: Notification, values: Settings, now: number): PostableAlert[] {
  return notification.alerts.flatMap((alert) => {
    const one = postable(alert, values, now);
    if (notification.risen?.includes(alert.alert_id) !== true) return [one];
    return [one, { ...one, labels: { ...one.labels, severity: 'warning' }, endsAt: isoTime(now) }];
  });
}

function postable(alert: Alert, { alertname, labels, language, resend_secs }: Settings, now: number): PostableAlert {
  const template = language === 'en' ? english : chinese;
  const { sections } = messageOf(
    { id: '', kind: 'news', group: { key: '', labels: {} }, alerts: [alert], items: [''] },
    template,
  );
  const [section] = sections;
  const link = webAddress(alert.page_url);
  const facts = (section?.facts ?? []).map(({ label, value }) => `${label}: ${value}`);
  const stories = (section?.stories ?? []).map(({ title, url }) => (url === null ? title : `${title} ${url}`));
  const ended = alert.state === 'resolved';
  return {
    labels: { ...labels, ...named(alert.labels), alertname, alert_id: alert.alert_id },
    annotations: named({
      summary: section?.headline ?? alert.name,
      description: [section?.summary ?? '', ...facts].join('\n'),
      stories: stories.join('\n'),
      resolution: alert.resolution === null ? '' : `${alert.resolution.by}: ${alert.resolution.note}`,
    }),
    startsAt: alert.started_at,
    endsAt: isoTime(ended ? now : now + 4 * resend_secs * 1000),
    ...(link === null ? {} : { generatorURL: link }),
  };
}

/** Without empty values, which Alertmanager takes for absent ones. */
function named(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

export const alertmanager = defineComponent({
  name: 'alertmanager',
  summary: 'Sends alerts to Prometheus Alertmanager (API v2) and keeps them alive there.',
  settings,
  create(values, context): Notifier {
    const { urls, token, resend_secs, timeout_ms: timeoutMs } = values;
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return {
      refreshMs: resend_secs * 1000,
      async send(notification) {
        const body = JSON.stringify(postableAlerts(notification, values, context.clock.now()));
        const tries = await Promise.allSettled(
          urls.map((url) =>
            post({ url: `${url.replace(/\/+$/, '')}/api/v2/alerts`, headers, body, timeoutMs }, context),
          ),
        );
        const failed = tries.filter((one) => one.status === 'rejected').map((one) => toTidewatchError(one.reason));
        const [first] = failed;
        if (first === undefined) return;
        if (failed.length === urls.length) throw failed.find(({ retryable }) => retryable) ?? first;
        context.log.warn(`${first.message}; another member of the cluster took it`);
      },
    };
  },
});
