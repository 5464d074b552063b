import { describe, expect, it } from 'vitest';
import { messagesOf } from '../../alerting/message.ts';
import { chinese } from '../../alerting/templates/zh.ts';
import { english } from '../../alerting/templates/en.ts';
import { mailHtml, mailText } from '../../alerting/mail_text.ts';
import { slackMessage } from '../../alerting/notifiers/slack.ts';
import { sourceAlert } from '../../alerting/source_alerts.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import { alertOf, evidenceOf, notificationWith } from './alerts.ts';
import { HOUR, START } from './opinions.ts';

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

describe('how long an alert lasted', () => {
  it.each([
    [10_000, '1 min', '1分钟'],
    [20 * 60_000, '20 min', '20分钟'],
    [1.5 * HOUR, '90 min', '90分钟'],
    [3 * HOUR, '3 h', '3小时'],
    [48 * HOUR, '2 days', '2天'],
    [60 * HOUR, '2.5 days', '2.5天'],
  ])('is said in the unit that tells most of it: %i ms', (lasted, en, zh) => {
    const ended = alertOf({ state: 'resolved', started_at: isoTime(START), at: isoTime(START + lasted) });
    expect([valueOf(english.facts(ended), 'Lasted'), valueOf(chinese.facts(ended), '持续')]).toEqual([en, zh]);
  });
});

describe('what a chart is called', () => {
  it.each([
    ['negative', 'Negative stories against what was expected', '负面报道数与预期'],
    ['share', 'Negative stories against what was expected', '负面报道数与预期'],
    ['stories', 'All stories against what was expected', '全部报道数与预期'],
  ] as const)('is what it counts, where that is %s', (measure, en, zh) => {
    const messages = messagesOf(notificationWith([alertOf({ measure })]), 'both');
    for (const text of [mailText(messages), JSON.stringify(slackMessage(messages))]) {
      expect(text).toContain(en);
      expect(text).toContain(zh);
    }
    expect(mailHtml(messages, 'cid:chart')).toContain(`alt="${en}"`);
    expect(JSON.stringify(slackMessage(messages, 'F1'))).toContain(`"alt_text":"${en}"`);
  });
});

describe('further alerts of a message', () => {
  const said = (alerts: readonly Alert[], labels: Record<string, string>): unknown[] =>
    messagesOf(notificationWith(alerts, { group: { key: 'group', labels } }), 'both').map(({ title }) => title);
  const two = [alertOf(), alertOf({ alert_id: 'b' })];

  it('are of the same incident only where the message is one of an incident', () => {
    expect(said(two, { incident: 'i' })).toEqual([
      '▲ warning: Norvale Bank · and 1 more of the same incident',
      '▲ 预警：诺维银行 · 同一事件另有1条预警',
    ]);
    for (const labels of [{}, { incident: '' }, { topic: 'Markets' }]) {
      expect(said(two, labels)).toEqual([
        '▲ warning: Norvale Bank · and 1 more of this group',
        '▲ 预警：诺维银行 · 本组另有1条预警',
      ]);
    }
  });

  it('are no incident where they are sources that are down, which are called by their names', () => {
    const down = ['wire', 'tape'].map((name) =>
      sourceAlert({ at: isoTime(START), name, type: 'rss', status: 'dead', reason: 'HTTP 410', usual_per_hour: 3 }),
    );
    expect(
      said(
        down.filter((one) => one !== null),
        { incident: 'sources' },
      ),
    ).toEqual([
      expect.stringMatching(/^▲ critical: (wire|tape) · and 1 more of this group$/),
      expect.stringMatching(/^▲ 严重：(wire|tape) · 本组另有1条预警$/),
    ]);
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
