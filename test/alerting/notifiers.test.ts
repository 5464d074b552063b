import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { consoleLines } from '../../alerting/notifiers/console.ts';
import { slack, slackMessage } from '../../alerting/notifiers/slack.ts';
import { webhook } from '../../alerting/notifiers/webhook.ts';
import { alertSchema, type Alert } from '../../core/event.ts';
import {
  PATIENT_MS,
  describeHttpNotifier,
  startReceiver,
  type NotifierUnderTest,
  type Receiver,
} from '../contracts/notifier.ts';
import { messagesOf } from '../../alerting/message.ts';
import { alertOf, contextFor, documentOf, notificationWith } from './alerts.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function webhookTo(url: string, timeout_ms = PATIENT_MS): Promise<NotifierUnderTest> {
  const context = contextFor('hook');
  const settings = webhook.settings.parse({ url, secret: SECRET, timeout_ms });
  return { notifier: await webhook.create(settings, context), close: context.close };
}

async function slackTo(url: string, timeout_ms = PATIENT_MS): Promise<NotifierUnderTest> {
  const context = contextFor('slack');
  const settings = slack.settings.parse({ webhook_url: url, timeout_ms });
  return { notifier: await slack.create(settings, context), close: context.close };
}

describeHttpNotifier('webhook', notificationWith(), webhookTo);
describeHttpNotifier('slack', notificationWith(), slackTo);

describe('webhook', () => {
  let receiver: Receiver | undefined;
  let under: NotifierUnderTest | undefined;
  afterEach(async () => {
    await under?.close();
    await receiver?.close();
  });

  it('is verified by the Standard Webhooks library, and carries the alert as it is', async () => {
    receiver = await startReceiver();
    under = await webhookTo(receiver.url);
    await under.notifier.send(notificationWith());
    const request = receiver.requests[0];
    const body = new Webhook(SECRET).verify(request?.body ?? '', request?.headers as Record<string, string>);
    expect(alertSchema.parse(body)).toEqual(alertOf());
    expect(request?.headers['webhook-id']).toBe(`${alertOf().alert_id}:2`);
  });

  it('fails verification under another secret or with a changed body', async () => {
    receiver = await startReceiver();
    under = await webhookTo(receiver.url);
    await under.notifier.send(notificationWith());
    const request = receiver.requests[0];
    const headers = request?.headers as Record<string, string>;
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(() => new Webhook(other).verify(request?.body ?? '', headers)).toThrow();
    expect(() => new Webhook(SECRET).verify(`${request?.body} `, headers)).toThrow();
  });

  it('signs by every secret while they are changed, so that receivers with the old or the new one take it', async () => {
    receiver = await startReceiver();
    const old = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const context = contextFor('hook');
    const settings = webhook.settings.parse({ url: receiver.url, secret: SECRET, also_sign_with: [old] });
    under = { notifier: await webhook.create(settings, context), close: context.close };
    await under.notifier.send(notificationWith());
    const request = receiver.requests[0];
    const headers = request?.headers as Record<string, string>;
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [SECRET, old]) {
      expect(() => new Webhook(secret).verify(request?.body ?? '', headers)).not.toThrow();
    }
  });

  it('says beside the alert which group it is of, what is news, and what else fires', async () => {
    receiver = await startReceiver();
    under = await webhookTo(receiver.url);
    const second = alertOf({ alert_id: 'b', score: 1 });
    await under.notifier.send(notificationWith([alertOf(), second]));
    const body = JSON.parse(receiver.requests[0]?.body ?? '') as { notification: object };
    expect(body.notification).toMatchObject({
      kind: 'news',
      items: [`${alertOf().alert_id}:2`, 'b:2'],
      others: [{ alert_id: 'b' }],
    });
    const { chart_png } = body.notification as { chart_png: string };
    expect(Buffer.from(chart_png, 'base64').subarray(1, 4).toString()).toBe('PNG');
  });

  it('keeps its id over repeated tries', async () => {
    receiver = await startReceiver();
    under = await webhookTo(receiver.url);
    await under.notifier.send(notificationWith());
    await under.notifier.send(notificationWith());
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(ids[0]).toBe(ids[1]);
  });
});

interface Block {
  type: string;
  text?: { type: string; text: string };
  fields?: { type: string; text: string }[];
  elements?: { text: string }[];
}

function blocksOf(alert: Alert): Block[] {
  return slackMessage(messagesOf(notificationWith([alert]), 'both')).blocks as Block[];
}

describe('slack', () => {
  it('says what, how much, and on what evidence', () => {
    const text = JSON.stringify(slackMessage(messagesOf(notificationWith(), 'both')));
    expect(text).toContain('▲ warning: Norvale Bank');
    expect(text).toContain('18 negative stories in 8 h');
    expect(text).toContain('8小时内18条负面报道');
    expect(text).toContain('<https://example.com/a?b=1&amp;c=2|Norvale halts withdrawals>');
    expect(text).toContain('+3 copies');
  });

  it('stays within every limit of Block Kit however long the data is', () => {
    const long = '很长的标题 & <b>'.repeat(2000);
    const documents = Array.from({ length: 10 }, () =>
      documentOf({ title: long, source: long, url: `https://example.com/${'x'.repeat(1900)}` }),
    );
    const alert = alertOf({ name: long, summary: { en: long, zh: long }, model: long, documents });
    const blocks = blocksOf(alert);
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks) {
      if (block.type === 'header') expect(block.text?.text.length).toBeLessThanOrEqual(150);
      if (block.type === 'section') expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2000);
      for (const element of block.elements ?? []) expect(element.text.length).toBeLessThanOrEqual(2000);
    }
    const everything = JSON.stringify(blocks);
    expect(everything.isWellFormed()).toBe(true);
    expect(everything).not.toMatch(/&[a-z]{0,3}…/);
  });

  it.each([null, 'F0CHART'])(
    'tells both languages of ten alerts, each with what leads and its link (chart: %s)',
    (chart) => {
      const documents = Array.from({ length: 10 }, () => documentOf());
      const alerts = Array.from({ length: 10 }, (_, index) => alertOf({ alert_id: `alert ${index}`, documents }));
      const { blocks } = slackMessage(messagesOf(notificationWith(alerts), 'both'), chart);
      expect(blocks.length).toBeLessThanOrEqual(50);
      const text = JSON.stringify(blocks);
      expect(text).toContain('18 negative stories in 8 h');
      expect(text).toContain('8小时内18条负面报道');
      expect(text.split('<https://tide.example/?alert=1|')).toHaveLength(3);
      expect((blocks.at(-1) as Block).type).toBe('context');
    },
  );

  it('calls nobody and breaks out of nothing, whatever the data says', () => {
    const nasty = 'a <!channel> <@U123> & <https://evil.example|click> |> done\n*bold*';
    const alert = alertOf({
      name: nasty,
      summary: { en: nasty, zh: nasty },
      documents: [
        documentOf({ title: nasty, source: nasty, url: 'https://example.com/a|b>c<d' }),
        documentOf({ url: 'javascript:alert(1)' }),
        documentOf({ url: 'not an address' }),
      ],
    });
    const message = slackMessage(messagesOf(notificationWith([alert]), 'both'));
    const marked = (message.blocks as Block[])
      .flatMap((block) => [block.text, ...(block.fields ?? []), ...(block.elements ?? [])])
      .filter((text) => text !== undefined && (!('type' in text) || text.type === 'mrkdwn'))
      .map((text) => text?.text ?? '');
    for (const text of [...marked, message.text]) {
      for (const [angle] of text.matchAll(/<[^>]*>/g)) expect(angle).toMatch(/^<https:\/\/(tide\.)?example(\.com)?\//);
      expect(text).not.toContain('<!');
      expect(text).not.toContain('<@');
    }
    expect(JSON.stringify(message)).not.toContain('javascript:');
  });

  it('is short about the end of an alert', () => {
    const blocks = blocksOf(alertOf({ state: 'resolved' }));
    expect(blocks.map(({ type }) => type)).not.toContain('image');
    expect(JSON.stringify(blocks)).not.toContain('Norvale halts withdrawals');
    expect(blocks[0]?.text?.text).toBe('✓ Resolved: Norvale Bank');
  });
});

describe('console', () => {
  it('writes plain lines in both languages with the evidence', () => {
    expect(consoleLines(notificationWith(), { language: 'both', documents: 3 })).toEqual([
      `2026-03-02T00:00:00.000Z FIRING warning Norvale Bank [${alertOf().alert_id}]`,
      '  Norvale Bank: 18 negative stories in 8 h where 2.1 were expected (95% interval 0 to 6)',
      '  诺维银行：8小时内18条负面报道，预期2.1条（95%区间0至6条）',
      '  - Norvale halts withdrawals (+3 copies) (ledger-post, https://example.com/a?b=1&c=2)',
      '  https://tide.example/?alert=1',
    ]);
  });

  it('leaves out the other language, and evidence that is not asked for', () => {
    expect(consoleLines(notificationWith(), { language: 'en', documents: 0 })).toHaveLength(3);
  });

  it('says of what is told only when it is over since when it was, and why', () => {
    const ended = alertOf({ state: 'resolved', at: '2026-03-02T10:00:00.000Z' });
    const past = notificationWith([ended], { past: [ended.alert_id] });
    const [head, ...rest] = consoleLines(past, { language: 'zh', documents: 1 });
    expect(head).toContain('10:00:00.000Z RESOLVED (since 2026-03-02T00:00:00.000Z, not told before) warning');
    expect(rest.join()).toContain('Norvale halts withdrawals');
    expect(consoleLines(notificationWith([ended]), { language: 'zh', documents: 1 })).toHaveLength(2);
  });

  it('passes no control characters on to a terminal', () => {
    const alert = alertOf({ documents: [documentOf({ title: 'red \u001b[31m\u0007 line\nbreak \u202e' })] });
    for (const line of consoleLines(notificationWith([alert]), { language: 'zh', documents: 1 }))
      expect(line).not.toMatch(/\p{Cc}|\u202e/u);
  });
});
