import { describe, expect, it } from 'vitest';
import { gather, type Background } from '../../alerting/background.ts';
import { alertChart } from '../../alerting/chart.ts';
import { evidenceOf } from '../../alerting/evidence.ts';
import { observe } from '../../alerting/observation.ts';
import { tellingWords, wordsOf } from '../../core/telling_words.ts';
import type { Judgement } from '../../alerting/detector.ts';
import { evidenceSchema } from '../../core/event.ts';
import { baselineWith, windowOver } from './made.ts';
import { HOUR, START, opinionOf } from './opinions.ts';

describe('telling words', () => {
  const usual = [
    ...Array.from({ length: 60 }, (_, index) => `Shares of company ${index} rise on earnings and outlook`),
    ...Array.from({ length: 20 }, () => 'Bank raises rates for customers'),
  ];

  it('are those over-represented against the usual, not the frequent ones nor the name', () => {
    const texts = Array.from(
      { length: 12 },
      () => 'Norvale Bank halts withdrawals, customers queue; shares fall on halts',
    );
    const found = tellingWords(texts, usual, 'en', ['Norvale Bank', '诺维银行']).map(({ word }) => word);
    expect(found).toContain('withdrawals');
    expect(found).toContain('halts');
    for (const word of ['norvale', 'bank', 'on', 'earnings']) expect(found).not.toContain(word);
    expect(found).not.toContain('shares');
  });

  it('are none where one word is all that is ever written: it has no odds', () => {
    expect(tellingWords(['Headline 1', 'Headline 2'], ['Headline 3', 'Headline 4'], 'en', [])).toEqual([]);
  });

  it('does not let one mention of a rare word win', () => {
    expect(tellingWords(['Zyzzyva'], usual, 'en', [])).toEqual([]);
  });

  it('cuts Chinese into words and leaves out its stop words', () => {
    expect([...wordsOf('银行已经暂停提现，客户的排队', 'zh')]).toEqual(
      expect.arrayContaining(['银行', '暂停', '客户']),
    );
    expect(wordsOf('银行已经暂停提现，客户的排队', 'zh').has('的')).toBe(false);
    const ordinary = Array.from({ length: 40 }, () => '公司业绩增长，股价上涨');
    const found = tellingWords(
      Array.from({ length: 8 }, () => '银行暂停提现，客户排队'),
      ordinary,
      'zh',
      [],
    );
    expect(found.map(({ word }) => word)).toContain('暂停');
  });
});

describe('the sample of usual titles', () => {
  it('is the same whatever came first, and forgets', () => {
    const all = Array.from({ length: 3000 }, (_, index) =>
      observe(opinionOf({ id: `doc ${index}`, time: START + index, title: `Title ${index}` })),
    );
    const [one, other]: [Background, Background] = [new Map(), new Map()];
    gather(one, all, 0);
    for (const observation of [...all].reverse()) gather(other, [observation], 0);
    expect(one.get('en')).toHaveLength(1000);
    expect(one.get('en')).toEqual(other.get('en'));
    const late = observe(opinionOf({ id: 'doc 1', time: START + 10 * HOUR }));
    gather(one, [late], START + HOUR);
    expect((one.get('en') ?? []).every(({ time }) => time >= START + HOUR)).toBe(true);
  });
});

describe('the evidence of an alert', () => {
  const window = windowOver(
    Array.from({ length: 10 }, (_, index) => ({
      id: `d${index}`,
      negative: 0.9,
      author: index < 5 ? 'loud' : `a${index}`,
      source: index < 7 ? 'forum' : 'wire',
    })),
  );
  const block = (index: number) => ({
    start: START - (42 - index) * 8 * HOUR,
    negative: 1,
    stories: 5,
    expected: 1.5,
    lift: 0,
    expectedStories: 5,
  });
  const baseline = baselineWith({ blocks: Array.from({ length: 42 }, (_, index) => block(index)) });
  const judgement = { measure: 'negative', stories: window.driving } as unknown as Judgement;
  const evidence = evidenceOf(window, baseline, judgement, new Map(), { en: 'Acme', zh: '艾克米' });

  it('says how few voices it is, from where, and how sure the labels are', () => {
    expect(evidenceSchema.parse(evidence)).toEqual(evidence);
    expect(evidence.authors.top[0]).toEqual({ author: 'loud', share: 0.5 });
    expect(evidence.authors.hhi).toBeCloseTo(0.25 + 5 * 0.01, 9);
    expect(evidence.authors.top_share).toBeCloseTo(0.7, 9);
    expect(evidence.sources).toEqual([
      { source: 'forum', stories: 7 },
      { source: 'wire', stories: 3 },
    ]);
    expect(evidence.topics).toEqual([{ topic: 'Markets', stories: 10 }]);
    expect(evidence.certainty.low_confidence_share).toBe(0);
    expect(evidence.certainty.mean_negative).toBeCloseTo(0.9, 9);
  });

  it('draws the past with its band and marks the judged window', () => {
    expect(evidence.chart).toHaveLength(43);
    const svg = alertChart({ evidence, measure: 'negative', name: 'A & <b>' }) ?? '';
    expect(svg.match(/<rect /g)).toHaveLength(44);
    expect(svg).toContain('A &#38; &#60;b&#62;: negative stories');
    expect(svg.match(/fill="#c83030"/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
    expect(alertChart({ evidence: null, measure: 'negative', name: 'x' })).toBeNull();
  });
});
