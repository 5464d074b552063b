import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { messagesOf } from '../../alerting/message.ts';
import { dingtalk, dingtalkMessage } from '../../alerting/notifiers/dingtalk.ts';
import { feishu, feishuCard, feishuSign } from '../../alerting/notifiers/feishu.ts';
import { wecom, wecomMessage } from '../../alerting/notifiers/wecom.ts';
import type { TidewatchError } from '../../core/errors.ts';
import {
  PATIENT_MS,
  describeHttpNotifier,
  startReceiver,
  type NotifierUnderTest,
  type Receiver,
} from '../contracts/notifier.ts';
import { alertOf, contextFor, documentOf, notificationWith } from './alerts.ts';

const SECRET = 'SECthis-is-a-secret';

async function make(
  component: typeof dingtalk | typeof feishu | typeof wecom,
  url: string,
  timeout_ms = PATIENT_MS,
): Promise<NotifierUnderTest> {
  const context = contextFor(component.name);
  const settings = { webhook_url: url, timeout_ms, ...(component === wecom ? {} : { secret: SECRET }) };
  const notifier = await (component as typeof dingtalk).create(component.settings.parse(settings) as never, context);
  return { notifier, close: context.close };
}

describeHttpNotifier(
  'dingtalk',
  notificationWith(),
  (url, ms) => make(dingtalk, url, ms),
  '{"errcode":0,"errmsg":"ok"}',
);
describeHttpNotifier('wecom', notificationWith(), (url, ms) => make(wecom, url, ms), '{"errcode":0,"errmsg":"ok"}');
describeHttpNotifier(
  'feishu',
  notificationWith(),
  (url, ms) => make(feishu, url, ms),
  '{"code":0,"msg":"success","data":{}}',
);

const nasty = 'a <at id=all></at> @all [x](https://evil.example) **b** # c `d` <font color="warning">e</font> <@U1>';
const nastyAlert = alertOf({
  name: nasty,
  summary: { en: nasty, zh: `${nasty}：${nasty}` },
  documents: [
    documentOf({ title: nasty, source: nasty, url: 'https://example.com/a)b(c' }),
    documentOf({ url: 'javascript:alert(1)' }),
  ],
});
const longAlert = alertOf({
  name: '很长的名字'.repeat(100),
  documents: Array.from({ length: 10 }, () => documentOf({ title: '很长的标题'.repeat(400) })),
  summary: { en: 'long '.repeat(2000), zh: '很长'.repeat(3000) },
});

describe('the robots of Chinese teams', () => {
  let receiver: Receiver | undefined;
  let under: NotifierUnderTest | undefined;
  afterEach(async () => {
    await under?.close();
    await receiver?.close();
  });

  async function failureOf(
    component: typeof dingtalk | typeof feishu | typeof wecom,
    body: string,
  ): Promise<TidewatchError> {
    receiver = await startReceiver();
    receiver.answer = { status: 200, body };
    under = await make(component, `${receiver.url}?access_token=topsecret`);
    return under.notifier.send(notificationWith()).then(
      () => {
        throw new Error('It did not fail.');
      },
      (error: unknown) => error as TidewatchError,
    );
  }

  it('sign as DingTalk asks: timestamp in milliseconds and HMAC-SHA256 in the address', async () => {
    receiver = await startReceiver();
    receiver.answer = { status: 200, body: '{"errcode":0}' };
    under = await make(dingtalk, `${receiver.url}?access_token=t`);
    await under.notifier.send(notificationWith());
    const { searchParams } = new URL(receiver.requests[0]?.path ?? '', 'http://x');
    const timestamp = searchParams.get('timestamp') ?? '';
    expect(Math.abs(Number(timestamp) - Date.now())).toBeLessThan(60_000);
    expect(searchParams.get('access_token')).toBe('t');
    expect(searchParams.get('sign')).toBe(
      createHmac('sha256', SECRET).update(`${timestamp}\n${SECRET}`).digest('base64'),
    );
  });

  it('sign as Feishu asks: timestamp in seconds as key, in the body', async () => {
    receiver = await startReceiver();
    receiver.answer = { status: 200, body: '{"code":0}' };
    under = await make(feishu, receiver.url);
    await under.notifier.send(notificationWith());
    const body = JSON.parse(receiver.requests[0]?.body ?? '') as { timestamp: string; sign: string; msg_type: string };
    expect(Math.abs(Number(body.timestamp) - Date.now() / 1000)).toBeLessThan(60);
    expect(body.sign).toBe(feishuSign(SECRET, Number(body.timestamp)));
    expect(body.msg_type).toBe('interactive');
    // Worked out by openssl: printf '' | openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary | base64
    expect(feishuSign('demo', 1599360473)).toBe('l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=');
  });

  it('know a refusal in an answer of 200, and what being too fast means', async () => {
    const wrong = await failureOf(dingtalk, '{"errcode":310000,"errmsg":"sign not match"}');
    expect([wrong.code, wrong.retryable]).toEqual(['notify.rejected', false]);
    expect(`${wrong.message} ${wrong.hint}`).not.toMatch(/topsecret|SECthis/);
    const fast = await failureOf(dingtalk, '{"errcode":130101,"errmsg":"send too fast"}');
    expect([fast.code, fast.retryAfterMs]).toEqual(['notify.unavailable', 600_000]);
    expect((await failureOf(wecom, '{"errcode":45009,"errmsg":"api freq out of limit"}')).retryAfterMs).toBe(60_000);
    expect((await failureOf(wecom, '{"errcode":93000,"errmsg":"invalid webhook url"}')).retryable).toBe(false);
    expect((await failureOf(feishu, '{"code":19021,"msg":"sign match fail"}')).retryable).toBe(false);
    expect((await failureOf(feishu, '{"code":11232,"msg":"frequency limited"}')).retryAfterMs).toBe(60_000);
    expect((await failureOf(wecom, '<html>proxy</html>')).retryable).toBe(true);
  });

  it('say how fast they may be told', async () => {
    const paces = await Promise.all(
      [dingtalk, wecom, feishu].map(async (component) => {
        const made = await make(component, 'http://127.0.0.1:1/');
        await made.close();
        return made.notifier.pace;
      }),
    );
    expect(paces).toEqual([
      { messages: 20, perMs: 60_000 },
      { messages: 20, perMs: 60_000 },
      { messages: 5, perMs: 3000 },
    ]);
  });

  it('stay within the limits of each platform however long the data is', () => {
    for (const language of ['zh', 'en', 'both'] as const) {
      const messages = messagesOf(notificationWith([longAlert, longAlert, longAlert]), language);
      const { markdown } = wecomMessage(messages) as { markdown: { content: string } };
      expect(Buffer.byteLength(markdown.content)).toBeLessThanOrEqual(4096);
      expect(markdown.content.isWellFormed()).toBe(true);
      if (language === 'both') expect(markdown.content).toMatch(/warning[^]*预警/);
      const ding = dingtalkMessage(messages) as { markdown: { text: string; title: string } };
      expect(Buffer.byteLength(ding.markdown.text)).toBeLessThanOrEqual(18_000);
      expect(Buffer.byteLength(JSON.stringify(feishuCard(messages)))).toBeLessThanOrEqual(20_000);
    }
  });

  it('tell both languages of ten alerts, each with what leads and its link to the page', () => {
    const alerts = Array.from({ length: 10 }, (_, index) =>
      alertOf({ alert_id: `alert ${index}`, documents: Array.from({ length: 10 }, () => documentOf()) }),
    );
    for (const length of [10, 120]) {
      const told = alerts.map((one) => ({
        ...one,
        documents: one.documents.map((document) => ({ ...document, title: '很长的标题'.repeat(length / 5) })),
      }));
      const messages = messagesOf(notificationWith(told), 'both');
      const { elements } = feishuCard(messages) as { elements: { tag: string }[] };
      expect(elements.length).toBeLessThanOrEqual(40);
      expect(elements.filter(({ tag }) => tag === 'action')).toHaveLength(2);
      const { text } = (dingtalkMessage(messages) as { markdown: { text: string } }).markdown;
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(18_000);
      const { content } = (wecomMessage(messages) as { markdown: { content: string } }).markdown;
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
      for (const whole of [JSON.stringify(elements), text, content]) {
        expect(whole).toContain('18 negative stories in 8 h');
        expect(whole).toContain('8小时内18条负面报道');
      }
      for (const whole of [text, content]) {
        expect(whole.split('](https://tide.example/?alert=1)')).toHaveLength(3);
      }
    }
  });

  it('call nobody and break out of nothing, whatever the data says', () => {
    const messages = messagesOf(notificationWith([nastyAlert]), 'both');
    const ding = (dingtalkMessage(messages) as { markdown: { text: string } }).markdown.text;
    const work = (wecomMessage(messages) as { markdown: { content: string } }).markdown.content;
    for (const text of [ding, work]) {
      expect(text).not.toMatch(/<(at|font|@)/);
      expect(text).not.toMatch(/@/);
      for (const [, target] of text.matchAll(/\]\(([^)]*)\)/g)) {
        expect(target).toMatch(/^https:\/\/(example\.com\/a%29b%28c|example\.com\/|tide\.example\/)/);
      }
    }
    const card = JSON.stringify(feishuCard(messages));
    expect(card).not.toContain('javascript:');
    const contents = (feishuCard(messages) as { elements: { tag: string; content?: string }[] }).elements
      .filter(({ tag }) => tag === 'markdown')
      .map(({ content }) => content ?? '');
    for (const content of contents) {
      expect(content).not.toMatch(/<at|<font/);
      expect(content).not.toContain('](https://evil.example)');
    }
  });

  it('say it in the language that is asked for', () => {
    const zh = JSON.stringify(dingtalkMessage(messagesOf(notificationWith(), 'zh')));
    expect(zh).toContain('诺维银行');
    expect(zh).toContain('负面占比');
    expect(zh).not.toContain('Negative share');
    const en = JSON.stringify(wecomMessage(messagesOf(notificationWith(), 'en')));
    expect(en).toContain('Negative share');
    expect(en).toContain('withdrawals');
    expect(en).toContain('▁▂▁▂▂█');
  });
});
