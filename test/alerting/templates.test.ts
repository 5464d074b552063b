import { describe, expect, it } from 'vitest';
import { chinese } from '../../alerting/templates/zh.ts';
import { english } from '../../alerting/templates/en.ts';
import { alertOf, evidenceOf } from './alerts.ts';

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
