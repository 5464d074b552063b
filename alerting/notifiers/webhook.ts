/**
 * The alert as JSON, POSTed to one address and signed by the Standard Webhooks specification, so that a receiver can
 * verify it with that project's libraries. The body is the Alert that leads, with `notification` beside its fields: the
 * group, what is news, and the other alerts. `webhook-id` is the notification's id: a receiver that remembers ids gets
 * each once, although delivery is at-least-once. While a secret is changed, `also_sign_with` adds signatures by the old
 * one; a receiver accepts any. Spec: https://www.standardwebhooks.com (v1, symmetric signatures, "Rotation").
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import { chartPng } from '../chart_png.ts';
import { leadOf, type Notification } from '../notification.ts';
import type { Notifier } from '../notifier.ts';

const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'a Standard Webhooks secret: "whsec_" and base64')
  .refine((value) => {
    const { length } = Buffer.from(value.slice('whsec_'.length), 'base64');
    return length >= 24 && length <= 64;
  }, 'the base64 after "whsec_" must hold 24 to 64 bytes');

const settings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address that takes the POST.'),
  secret: secret.describe(
    'Signing secret, whsec_ and the base64 of 24 to 64 random bytes; better as secret_file or ${ENV}.',
  ),
  also_sign_with: z
    .array(secret)
    .max(4)
    .default([])
    .describe('Further secrets to sign with, while receivers change from one to the next.'),
  chart: z.boolean().default(true).describe('Put the chart into the body as base64 of a PNG (notification.chart_png).'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

/** The body for one message. */
export function webhookBody(notification: Notification, withChart: boolean): object {
  const { id, kind, group, items, past, alerts } = notification;
  const lead = leadOf(notification);
  const picture = withChart && lead.state !== 'resolved' ? chartPng(lead) : null;
  const chart_png = picture?.toString('base64') ?? null;
  return {
    ...lead,
    notification: { id, kind, group, items, ...(past && { past }), others: alerts.slice(1), chart_png },
  };
}

export const webhook = defineComponent({
  name: 'webhook',
  summary: 'POSTs the alert as JSON, signed by the Standard Webhooks specification.',
  settings,
  create({ url, secret: first, also_sign_with, chart, timeout_ms: timeoutMs }, context): Notifier {
    const signers = [first, ...also_sign_with].map((one) => new Webhook(one));
    return {
      async send(notification) {
        const { id } = notification;
        const sentAt = new Date(context.clock.now());
        const body = JSON.stringify(webhookBody(notification, chart));
        const headers = {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
          'webhook-signature': signers.map((signer) => signer.sign(id, sentAt, body)).join(' '),
        };
        await post({ url, headers, body, timeoutMs }, context);
      },
    };
  },
});
