/**
 * The Alert as JSON, POSTed to one address and signed by the Standard Webhooks specification, so that a receiver can
 * verify it with that project's libraries. `webhook-id` is alert_id:revision: a receiver that remembers ids gets each
 * change once, although delivery is at-least-once. Spec: https://www.standardwebhooks.com (v1, symmetric signatures).
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { defineComponent } from '../../core/component.ts';
import { post } from '../answer.ts';
import type { Notifier } from '../notifier.ts';

const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;

const settings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address that takes the POST.'),
  secret: z
    .string()
    .regex(SECRET, 'a Standard Webhooks secret: "whsec_" and base64')
    .refine((secret) => {
      const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64');
      return length >= 24 && length <= 64;
    }, 'the base64 after "whsec_" must hold 24 to 64 bytes')
    .describe('Signing secret, whsec_ and the base64 of 24 to 64 random bytes; better as secret_file or ${ENV}.'),
  timeout_ms: z.number().int().min(100).max(60_000).default(15_000).describe('Longest wait for an answer.'),
});

export const webhook = defineComponent({
  name: 'webhook',
  summary: 'POSTs the alert as JSON, signed by the Standard Webhooks specification.',
  settings,
  create({ url, secret, timeout_ms: timeoutMs }, context): Notifier {
    const signer = new Webhook(secret);
    return {
      async send(alert) {
        const id = `${alert.alert_id}:${alert.revision}`;
        const sentAt = new Date(context.clock.now());
        const body = JSON.stringify(alert);
        const headers = {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
          'webhook-signature': signer.sign(id, sentAt, body),
        };
        await post({ url, headers, body, timeoutMs }, context);
      },
    };
  },
});
