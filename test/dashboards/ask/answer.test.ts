/** What the plain sentences claim, against the figures that they are made of. */
import { describe, expect, it } from 'vitest';
import { isoTime } from '../../../core/event.ts';
import { answerPlainly } from '../../../dashboards/ask/answer.ts';
import type { Gathered, Tally } from '../../../dashboards/ask/evidence.ts';

const DAY = 86_400_000;
const from = Date.parse('2026-03-05T00:00:00.000Z');
const tally = (negative: number, documents: number): Tally => ({ documents, negative, positive: 0 });

/** A week, or as many steps as `parts` has, of which each has so many negative documents. */
function gathered(parts: readonly number[], changed: Partial<Gathered> = {}, step = DAY): Gathered {
  const negative = parts.reduce((sum, part) => sum + part, 0);
  const span = { from, to: from + parts.length * step, step, anchor: 'given' } as const;
  return {
    question: {
      text: 'Why is Norvale Bank negative?',
      language: 'en',
      entities: ['norvale_bank'],
      topic: null,
      time: null,
      side: 'negative',
      aim: 'why',
    },
    span,
    name: { en: 'Norvale Bank', zh: '诺维银行' },
    timeline: {
      from: isoTime(span.from),
      to: isoTime(span.to),
      anchor: 'given',
      step_secs: step / 1000,
      buckets: parts.map((part, index) => ({
        at: isoTime(from + index * step),
        documents: part,
        negative: part,
        neutral: 0,
        positive: 0,
        probability_sums: { negative: part, neutral: 0, positive: 0 },
        usual: null,
      })),
      totals: { documents: negative, negative, neutral: 0, positive: 0 },
      previous: { documents: 0, negative_share: null },
    },
    now: tally(negative, negative * 2),
    before: tally(10, 100),
    stories: [],
    against: null,
    topics: [],
    events: [],
    alerts: [],
    found: [],
    ...changed,
  };
}
const said = (facts: Gathered, language: 'en' | 'zh' = 'en'): string =>
  answerPlainly(facts, language)
    .facts.map(({ text }) => text)
    .join('\n');

describe('the plain sentences', () => {
  it('call it no turn only where the share is said not to be up', () => {
    const parts = [4, 3, 3, 4, 3, 3, 3];
    const rose = said(gathered(parts, { now: tally(23, 100), before: tally(20, 100) }));
    expect(rose).toContain('up from 20%');
    expect(rose).not.toContain('no turn');
    for (const now of [tally(20, 100), tally(17, 100)])
      expect(said(gathered(parts, { now, before: tally(20, 100) }))).toContain('That is no turn');
    expect(said(gathered(parts, { before: tally(0, 0) }))).not.toContain('no turn');
  });

  it('say of the day with most how many of all came on it, not that most did', () => {
    const facts = gathered([2, 2, 5, 2, 2, 2, 2]);
    expect(said(facts)).toContain('The most on one day came on 7 Mar: 5 of the 17 negative documents.');
    expect(said(facts, 'zh')).toContain('最多的一天是3月7日：17篇负面文档中有5篇。');
    expect(said(gathered([2, 2, 2, 2, 2, 3, 2]))).not.toContain('The most');
  });

  it('tell a week as a week where a long span is counted by weeks', () => {
    const facts = gathered([3, 3, 12, 3, 3], {}, 7 * DAY);
    expect(said(facts)).toContain('The most in one week came in that from 19 Mar: 12 of the 24 negative documents.');
    expect(said(facts, 'zh')).toContain('最多的一周始于3月19日：24篇负面文档中有12篇。');
  });
});
