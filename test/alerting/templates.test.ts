import { describe, expect, it } from 'vitest';
import { messagesOf } from '../../alerting/message.ts';
import { chinese } from '../../alerting/templates/zh.ts';
import { english } from '../../alerting/templates/en.ts';
import { alertOf, evidenceOf, notificationWith } from './alerts.ts';

const alert = alertOf({
  evidence: {
    ...evidenceOf(),
    topics: [
      { topic: 'Legal | Regulation', stories: 3 },
      { topic: 'Own topic', stories: 1 },
    ],
    events: [{ event: '财务造假', stories: 2 }],
  },
});
const valueOf = (facts: readonly { label: string; value: string }[], label: string): string | undefined =>
  facts.find((fact) => fact.label === label)?.value;

describe('the facts of a notification', () => {
  it('name topics and kinds of event in its own language, and one of a model of your own as it is', () => {
    expect(valueOf(english.facts(alert), 'Topics')).toBe('Legal | Regulation (3), Own topic (1)');
    expect(valueOf(english.facts(alert), 'Events')).toBe('accounting fraud (2)');
    expect(valueOf(chinese.facts(alert), '主题')).toBe('法律与监管（3）、Own topic（1）');
    expect(valueOf(chinese.facts(alert), '事件')).toBe('财务造假（2）');
  });
});

describe('a message about what was over before it could be told', () => {
  const ended = alertOf({ state: 'resolved', severity: 'critical', at: '2026-03-02T10:00:00.000Z' });

  it.each([
    ['en', '✓ Resolved: Norvale Bank · was critical; fired and ended before it could be told', ['Lasted', 'Since']],
    ['zh', '✓ 已恢复：诺维银行 · 曾为严重，未及通知便已触发并恢复', ['持续', '开始于']],
  ] as const)('says so in %s, with what stood behind it', (language, title, labels) => {
    const [message] = messagesOf(notificationWith([ended], { past: [ended.alert_id] }), language);
    const section = message?.sections[0];
    expect([message?.title, section?.headline]).toEqual([title, title]);
    expect(section?.facts.map(({ label }) => label)).toEqual(expect.arrayContaining([...labels]));
    expect(section?.stories).toHaveLength(1);
    const [usual] = messagesOf(notificationWith([ended]), language);
    expect(usual?.title).toBe(title.slice(0, title.indexOf(' · ')));
    expect(usual?.sections[0]).toMatchObject({ stories: [], sparkline: '' });
  });
});
